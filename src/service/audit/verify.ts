// Reads a whole audit and says whether its chain holds: every link in its place, every hash what the facts before it make,
// nothing taken back. What was cut off at the end cannot be seen from within: the last hash, kept elsewhere, shows it.

import type { AttributeId, EntityId, T } from '../../fact/attribute.ts'
import type { Datom } from '../../fact/datom.ts'
import type { Schema } from '../../fact/schema.ts'
import type { Value } from '../../fact/value.ts'
import type { Connection } from '../../database/connection.ts'
import { CHAIN_START, intentHash, type OutcomeEnd, outcomeHash, questionHash } from './chain.ts'

export type AuditBreak = {
  /** The transaction in which it shows. */
  readonly t: T
  /** The link that is wrong, where there is one. */
  readonly seq: number | undefined
  readonly reason: string
}

export type AuditReport = {
  readonly database: string
  readonly linkCount: number
  readonly intentCount: number
  /** Intents without an outcome: the process ended before, or the answer has not left yet. */
  readonly unknownCount: number
  /** Of the last link; to be kept elsewhere. */
  readonly hash: string
  /** The first thing that is wrong. */
  readonly broken: AuditBreak | undefined
}

const CHAINED_NAMESPACES: ReadonlySet<string> = new Set(['question', 'intent', 'outcome'])

/** `onProgress` is called with the number of links after each transaction. */
export async function verifyAudit(
  connection: AuditedConnection,
  onProgress?: (linkCount: number) => void,
): Promise<AuditReport> {
  const { basisT } = connection.value()
  const { schema } = connection.value()
  const chain = new ChainReader(schema)
  let broken: AuditBreak | undefined
  for await (const { t, datoms } of connection.transactions({ from: 0, to: basisT + 1, isLive: false })) {
    broken = chain.read(t, datoms)
    if (broken !== undefined) break
    onProgress?.(chain.linkCount)
  }
  return { database: connection.info.name, ...chain.counts(), broken }
}

/** What verification needs of a connection. */
export type AuditedConnection = Pick<Connection, 'info' | 'value' | 'transactions'>

type Fields = Map<string, Value | Value[]>
type Link = { readonly kind: 'intent' | 'outcome'; readonly entity: EntityId; readonly fields: Fields }

class ChainReader {
  linkCount = 0
  #intentCount = 0
  #hash = CHAIN_START
  readonly #schema: Schema
  /** Hashes of the questions that were asked so far. */
  readonly #questions = new Map<EntityId, string>()
  /** Ids of the intents that have no outcome yet. */
  readonly #open = new Map<EntityId, string>()

  constructor(schema: Schema) {
    this.#schema = schema
  }

  counts(): Pick<AuditReport, 'linkCount' | 'intentCount' | 'unknownCount' | 'hash'> {
    return {
      linkCount: this.linkCount,
      intentCount: this.#intentCount,
      unknownCount: this.#open.size,
      hash: this.#hash,
    }
  }

  /** What is wrong in the transaction, if something is. */
  read(t: T, datoms: readonly Datom[]): AuditBreak | undefined {
    const entities = new Map<EntityId, Fields>()
    for (const datom of datoms) {
      const name = this.#nameOf(datom.a)
      if (name === undefined || !CHAINED_NAMESPACES.has(name.split('/', 1)[0]!)) continue
      if (!datom.added) return { t, seq: undefined, reason: `${name} of entity ${datom.e} was taken back` }
      addField(entities, datom, name)
    }
    const links: Link[] = []
    for (const [entity, fields] of entities) {
      if (fields.has('question/hash')) {
        const reason = this.#readQuestion(entity, fields)
        if (reason !== undefined) return { t, seq: undefined, reason }
        continue
      }
      if (fields.has('intent/seq')) links.push({ kind: 'intent', entity, fields })
      if (fields.has('outcome/seq')) links.push({ kind: 'outcome', entity, fields })
      if (!fields.has('intent/seq') && !fields.has('outcome/seq'))
        return { t, seq: undefined, reason: `entity ${entity} has facts that no link covers` }
    }
    for (const link of links.sort((x, y) => seqOf(x) - seqOf(y))) {
      const reason = this.#readLink(link)
      if (reason !== undefined) return { t, seq: seqOf(link), reason }
    }
    return undefined
  }

  #readQuestion(entity: EntityId, fields: Fields): string | undefined {
    const hash = textOf(fields, 'question/hash')
    const attributes = fields.get('question/attributes') ?? []
    const made = questionHash({
      action: textOf(fields, 'question/action'),
      text: textOf(fields, 'question/text'),
      attributes: (Array.isArray(attributes) ? attributes : [attributes]) as readonly string[],
    })
    if (made !== hash) return `question ${hash} is another than its hash says`
    this.#questions.set(entity, hash)
    return undefined
  }

  #readLink(link: Link): string | undefined {
    const { kind, entity, fields } = link
    const seq = seqOf(link)
    if (seq !== this.linkCount + 1) return `link ${seq} stands where link ${this.linkCount + 1} should`
    const hash =
      kind === 'intent' ? this.#intentHash(entity, fields, seq) : this.#outcomeHash(entity, fields, seq)
    if (hash === undefined) return `an outcome without its intent, or a second one`
    if (hash !== textOf(fields, `${kind}/hash`))
      return `the hash of the ${kind} is another than its facts make`
    this.linkCount = seq
    this.#hash = hash
    return undefined
  }

  #intentHash(entity: EntityId, fields: Fields, seq: number): string {
    const id = textOf(fields, 'intent/id')
    this.#intentCount++
    this.#open.set(entity, id)
    return intentHash(this.#hash, {
      seq,
      id,
      at: instantOf(fields, 'intent/at'),
      caller: textOf(fields, 'intent/caller'),
      callerKind: textOf(fields, 'intent/caller-kind'),
      purpose: fields.get('intent/purpose') as string | undefined,
      questionHash: this.#questions.get(fields.get('intent/question') as EntityId) ?? 'none',
      args: textOf(fields, 'intent/args'),
      basis: textOf(fields, 'intent/basis'),
    })
  }

  #outcomeHash(entity: EntityId, fields: Fields, seq: number): string | undefined {
    const id = this.#open.get(entity)
    if (id === undefined) return undefined
    this.#open.delete(entity)
    return outcomeHash(this.#hash, {
      seq,
      id,
      end: textOf(fields, 'outcome/end') as OutcomeEnd,
      at: instantOf(fields, 'outcome/at'),
      durationUs: fields.get('outcome/duration-us') as number,
      rows: fields.get('outcome/rows') as number | undefined,
      error: fields.get('outcome/error') as string | undefined,
      receipt: fields.get('outcome/receipt') as string | undefined,
    })
  }

  #nameOf(a: AttributeId): string | undefined {
    return this.#schema.attribute(a)?.ident.text
  }
}

function addField(entities: Map<EntityId, Fields>, { e, v }: Datom, name: string): void {
  let fields = entities.get(e)
  if (fields === undefined) entities.set(e, (fields = new Map()))
  const held = fields.get(name)
  if (held === undefined) fields.set(name, v)
  else if (Array.isArray(held)) held.push(v)
  else fields.set(name, [held, v])
}

function seqOf({ kind, fields }: Link): number {
  return fields.get(`${kind}/seq`) as number
}

function textOf(fields: Fields, name: string): string {
  return String(fields.get(name) ?? '')
}

/** What is missing makes another hash than what was there. */
function instantOf(fields: Fields, name: string): Date {
  const value = fields.get(name)
  return value instanceof Date ? value : new Date(0)
}
