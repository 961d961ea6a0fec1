;; Datomic's peer in memory over the people that a file lists, one a line: name, last name, sex, age, salary, between
;; tabs. Then it answers questions: a line of EDN {:query …, :rules …} in, a line {"rowCount": n, "ms": x} out.
(ns bench
  (:require [clojure.edn :as edn]
            [clojure.java.io :as io]
            [clojure.string :as string]
            [datomic.api :as datomic])
  (:import [java.util UUID]))

(def schema
  (for [[ident type] {:person/name :db.type/string, :person/last-name :db.type/string
                      :person/sex :db.type/keyword, :person/age :db.type/long, :person/salary :db.type/long}]
    {:db/ident ident, :db/valueType type, :db/cardinality :db.cardinality/one, :db/index true}))

(defn person [line]
  (let [[person-name last-name sex age salary] (string/split line #"\t")]
    {:person/name person-name, :person/last-name last-name, :person/sex (keyword "sex" sex)
     :person/age (Long/parseLong age), :person/salary (Long/parseLong salary)}))

(defn -main [path]
  (let [uri (str "datomic:mem://people-" (UUID/randomUUID))
        _ (datomic/create-database uri)
        connection (datomic/connect uri)]
    @(datomic/transact connection schema)
    (with-open [lines (io/reader path)]
      (doseq [part (partition-all 1000 (line-seq lines))]
        @(datomic/transact connection (mapv person part))))
    (println "ready")
    (let [db (datomic/db connection)]
      (doseq [line (line-seq (io/reader *in*))]
        (let [{:keys [query rules]} (edn/read-string line)
              from (System/nanoTime)
              rows (if rules (datomic/q query db rules) (datomic/q query db))
              ms (/ (- (System/nanoTime) from) 1e6)]
          (println (format "{\"rowCount\": %d, \"ms\": %f}" (count rows) ms)))))
    (shutdown-agents)))

(apply -main *command-line-args*)
