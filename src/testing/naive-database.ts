// A database in a test: the naive facts and a clock, changed by transactions written as EDN text.

import { TX_BASE, type EntityId } from '../fact/attribute.ts'
import { readEdn } from '../fact/edn-reader.ts'
import { EdnList, EdnMap, EdnSet, keyword, Tagged, type Edn, type Value } from '../fact/value.ts'
import type { FunctionRegistry } from '../database/functions.ts'
import {
  bootstrapTransaction,
  prepareTransaction,
  type PreparedTransaction,
  type TransactContext,
} from '../database/transact.ts'
import { NaiveFacts } from './naive-facts.ts'

export class NaiveDatabase {
  facts: NaiveFacts
  nowMs = 1_000_000
  readonly functions: FunctionRegistry
  /** Entities by the tempids of all transactions so far; `#tempid "a"` in a later text means them. */
  readonly tempids = new Map<string, EntityId>()

  /** `schema` is a vector of maps as EDN text; `attributes` writes it shortly. */
  constructor(schema: string, functions: FunctionRegistry = new Map()) {
    this.functions = functions
    this.facts = NaiveFacts.create(bootstrapTransaction(readEdn(schema).value))
  }

  transact(tx: string | Edn, options: Partial<TransactContext> = {}): PreparedTransaction {
    const form = this.#resolved(typeof tx === 'string' ? readEdn(tx).value : tx)
    const { facts: before, nowMs, functions } = this
    const prepared = prepareTransaction(form, { before, nowMs, functions, ...options })
    this.facts = this.facts.with(prepared.datoms)
    for (const [name, e] of prepared.tempids) this.tempids.set(name, e)
    return prepared
  }

  /** The entity of a tempid. */
  e(tempid: string): EntityId {
    return this.tempids.get(tempid)!
  }

  values(e: EntityId, attribute: string, facts = this.facts): readonly Value[] {
    const id = facts.schema.attributeNamed(keyword(attribute))!.id
    return [...facts.match(e, id, undefined)].map(({ v }) => v)
  }

  #resolved(form: Edn): Edn {
    if (form instanceof Tagged && form.tag === 'tempid') return this.e(form.value as string)
    if (form instanceof Tagged && form.tag === 'tx') return TX_BASE + (form.value as number)
    if (Array.isArray(form)) return form.map((item: Edn) => this.#resolved(item))
    if (form instanceof EdnList) return new EdnList(form.items.map((item) => this.#resolved(item)))
    if (form instanceof EdnSet) return new EdnSet(form.items.map((item) => this.#resolved(item)))
    if (form instanceof EdnMap) {
      return new EdnMap(form.entries.map(([k, v]) => [this.#resolved(k), this.#resolved(v)] as const))
    }
    return form
  }
}

/**
 * Schema text from lines like `p/age long`, `p/tag string many`, `p/email string identity`,
 * `p/lines ref many component`.
 */
export function attributes(...lines: readonly string[]): string {
  return `[${lines.map(attributeText).join(' ')}]`
}

function attributeText(line: string): string {
  const [name, type, ...flags] = line.split(' ')
  const cardinality = flags.includes('many') ? 'many' : 'one'
  const unique = flags.find((flag) => flag === 'identity' || flag === 'value')
  return `{:db/ident :${name} :db/valueType :db.type/${type} :db/cardinality :db.cardinality/${cardinality}
    ${unique === undefined ? '' : `:db/unique :db.unique/${unique}`}
    ${flags.includes('component') ? ':db/isComponent true' : ''}
    ${flags.includes('noHistory') ? ':db/noHistory true' : ''}}`
}

/** What `act` threw. */
export function thrown(act: () => unknown): unknown {
  try {
    act()
  } catch (error) {
    return error
  }
  return undefined
}
