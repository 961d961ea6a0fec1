// The questions of the suite: as Datalog, as SQL over one wide table, and as a loop over typed arrays that a person
// would write by hand. Each loop gives the number of rows and delivers them as arrays, as the engine does.

import { lastNameOf, type People } from './people.ts'

export type PeopleQuestion = {
  readonly name: string
  readonly query: string
  /** Where the query calls some. */
  readonly rules?: string
  readonly sql: string
  readonly loop: (people: People) => number
}

type Row = readonly (number | string)[]

export const QUESTIONS: readonly PeopleQuestion[] = [
  {
    name: 'q1 name',
    query: '[:find ?e :where [?e :person/name "Ivan"]]',
    sql: "SELECT e FROM people WHERE name = 'Ivan'",
    loop: ({ count, names }) => rowsOf(count, (i) => (names[i] === 0 ? [i] : undefined)),
  },
  {
    name: 'q2 name, age',
    query: '[:find ?e ?a :where [?e :person/name "Ivan"] [?e :person/age ?a]]',
    sql: "SELECT e, age FROM people WHERE name = 'Ivan'",
    loop: ({ count, names, ages }) => rowsOf(count, (i) => (names[i] === 0 ? [i, ages[i]!] : undefined)),
  },
  {
    name: 'q2 swapped',
    query: '[:find ?e ?a :where [?e :person/age ?a] [?e :person/name "Ivan"]]',
    sql: "SELECT e, age FROM people WHERE name = 'Ivan'",
    loop: ({ count, names, ages }) => rowsOf(count, (i) => (names[i] === 0 ? [i, ages[i]!] : undefined)),
  },
  {
    name: 'q3 name, age, sex',
    query: '[:find ?e ?a :where [?e :person/name "Ivan"] [?e :person/age ?a] [?e :person/sex :sex/male]]',
    sql: "SELECT e, age FROM people WHERE name = 'Ivan' AND sex = 'male'",
    loop: ({ count, names, ages, sexes }) =>
      rowsOf(count, (i) => (names[i] === 0 && sexes[i] === 0 ? [i, ages[i]!] : undefined)),
  },
  {
    name: 'q4 with last name',
    query:
      '[:find ?e ?l ?a :where [?e :person/name "Ivan"] [?e :person/last-name ?l] [?e :person/age ?a] [?e :person/sex :sex/male]]',
    sql: "SELECT e, last_name, age FROM people WHERE name = 'Ivan' AND sex = 'male'",
    loop: ({ count, names, lastNames, ages, sexes }) =>
      rowsOf(count, (i) =>
        names[i] === 0 && sexes[i] === 0 ? [i, lastNameOf(lastNames[i]!), ages[i]!] : undefined,
      ),
  },
  {
    name: 'salary > 50000',
    query: '[:find ?e ?s :where [?e :person/salary ?s] [(> ?s 50000)]]',
    sql: 'SELECT e, salary FROM people WHERE salary > 50000',
    loop: ({ count, salaries }) =>
      rowsOf(count, (i) => (salaries[i]! > 50_000 ? [i, salaries[i]!] : undefined)),
  },
  {
    name: 'two predicates',
    query: '[:find ?e ?s ?a :where [?e :person/salary ?s] [(> ?s 90000)] [?e :person/age ?a] [(< ?a 30)]]',
    sql: 'SELECT e, salary, age FROM people WHERE salary > 90000 AND age < 30',
    loop: ({ count, salaries, ages }) =>
      rowsOf(count, (i) =>
        salaries[i]! > 90_000 && ages[i]! < 30 ? [i, salaries[i]!, ages[i]!] : undefined,
      ),
  },
  {
    name: 'same salary',
    query: `[:find ?e ?f :where [?e :person/name "Ivan"] [?e :person/last-name "Petrov"] [?e :person/age 30]
      [?e :person/salary ?s] [?f :person/salary ?s]]`,
    sql: `SELECT p.e, q.e FROM people p JOIN people q ON p.salary = q.salary
      WHERE p.name = 'Ivan' AND p.last_name = 'Petrov' AND p.age = 30`,
    loop: sameSalary,
  },
  {
    name: 'rule',
    query: '[:find ?e :in $ % :where [?e :person/name "Ivan"] (adult ?e)]',
    rules: '[[(adult ?e) [?e :person/age ?a] [(>= ?a 18)]]]',
    sql: "SELECT e FROM people WHERE name = 'Ivan' AND age >= 18",
    loop: ({ count, names, ages }) =>
      rowsOf(count, (i) => (names[i] === 0 && ages[i]! >= 18 ? [i] : undefined)),
  },
  {
    name: 'average by last name',
    query: '[:find ?l (avg ?s) :with ?e :where [?e :person/last-name ?l] [?e :person/salary ?s]]',
    sql: 'SELECT last_name, avg(salary) FROM people GROUP BY last_name',
    loop: averageByLastName,
  },
  {
    name: 'not',
    query: '[:find ?e :where [?e :person/name "Ivan"] (not [?e :person/sex :sex/male])]',
    sql: "SELECT e FROM people WHERE name = 'Ivan' AND NOT sex = 'male'",
    loop: ({ count, names, sexes }) =>
      rowsOf(count, (i) => (names[i] === 0 && sexes[i] !== 0 ? [i] : undefined)),
  },
  {
    name: 'or',
    query: '[:find ?e :where (or [?e :person/name "Ivan"] [?e :person/last-name "Petrov"])]',
    sql: "SELECT e FROM people WHERE name = 'Ivan' OR last_name = 'Petrov'",
    loop: ({ count, names, lastNames }) =>
      rowsOf(count, (i) => (names[i] === 0 || lastNames[i] === 1 ? [i] : undefined)),
  },
]

function rowsOf(count: number, rowOf: (i: number) => Row | undefined): number {
  const rows: Row[] = []
  for (let i = 0; i < count; i++) {
    const row = rowOf(i)
    if (row !== undefined) rows.push(row)
  }
  return rows.length
}

function averageByLastName({ count, lastNames, salaries }: People): number {
  const sums = new Float64Array(256)
  const counts = new Float64Array(256)
  for (let i = 0; i < count; i++) {
    sums[lastNames[i]!]! += salaries[i]!
    counts[lastNames[i]!]!++
  }
  return Array.from(sums, (sum, name) => sum / counts[name]!).filter((average) => !Number.isNaN(average))
    .length
}

function sameSalary({ count, names, lastNames, ages, salaries }: People): number {
  const bySalary = new Map<number, number[]>()
  for (let i = 0; i < count; i++) {
    if (names[i] !== 0 || lastNames[i] !== 1 || ages[i] !== 30) continue
    const same = bySalary.get(salaries[i]!)
    if (same === undefined) bySalary.set(salaries[i]!, [i])
    else same.push(i)
  }
  const rows: Row[] = []
  for (let i = 0; i < count; i++) for (const e of bySalary.get(salaries[i]!) ?? []) rows.push([e, i])
  return rows.length
}
