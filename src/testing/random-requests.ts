// Transactions for simulated databases, from a seed: few entities under few names, so that upserts, references,
// retractions and comparisons meet each other; every one carries a number by which it is known again in the log.

import { readEdn } from '../fact/edn-reader.ts'
import { EdnMap, keyword, type Edn } from '../fact/value.ts'
import type { TransactRequest } from '../database/writer.ts'
import { attributes } from './naive-database.ts'
import type { SeededRandom } from './seeded-random.ts'

export const SIMULATED_SCHEMA: Edn = readEdn(
  attributes(
    'x/serial long',
    'p/key string identity',
    'p/code string value',
    'p/number long',
    'p/tags long many',
    'p/text string',
    'p/friend ref',
    'p/lines ref many component',
    'p/now long noHistory',
  ),
).value

/** The attribute whose past is not kept. */
export const FORGETFUL = keyword('p/now')
export const SERIAL = keyword('x/serial')

/** A request that some process gave to a writer, or is about to. */
export type GivenRequest = { readonly serial: number; readonly request: TransactRequest }

export function randomRequest(serial: number, random: SeededRandom): GivenRequest {
  const forms = Array.from({ length: 1 + random.below(3) }, () => randomForm(serial, random))
  const request: TransactRequest = {
    tx: readEdn(`[${forms.join(' ')}]`).value,
    meta: new EdnMap([[SERIAL, serial]]),
    ...(random.next() < 0.4 && { idempotencyKey: `key-${serial}` }),
  }
  return { serial, request }
}

function randomForm(serial: number, random: SeededRandom): string {
  const who = `[:p/key "${randomKey(random)}"]`
  const number = random.below(4)
  switch (random.below(12)) {
    case 0:
      return `[:db/retract ${who} :p/tags ${number}]`
    case 1:
      return `[:db/retract ${who} :p/number]`
    case 2:
      return `[:db/cas ${who} :p/number ${number} ${random.below(4)}]`
    case 3:
      return random.next() < 0.5 ? `[:db/retractEntity ${who}]` : `[:db/add ${who} :p/now ${serial}]`
    case 4:
      return `{:p/key "${randomKey(random)}" :p/friend ${who}}`
    case 5:
      return `{:p/key "${randomKey(random)}" :p/lines [{:p/number ${number} :p/code "c${random.below(40)}"}]}`
    case 6:
      return randomSchemaForm(random)
    case 7:
      return `{:p/key "${randomKey(random)}" :p/text "${'text '.repeat(random.pick([1, 30, 200]))}"}`
    default:
      return `{:p/key "${randomKey(random)}" :p/number ${number} :p/now ${serial} :p/tags [${number} ${random.below(4)}]}`
  }
}

// The schema grows and its names move: a value must go on answering with those of its own t.
function randomSchemaForm(random: SeededRandom): string {
  const name = `:q/a${random.below(4)}`
  return random.next() < 0.5
    ? `{:db/ident ${name} :db/valueType :db.type/long :db/cardinality :db.cardinality/one}`
    : `{:db/id ${name} :db/ident :q/a${random.below(4)}}`
}

function randomKey(random: SeededRandom): string {
  return `k${random.below(7)}`
}
