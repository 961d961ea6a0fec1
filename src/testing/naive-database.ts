// A database in a test: the naive facts and a clock, changed by transactions written as EDN text.

import { assert } from '../base/assert.ts'
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

  /** `schema` is a vector of maps, as a form or as EDN text; `attributes` writes it shortly. */
  constructor(schema: Edn, functions: FunctionRegistry = new Map()) {
    this.functions = functions
    const form = typeof schema === 'string' ? readEdn(schema).value : schema
    this.facts = NaiveFacts.create(bootstrapTransaction(form))
  }

  transact(tx: string | Edn, options: Partial<TransactContext> = {}): PreparedTransaction {
    const form = settled(typeof tx === 'string' ? readEdn(tx).value : tx, this.tempids)
    assert(form !== undefined, 'a tempid of an earlier transaction is known')
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
}

/** The form with entity ids in the places of `#tempid "a"` and `#tx 1`; undefined where a tempid means nobody. */
export function settled(form: Edn, tempids: ReadonlyMap<string, EntityId>): Edn | undefined {
  const each = (items: readonly Edn[]): readonly Edn[] | undefined => {
    const made: Edn[] = []
    for (const item of items) {
      const one = settled(item, tempids)
      if (one === undefined) return undefined
      made.push(one)
    }
    return made
  }
  if (form instanceof Tagged && form.tag === 'tempid') return tempids.get(String(form.value))
  if (form instanceof Tagged && form.tag === 'tx') return TX_BASE + Number(form.value)
  if (Array.isArray(form)) return each(form as readonly Edn[])
  if (form instanceof EdnList) {
    const items = each(form.items)
    return items && new EdnList(items)
  }
  if (form instanceof EdnSet) {
    const items = each(form.items)
    return items && new EdnSet(items)
  }
  if (form instanceof EdnMap) {
    const entries = form.entries.map((entry) => each(entry))
    return entries.includes(undefined) ? undefined : new EdnMap(entries as [Edn, Edn][])
  }
  return form
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
