;; Puts case files to the real Datomic (in-memory peer) and tells where its answer is not the one that the case
;; expects, or not the one that its :datomic entry records. Format of cases: docs/reference/cases.md.
;; Arguments: case files. Last line: "N passed, N failed"; exit code 1 if any failed.
(ns judge
  (:require [clojure.edn :as edn]
            [clojure.java.io :as io]
            [clojure.string :as string]
            [clojure.walk :refer [postwalk]]
            [datomic.api :as datomic])
  (:import [java.io PushbackReader]
           [java.util Base64 Date UUID]))

;; --- reading -----------------------------------------------------------------------------------------------

(deftype Pending [kind value])

(defn dashed [text]
  (if (= 32 (count text))
    (string/join "-" (map #(apply subs text %) [[0 8] [8 12] [12 16] [16 20] [20 32]]))
    text))

(def tags
  {'tempid (partial ->Pending :tempid)
   'tx     (partial ->Pending :tx)
   'inst   (fn [x] (if (integer? x) (Date. (long x)) (clojure.instant/read-instant-date x)))
   'uuid   (fn [x] (UUID/fromString (dashed x)))
   'bytes  (fn [x] (.decode (Base64/getDecoder) ^String x))})

(defn read-cases [path]
  (with-open [in (PushbackReader. (io/reader path))]
    (let [options {:readers tags :default (fn [_ value] value) :eof nil}]
      (vec (take-while some? (repeatedly #(edn/read options in)))))))

;; --- making databases --------------------------------------------------------------------------------------

(defn settle
  "Puts entity ids in the place of #tempid and #tx."
  [history form]
  (postwalk
   (fn [x]
     (if-not (instance? Pending x)
       x
       (let [value (.-value ^Pending x)]
         (if (= :tx (.-kind ^Pending x))
           (nth (:transactions history) (dec value))
           (or (get-in history [:entities value])
               (throw (ex-info (str "tempid " value " was never resolved") {})))))))
   form))

(defn commit [history operations]
  (let [report @(datomic/transact (:connection history) operations)
        t      (datomic/basis-t (:db-after report))]
    (-> history
        (update :entities merge (:tempids report))
        (update :points conj t)
        (update :transactions conj (datomic/t->tx t)))))

(defn history-of
  "A fresh database with the schema and the transactions of a case (or of one of its :extra-dbs)."
  [{:keys [schema tx]}]
  (let [uri (str "datomic:mem://case-" (UUID/randomUUID))]
    (datomic/create-database uri)
    (let [connection (datomic/connect uri)]
      ;; At the dawn of time, so that the case may bring transactions with moments of their own.
      (when (seq schema)
        @(datomic/transact connection
                           (into [[:db/add "datomic.tx" :db/txInstant (Date. 1)]] schema)))
      (reduce (fn [history operations] (commit history (settle history (vec operations))))
              {:connection connection
               :start      (datomic/basis-t (datomic/db connection))
               :entities {}, :points [], :transactions []}
              tx))))

(defn moment [history n]
  (cond (not (integer? n)) n
        (zero? n)          (:start history)
        :else              (nth (:points history) (dec n))))

(defn database [history view]
  (let [present (datomic/db (:connection history))]
    (cond
      (= :history view) (datomic/history present)
      (map? view)       (cond-> present
                          (:since view)   (datomic/since (moment history (:since view)))
                          (:as-of view)   (datomic/as-of (moment history (:as-of view)))
                          (:history view) datomic/history)
      :else             present)))

;; --- asking ------------------------------------------------------------------------------------------------

(defn declared-inputs [query]
  (or (if (map? query)
        (:in query)
        (->> query (drop-while #(not= :in %)) rest (take-while #(not (keyword? %))) seq))
      '[$]))

(defn source? [input]
  (and (symbol? input) (= \$ (first (name input)))))

(defn extra-databases [history extras names]
  (if (map? extras)
    (into {} (map (fn [[source made]] [source (database (history-of made) (:view made))])) extras)
    (zipmap names (map (partial database history) extras))))

(defn ask [{:keys [view query args pull extra-dbs] :as made} history]
  (let [db (database history view)]
    (if pull
      (datomic/pull db (:pattern pull) (settle history (:eid pull)))
      (let [query   (settle history query)
            inputs  (declared-inputs query)
            sources (assoc (extra-databases history extra-dbs (remove #{'$} (filter source? inputs))) '$ db)
            values  (atom (settle history (vec args)))
            next!   (fn [] (let [value (first @values)] (swap! values (comp vec rest)) value))
            given   (mapv (fn [input] (if (contains? sources input) (get sources input) (next!))) inputs)]
        (apply datomic/q query (into given @values))))))

;; --- comparing ---------------------------------------------------------------------------------------------

(defn canonical
  "Java's collections and numbers as Clojure's, so that equal answers are equal values."
  [x]
  (cond
    (instance? Pending x)        x
    (instance? java.util.Map x)  (into {} (map (fn [[k v]] [(canonical k) (canonical v)])) x)
    (instance? java.util.Set x)  (into #{} (map canonical) x)
    (instance? java.util.List x) (mapv canonical x)
    (instance? Float x)          (canonical (double x))
    (and (instance? Double x) (.isNaN ^Double x)) :NaN
    (instance? Integer x)        (long x)
    ;; 1.50M and 1.5M are one value.
    (instance? BigDecimal x)     (.stripTrailingZeros ^BigDecimal x)
    :else                        x))

(defn bag [x]
  (if (or (set? x) (sequential? x)) (frequencies x) x))

(defn agrees? [expected answer]
  (or (= expected answer)
      (= (bag expected) (bag answer))
      (and (nil? expected) (coll? answer) (empty? answer))))

(defn causes [error]
  (take-while some? (iterate (fn [^Throwable e] (.getCause e)) error)))

(defn error-text [error]
  (str (or (some (comp :db/error ex-data) (causes error))
           (.getMessage ^Throwable (last (causes error)))
           (class (last (causes error))))))

(defn complaint
  "Nil where Datomic answers as the case says; else what it answers instead."
  [{:keys [datomic expected expected-count] :as made}]
  (let [fails?  (if datomic (boolean (:error datomic)) (contains? made :expect-error))
        wanted  (if datomic (:answer datomic) expected)
        outcome (try
                  (let [history (history-of made)]
                    {:answer (canonical (ask made history))
                     :wanted (canonical (settle history wanted))})
                  (catch Throwable error {:error (error-text error)}))]
    (cond
      fails?           (when-not (:error outcome) {:wanted "an error" :got (:answer outcome)})
      (:error outcome) {:wanted wanted :got (str "error " (:error outcome))}
      (and expected-count (not datomic))
      (when-not (= expected-count (count (:answer outcome)))
        {:wanted (str expected-count " rows") :got (:answer outcome)})
      :else
      (when-not (agrees? (:wanted outcome) (:answer outcome))
        {:wanted (:wanted outcome) :got (:answer outcome)}))))

(let [made       (remove #(get-in % [:datomic :skip]) (mapcat read-cases *command-line-args*))
      complaints (keep #(some->> (complaint %) (vector (:name %))) made)]
  (doseq [[title {:keys [wanted got]}] complaints]
    (println title)
    (println "  expected" (pr-str wanted))
    (println "  Datomic " (pr-str got)))
  (println (- (count made) (count complaints)) "passed," (count complaints) "failed")
  (flush)
  (System/exit (if (seq complaints) 1 0)))
