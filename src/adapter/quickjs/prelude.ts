// What runs inside the sandbox before any procedure does, as text: it adds exact values and chance from a seed, closes
// every door, freezes all of it, and gives the function that runs a procedure over rows. Nothing outlives a call: a
// procedure is made anew for each row, and no object that it can reach besides can change.

import type { Json, Realm } from './realm.ts'
import { seededChance } from './realm-chance.ts'
import { utcDates } from './realm-dates.ts'
import { closeDoors, freezeRealm } from './realm-doors.ts'
import { valueJson } from './realm-json.ts'
import { exactNames } from './realm-names.ts'
import { exactNumbers } from './realm-numbers.ts'

/** Runs a procedure: rows of arguments as JSON in, an array of results out. */
type RunRows = (make: () => unknown, rows: string, kind: string) => string

const PARTS = { exactNames, exactNumbers, utcDates, valueJson, seededChance, closeDoors, freezeRealm }

/** Text that gives, evaluated in a fresh realm whose one host function is `ask`, what runs procedures there. */
export function preludeSource(): string {
  const parts = Object.entries(PARTS).map(([name, part]) => `const ${name} = ${String(part)}`)
  return `((realm) => {\n'use strict'\n${parts.join('\n')}\nreturn (${String(prelude)})(realm)\n})(globalThis)`
}

/** It finds the parts under their own names, and nothing else from here. */
function prelude(realm: Realm): RunRows {
  const ask = realm['ask'] as (question: string) => string
  const values = { names: exactNames(realm), numbers: exactNumbers(realm), dates: utcDates(realm) }
  const { decoded, encoded } = valueJson(values)
  seededChance(realm, encoded)
  closeDoors(realm)

  const asked = (...question: readonly unknown[]): unknown =>
    decoded(JSON.parse(ask(encoded(question))) as Json)
  /** What a transaction procedure sees of the database. */
  const database = {
    q: (query: unknown, ...args: readonly unknown[]) => asked('q', query, args),
    pull: (pattern: unknown, entity: unknown) => asked('pull', pattern, entity),
    entity: (entity: unknown) => asked('entity', entity),
    value: (entity: unknown, attribute: unknown) => asked('value', entity, attribute),
    get basisT() {
      return asked('basis')
    },
  }
  freezeRealm(realm, [database, ...values.names.classes, ...values.numbers.classes])

  return (make, rows, kind) => {
    values.names.forget()
    if (typeof make() !== 'function') throw new TypeError('the source gives no function')
    const results: string[] = []
    for (const row of JSON.parse(rows) as readonly Json[]) {
      const args = decoded(row) as readonly unknown[]
      const given = kind === 'transaction' ? [database, ...args] : args
      // It was one a moment ago, and the same text makes the same again.
      results.push(encoded(Reflect.apply(make() as () => unknown, undefined, given)))
    }
    return `[${results.join()}]`
  }
}
