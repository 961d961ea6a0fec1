// The entities that row rules let through, found by asking the whole database and kept as long as nothing that a rule
// reads has changed. A rule that is being judged is judged once for all who wait for it.

import { VarveError } from '../base/errors.ts'
import { KeptByBytes } from '../base/kept-by-bytes.ts'
import { indexedAttribute } from '../database/restricted-facts.ts'
import type { DatabaseValue } from '../database/database-value.ts'
import { entitySet } from '../database/restriction.ts'
import type { EntityId } from '../fact/attribute.ts'
import { readEdn } from '../fact/edn-reader.ts'
import type { Schema } from '../fact/schema.ts'
import { AnswerRows } from '../plan/answer-rows.ts'
import { ask, ASK_LIMITS, type AskRequest, type QueryRunner } from '../query/ask.ts'
import { sourceMissing } from '../query/ask-errors.ts'
import type { Caller } from './caller.ts'
import { rowRuleFailed } from './errors.ts'
import type { RowRule } from './row-rule.ts'

export type RowSetLimits = {
  /** Of sets that are kept, the one used longest ago is dropped first. */
  readonly keptBytesMax: number
  /** For one rule. */
  readonly timeoutMs: number
  /** That a rule may give. */
  readonly entityCountMax: number
}
export const ROW_SET_LIMITS: RowSetLimits = {
  keptBytesMax: 1 << 28,
  timeoutMs: 60_000,
  entityCountMax: 1 << 27,
}

/** Of a kept set, beside its entities. */
const KEPT_BYTES = 1_024

/** One form each, so that it is parsed once. */
const ALONE = readEdn('[:find [?e ...] :in $ % :where (visible ?e)]').value
const FOR_CALLER = readEdn('[:find [?e ...] :in $ % ?caller :where (visible ?e ?caller)]').value

type Kept = { readonly schema: Schema; readonly entities: Float64Array }

export class RowSets {
  readonly #runner: QueryRunner
  readonly #limits: RowSetLimits
  readonly #kept: KeptByBytes<Kept>
  readonly #judging = new Map<string, { readonly schema: Schema; readonly entities: Promise<Float64Array> }>()

  constructor(runner: QueryRunner, limits: Partial<RowSetLimits> = {}) {
    this.#runner = runner
    this.#limits = { ...ROW_SET_LIMITS, ...limits }
    const bytesOf = ({ entities }: Kept): number => entities.byteLength + KEPT_BYTES
    this.#kept = new KeptByBytes(this.#limits.keptBytesMax, bytesOf)
  }

  get keptBytes(): number {
    return this.#kept.byteCount
  }

  /** Whose facts show, judged over the whole database at the moment of the value. */
  async entitiesOf(rule: RowRule, caller: Caller, value: DatabaseValue): Promise<Float64Array> {
    const moment = value.newest().asOf(value.basisT)
    const name = nameOf(rule, caller, moment)
    const { schema } = moment
    const kept = this.#kept.get(name)
    // A database that was made anew may have the names of the one before, but never its schema.
    if (kept?.schema === schema) return kept.entities
    const judging = this.#judging.get(name)
    if (judging?.schema === schema) return judging.entities
    const entities = this.#judge(rule, caller, moment)
    this.#judging.set(name, { schema, entities })
    try {
      const found = await entities
      this.#kept.add(name, { schema, entities: found })
      return found
    } finally {
      if (this.#judging.get(name)?.entities === entities) this.#judging.delete(name)
    }
  }

  async #judge(rule: RowRule, caller: Caller, database: DatabaseValue): Promise<Float64Array> {
    const args = rule.takesCaller ? [rule.form, caller.name] : [rule.form]
    const request: AskRequest = {
      query: rule.takesCaller ? FOR_CALLER : ALONE,
      args: args.map((each) => ({ kind: 'value', value: each })),
      database,
      sourceNamed: (name) => Promise.reject(sourceMissing(`$${name}`)),
      timeoutMs: this.#limits.timeoutMs,
    }
    try {
      const limits = { ...ASK_LIMITS, rowCountMax: this.#limits.entityCountMax }
      const { answer } = await ask(request, this.#runner, limits)
      return entitySet(entitiesOf(answer.rows))
    } catch (error) {
      throw isOfTheMoment(error) ? error : rowRuleFailed(database.database, error)
    }
  }
}

/** Mostly a column of numbers in order, in memory that threads share. What is no entity has no facts. */
function entitiesOf({ columns: [column], length }: AnswerRows): Iterable<EntityId> {
  if (column?.kind === 'numbers') return column.numbers.subarray(0, length)
  return Array.from(new AnswerRows(length, column ? [column] : []), ([e]) => e).filter(
    (e) => typeof e === 'number',
  )
}

/** Equal where a rule gives the same: where it reads the same facts, and asks for the same caller. */
function nameOf({ text, takesCaller, reads }: RowRule, { name }: Caller, value: DatabaseValue): string {
  return JSON.stringify([value.database, takesCaller ? name : null, text, factsRead(reads, value)])
}

/** A text for the facts that a rule reads, by the views that the index names; else for the moment. */
function factsRead(reads: RowRule['reads'], { facts, schema, basisT }: DatabaseValue): string {
  const shown = reads?.map((ident) => {
    const attribute = schema.attributeNamed(ident)
    return attribute && indexedAttribute(facts, attribute.id)?.shownAt()?.name
  })
  return shown === undefined || shown.includes(undefined) ? `t ${basisT}` : shown.join(', ')
}

/** Nothing is wrong with the rule, and nothing told of what it reads. */
function isOfTheMoment(error: unknown): boolean {
  return error instanceof VarveError && ['busy', 'unavailable', 'interrupted'].includes(error.kind)
}
