// The audit of one service process: an intent for every question, durable before its answer leaves, and an outcome once
// the answer has left. What comes in while the last sync ran goes into the next transaction, so that a sync is shared.
//
// Links are chained in the order in which they are written (chain.ts). After a failure nobody knows what became
// durable, so the end of the chain is read from the facts again; a compare-and-set keeps a link from being put behind
// any but the last one.

import type { Env } from '../../base/env.ts'
import { VarveError } from '../../base/errors.ts'
import { Recent } from '../../base/recent.ts'
import type { T } from '../../fact/attribute.ts'
import { type FactSource, firstOf } from '../../fact/datom.ts'
import { writeEdn } from '../../fact/edn-writer.ts'
import { type Edn, EdnMap, keyword, type Value } from '../../fact/value.ts'
import type { DatabaseValue } from '../../database/database-value.ts'
import type { Writer } from '../../database/writer.ts'
import type { Caller } from '../../access/caller.ts'
import { formOf } from '../system/entities.ts'
import { auditQueueFull, auditUnavailable } from './errors.ts'
import {
  CHAIN_START,
  intentHash,
  type IntentLink,
  outcomeHash,
  type OutcomeEnd,
  type OutcomeLink,
  type Question,
  questionHash,
} from './chain.ts'

export type Intent = {
  readonly id: string
  readonly caller: Caller
  readonly question: Question
  readonly args: Edn
  readonly basis: Readonly<Record<string, T>>
}

export type Outcome = {
  readonly end: OutcomeEnd
  readonly rows?: number
  /** Code of the error. */
  readonly error?: string
  /** As JSON. */
  readonly receipt?: string
}

export type AuditLimits = {
  /** Links that wait to be written. Beyond it questions are refused. */
  readonly pendingCountMax: number
  /** Links of one transaction. */
  readonly batchCountMax: number
  /** Questions known to stand in the facts already. */
  readonly knownQuestionCountMax: number
}
export const AUDIT_LIMITS: AuditLimits = {
  pendingCountMax: 20_000,
  batchCountMax: 1_000,
  knownQuestionCountMax: 10_000,
}

/** An outcome waits so long for an intent to be written with: nobody waits for it, and a sync takes longer than the rest. */
const OUTCOME_WAIT_MS = 10

/** An intent that is durable. */
export interface AuditedQuestion {
  /** To be called once, when the last byte has left or nothing more will. */
  end(outcome: Outcome): void
}

type Pending = {
  readonly link:
    | { readonly kind: 'intent'; readonly intent: Intent; readonly at: Date }
    | {
        readonly kind: 'outcome'
        readonly id: string
        readonly outcome: Outcome
        readonly at: Date
        readonly durationUs: number
      }
  readonly done: () => void
  readonly fail: (error: unknown) => void
}

type Tail = { readonly seq: number; readonly hash: string }

/** The name of the entity that holds the end of the chain. */
const CHAIN = keyword('audit/chain')

export class AuditLog {
  readonly #env: Env
  readonly #writer: Writer
  readonly #onFault: (error: unknown) => void
  readonly #limits: AuditLimits
  readonly #pending: Pending[] = []
  /** Of those that wait or are being written: somebody waits for each. */
  #intentCount = 0
  #writing: Promise<void> | undefined
  #isWrittenSoon = false
  /** Undefined where it has to be read from the facts. */
  #tail: Tail | undefined
  #known: Recent<string, true>

  constructor(
    env: Env,
    writer: Writer,
    onFault: (error: unknown) => void,
    limits: AuditLimits = AUDIT_LIMITS,
  ) {
    this.#env = env
    this.#writer = writer
    this.#onFault = onFault
    this.#limits = limits
    this.#known = new Recent(limits.knownQuestionCountMax)
  }

  /** Its name. */
  get database(): string {
    return this.#writer.info.name
  }

  /** What is written by now. */
  value(): DatabaseValue {
    return this.#writer.value()
  }

  /** Links that wait to be written. */
  get pendingCount(): number {
    return this.#pending.length
  }

  /**
   * Resolves once the intent is durable. Throws `varve.error/audit-unavailable` where it cannot be written, and
   * `varve.error/audit-queue-full`: the question is refused then.
   */
  async begin(intent: Intent): Promise<AuditedQuestion> {
    const { clock } = this.#env
    const sinceMs = clock.monotonicMs()
    await this.#write({ kind: 'intent', intent, at: new Date(clock.nowMs()) })
    return {
      end: (outcome) => {
        const durationUs = Math.round((clock.monotonicMs() - sinceMs) * 1_000)
        const at = new Date(clock.nowMs())
        // Without its outcome the question reads "unknown"; the answer has left already.
        this.#write({ kind: 'outcome', id: intent.id, outcome, at, durationUs }).catch(this.#onFault)
      },
    }
  }

  /** Resolves when nothing waits to be written any more. */
  async settled(): Promise<void> {
    while (this.#pending.length > 0 || this.#writing !== undefined) {
      this.#writing ??= this.#writeAll()
      await this.#writing
    }
  }

  #write(link: Pending['link']): Promise<void> {
    const { pendingCountMax } = this.#limits
    if (this.#pending.length >= pendingCountMax) return Promise.reject(auditQueueFull(pendingCountMax))
    const { promise, resolve: done, reject: fail } = Promise.withResolvers<void>()
    this.#pending.push({ link, done, fail })
    if (link.kind === 'intent') {
      this.#intentCount++
      this.#writing ??= this.#writeAll()
    } else if (this.#writing === undefined) this.#writeSoon()
    return promise
  }

  #writeSoon(): void {
    if (this.#isWrittenSoon) return
    this.#isWrittenSoon = true
    void this.#env.timers.sleep(OUTCOME_WAIT_MS).then(() => {
      this.#isWrittenSoon = false
      if (this.#pending.length > 0) this.#writing ??= this.#writeAll()
    })
  }

  /** Never rejects: whoever waits for a link hears of its failure. */
  async #writeAll(): Promise<void> {
    do {
      const batch = this.#pending.splice(0, this.#limits.batchCountMax)
      try {
        await this.#writeBatch(batch).catch((error: unknown) => {
          if (!isChainLonger(error)) throw error
          // What failed before had become durable after all: behind it, then.
          this.#forget()
          return this.#writeBatch(batch)
        })
        for (const { done } of batch) done()
      } catch (error) {
        this.#forget()
        const refusal = auditUnavailable(this.#writer.info.name, error)
        for (const { fail } of batch) fail(refusal)
      }
      this.#intentCount -= batch.filter(({ link }) => link.kind === 'intent').length
    } while (this.#intentCount > 0)
    // In the same step as the look at the queue: what comes later begins anew.
    this.#writing = undefined
    if (this.#pending.length > 0) this.#writeSoon()
  }

  #forget(): void {
    this.#tail = undefined
    this.#known = new Recent(this.#limits.knownQuestionCountMax)
  }

  async #begunChain(): Promise<Tail> {
    const tail = tailOf(this.#writer.value().facts)
    if (tail !== undefined) return tail
    await this.#writer.transact({
      tx: [formOf({ 'db/ident': CHAIN, 'chain/seq': 0, 'chain/hash': CHAIN_START })],
    })
    return { seq: 0, hash: CHAIN_START }
  }

  async #writeBatch(batch: readonly Pending[]): Promise<void> {
    const tail = this.#tail ?? (await this.#begunChain())
    let { seq, hash } = tail
    const tx: Edn[] = []
    const asked = new Set<string>()
    for (const { link } of batch) {
      seq++
      if (link.kind === 'intent') {
        const { intent, at } = link
        const question = questionHash(intent.question)
        const isKnown = this.#known.get(question) === true
        if (!isKnown && !asked.has(question)) tx.push(questionForm(question, intent.question))
        asked.add(question)
        const written = intentLink(intent, { seq, at, questionHash: question })
        hash = intentHash(hash, written)
        tx.push(intentForm(written, hash, isKnown))
      } else {
        const written: OutcomeLink = {
          seq,
          id: link.id,
          at: link.at,
          durationUs: link.durationUs,
          ...filled(link.outcome),
        }
        hash = outcomeHash(hash, written)
        tx.push(outcomeForm(written, hash))
      }
    }
    tx.push(
      [keyword('db/cas'), CHAIN, keyword('chain/seq'), tail.seq, seq],
      [keyword('db/add'), CHAIN, keyword('chain/hash'), hash],
    )
    await this.#writer.transact({ tx })
    this.#tail = { seq, hash }
    for (const question of asked) this.#known.set(question, true)
  }
}

function isChainLonger(error: unknown): boolean {
  return error instanceof VarveError && error.code === 'db.error/cas-failed'
}

/** Where the chain ends, as its database says; undefined before it begins. */
function tailOf(facts: FactSource): Tail | undefined {
  const { schema } = facts
  const chain = schema.entityNamed(CHAIN)
  if (chain === undefined) return undefined
  const valueOf = (name: string): Value | undefined =>
    firstOf(facts.match(chain, schema.attributeNamed(keyword(name))!.id, undefined))?.v
  return { seq: valueOf('chain/seq') as number, hash: valueOf('chain/hash') as string }
}

function intentLink(
  { id, caller, args, basis }: Intent,
  given: Pick<IntentLink, 'seq' | 'at' | 'questionHash'>,
): IntentLink {
  return {
    ...given,
    id,
    caller: caller.name,
    callerKind: caller.kind,
    purpose: caller.purpose,
    args: writeEdn(args),
    basis: writeEdn(new EdnMap(Object.entries(basis).sort(([x], [y]) => (x < y ? -1 : 1)))),
  }
}

function filled({
  end,
  rows,
  error,
  receipt,
}: Outcome): Pick<OutcomeLink, 'end' | 'rows' | 'error' | 'receipt'> {
  return { end, rows, error, receipt }
}

function questionForm(hash: string, { action, text, attributes }: Question): EdnMap {
  return formOf({
    'db/id': hash,
    'question/hash': hash,
    'question/action': action,
    'question/text': text,
    'question/attributes': attributes.length === 0 ? undefined : attributes,
  })
}

/** A question that comes in the same transaction is known by its tempid, which is its hash. */
function intentForm(link: IntentLink, hash: string, isQuestionKnown: boolean): EdnMap {
  return formOf({
    'intent/id': link.id,
    'intent/seq': link.seq,
    'intent/hash': hash,
    'intent/at': link.at,
    'intent/caller': link.caller,
    'intent/caller-kind': link.callerKind,
    'intent/purpose': link.purpose,
    'intent/question': isQuestionKnown ? [keyword('question/hash'), link.questionHash] : link.questionHash,
    'intent/args': link.args,
    'intent/basis': link.basis,
  })
}

function outcomeForm(link: OutcomeLink, hash: string): EdnMap {
  return formOf({
    'intent/id': link.id,
    'outcome/seq': link.seq,
    'outcome/hash': hash,
    'outcome/end': link.end,
    'outcome/at': link.at,
    'outcome/duration-us': link.durationUs,
    'outcome/rows': link.rows,
    'outcome/error': link.error,
    'outcome/receipt': link.receipt,
  })
}
