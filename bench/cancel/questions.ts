// Questions that take long, one or more for every kind of step. Those of a cold index begin with nothing in memory.

export type LongQuestion = {
  readonly name: string
  readonly query: string
  readonly rules?: string
  readonly isCold?: true
  /** The answer is written as JSON, too. */
  readonly isWritten?: true
}

const ABOVE = '[[(above ?x ?y) [?x :person/boss ?y]] [(above ?x ?y) [?x :person/boss ?z] (above ?z ?y)]]'

export const LONG_QUESTIONS: readonly LongQuestion[] = [
  { name: 'table of texts', query: '[:find (count ?m) . :where [?e :person/email ?m]]', isCold: true },
  {
    name: 'tables of five attributes',
    query: `[:find ?e ?l ?a ?s :where [?e :person/name "Ivan"] [?e :person/last-name ?l] [?e :person/age ?a]
      [?e :person/salary ?s] [?e :person/sex :sex/male]]`,
    isCold: true,
  },
  {
    name: 'lookup by doubles',
    query:
      '[:find (count ?f) . :with ?e :where [?e :person/age 30] [?e :person/weight ?w] [?f :person/weight ?w]]',
    isCold: true,
  },
  { name: 'sort by doubles', query: '[:find ?w ?e :where [?e :person/weight ?w]]' },
  { name: 'sort by texts', query: '[:find ?m ?e :where [?e :person/email ?m]]' },
  { name: 'the least of texts', query: '[:find ?m . :where [?e :person/email ?m]]' },
  { name: 'distinct', query: '[:find ?w ?s :where [?e :person/weight ?w] [?e :person/salary ?s]]' },
  {
    name: 'a million groups',
    query: '[:find ?m (sum ?s) :where [?e :person/email ?m] [?e :person/salary ?s]]',
  },
  { name: 'medians', query: '[:find ?a (median ?w) :where [?e :person/age ?a] [?e :person/weight ?w]]' },
  {
    name: 'product',
    query:
      '[:find (sum ?s) . :with ?e ?f :where [?e :person/age 1] [?e :person/salary ?s] [?f :person/age 2]]',
  },
  {
    name: 'or',
    query:
      '[:find (count ?v) . :with ?e :where [?e :person/age ?a] (or [?e :person/email ?v] [?e :person/name ?v])]',
  },
  {
    name: 'not',
    query:
      '[:find (count ?e) . :where [?e :person/salary ?s] (not-join [?e ?s] [?f :person/boss ?e] [?f :person/age ?s])]',
  },
  { name: 'recursion', query: '[:find (count ?y) . :with ?x :in $ % :where (above ?x ?y)]', rules: ABOVE },
  { name: 'pull', query: '[:find (pull ?e [* {:person/_boss [:person/name]}]) :where [?e :person/age 1]]' },
  {
    name: 'pull of a few attributes',
    query:
      '[:find (pull ?e [:person/name :person/email {:person/boss [:person/email]}]) :where [?e :person/age]]',
  },
  {
    name: 'functions',
    query: '[:find (count ?s) . :where [?e :person/email ?m] [(upper-case ?m) ?u] [(str ?u "-" ?m) ?s]]',
  },
  {
    name: 'regular expressions',
    query: '[:find (count ?e) . :where [?e :person/email ?m] [(re-find "([0-9]+[a-z]*)+9@" ?m)]]',
  },
  { name: 'any attribute', query: '[:find (count ?e) . :where [?e ?a 30]]' },
  {
    name: 'the engine without a plan',
    query: '[:find (count ?e) . :where [?e :person/age ?a] [(< (+ ?a 1) 30)]]',
  },
  { name: 'written as JSON', query: '[:find ?e ?m :where [?e :person/email ?m]]', isWritten: true },
]
