// What a database must hold, whatever breaks: kept beside a simulated one by somebody whom no power cut reaches.
//
// - Whatever was acknowledged, or shown to any reader, stands in the log for ever, at its t, datom by datom.
// - Whatever stands there was given to a writer once, is what the naive model makes of it, and stands there once.
// - The facts of a connection, over whatever index, are those of the log: in every view, in every order (I5).

import { TX_BASE, type T } from '../fact/attribute.ts'
import { VarveError } from '../base/errors.ts'
import type { Datom } from '../fact/datom.ts'
import { textKey } from '../fact/value.ts'
import type { Connection } from '../database/connection.ts'
import { DatabaseValue, type ViewableFacts } from '../database/database-value.ts'
import type { LoggedTransaction } from '../database/fact-store.ts'
import { bootstrapTransaction } from '../database/transact.ts'
import { speculateTransaction } from '../database/writer.ts'
import { VARVE_TX_TEMPIDS } from '../fact/bootstrap.ts'
import { BrokenPromise, check } from './broken-promise.ts'
import { NaiveFacts } from './naive-facts.ts'
import { FORGETFUL, type GivenRequest, randomRequest, SERIAL, SIMULATED_SCHEMA } from './random-requests.ts'
import type { SeededRandom } from './seeded-random.ts'

const INDEXES = ['eavt', 'aevt', 'avet', 'vaet'] as const

export class DatabaseModel {
  readonly #given = new Map<number, GivenRequest>()
  readonly #refused = new Set<number>()
  /** Serials by the t at which they stand in the log. */
  readonly #standing = new Map<number, T>()
  /** Acknowledged, shown or kept: the text of each transaction. */
  readonly #promised = new Map<T, string>()
  /** What readers saw, to be judged once the log is known that far. */
  #sights: { readonly t: T; readonly text: string }[] = []
  #naive: NaiveFacts | undefined
  promisedT: T = -1

  /** Facts of all transactions verified so far. */
  get naive(): NaiveFacts {
    check(this.#naive !== undefined, 'the log was never read')
    return this.#naive
  }

  get verifiedT(): T {
    return this.#naive?.basisT ?? -1
  }

  /** Where a request stands in the log, as far as it was verified. */
  tOf(serial: number): T | undefined {
    return this.#standing.get(serial)
  }

  give(random: SeededRandom): GivenRequest {
    const given = randomRequest(this.#given.size + 1, random)
    this.#given.set(given.serial, given)
    return given
  }

  /** The writer said no: it must never stand in the log. */
  refuse({ serial }: GivenRequest): void {
    this.#refused.add(serial)
  }

  /** The transaction was acknowledged, or shown to a reader, or kept by a recovery. */
  promise({ t, datoms }: Pick<LoggedTransaction, 't' | 'datoms'>): void {
    const text = textOf(datoms)
    const before = this.#promised.get(t)
    check(before === undefined || before === text, `transaction ${t} is another than it was`)
    this.#promised.set(t, text)
    this.promisedT = Math.max(this.promisedT, t)
  }

  /** A reader saw these facts. */
  see(facts: ViewableFacts): void {
    this.#sights.push({ t: facts.basisT, text: keptTextOf(facts) })
  }

  /** Everything promised is there, nothing else is, and the facts are what follows from it. */
  async verify(connection: Connection, random: SeededRandom): Promise<void> {
    let lastT = -1
    for await (const transaction of connection.transactions({ from: 0, to: Infinity, isLive: false })) {
      check(transaction.t === lastT + 1, `t goes from ${lastT} to ${transaction.t}`)
      lastT = transaction.t
      this.promise(transaction)
      if (lastT > this.verifiedT) this.#take(transaction)
    }
    check(lastT >= this.promisedT, `t ${this.promisedT} was promised, the log ends at ${lastT}`)
    const { facts } = connection.value()
    check(facts.basisT === lastT, `the log ends at t ${lastT}, the facts at ${facts.basisT}`)
    compareFacts(facts, this.naive, random)
    for (const { t, text } of this.#sights) {
      check(text === keptTextOf(this.naive.asOf(t)), `a reader saw other facts at t ${t} than there were`)
    }
    this.#sights = []
  }

  /** The next transaction of the log is one that was given, and does what the model says. */
  #take({ t, txInstantMs, datoms }: LoggedTransaction): void {
    const own = datoms.filter(({ a }) => a !== VARVE_TX_TEMPIDS)
    if (this.#naive === undefined) {
      const expected = textOf(bootstrapTransaction(SIMULATED_SCHEMA))
      check(textOf(own) === expected, 'the first transaction is not the bootstrap')
      this.#naive = NaiveFacts.create(datoms)
      return
    }
    const serial = serialOf(own, this.#naive)
    const given = this.#given.get(serial)
    check(given !== undefined, `transaction ${t} was given by nobody`)
    check(!this.#refused.has(serial), `transaction ${t} was refused`)
    check(!this.#standing.has(serial), `transactions ${this.#standing.get(serial)} and ${t} are one request`)
    this.#standing.set(serial, t)
    const ref = { database: 'naive', basisT: t - 1, steps: [] }
    const value = DatabaseValue.of(ref, this.#naive, () => Promise.reject(new BrokenPromise('no renewal')))
    const expected = speculateTransaction(value, given.request, txInstantMs, new Map())
    check(textOf(own) === textOf(expected.datoms), `transaction ${t} is not what the model makes of it`)
    this.#naive = this.#naive.with(datoms)
  }
}

function serialOf(datoms: readonly Datom[], { schema }: NaiveFacts): number {
  const id = schema.attributeNamed(SERIAL)?.id
  const found = datoms.find(({ e, a, t }) => a === id && e === TX_BASE + t)
  return Number(found?.v)
}

/** Throws where facts are not those of the model: as they are now, and in one more view and order. */
function compareFacts(facts: ViewableFacts, naive: NaiveFacts, random: SeededRandom): void {
  const [x, y] = [random.below(naive.basisT + 2), random.below(naive.basisT + 2)]
  const view = random.pick<(of: ViewableFacts) => ViewableFacts>([
    (of) => of.asOf(x),
    (of) => of.since(y),
    (of) => of.history(),
    (of) => of.history().asOf(x).since(y),
  ])
  compareView('the newest facts', facts, naive)
  const [found, expected] = [view(facts), view(naive)]
  compareView(`a view as of ${x}, since ${y} or of history`, found, expected)
  const index = random.pick(INDEXES)
  const all = (of: ViewableFacts): string => attempt(() => textOf(of.range(index, { prefix: [] })))
  check(all(found) === all(expected), `other facts in the order of ${index}`)
}

function compareView(name: string, found: ViewableFacts, expected: ViewableFacts): void {
  check(keptTextOf(found) === keptTextOf(expected), `${name}: other facts than the model's`)
  const attribute = found.schema.attributeNamed(FORGETFUL)!.id
  const forgetful = (of: ViewableFacts): string =>
    attempt(() => textOf(of.match(undefined, attribute, undefined)))
  check(forgetful(found) === forgetful(expected), `${name}: a past that is not kept shows otherwise`)
}

/** All facts but those of the attribute without history, of which a later value may know less. */
export function keptTextOf(facts: ViewableFacts): string {
  const forgetful = facts.schema.attributeNamed(FORGETFUL)?.id
  const texts: string[] = []
  const ids = Array.from(facts.schema.attributes(), ({ id }) => id).sort((p, q) => p - q)
  for (const id of ids) if (id !== forgetful) texts.push(textOf(facts.match(undefined, id, undefined)))
  return texts.filter((text) => text !== '').join('\n')
}

function attempt(work: () => string): string {
  try {
    return work()
  } catch (error) {
    if (error instanceof VarveError && /history-gone|past-not-kept/.test(error.code)) return 'not kept'
    throw error
  }
}

export function textOf(datoms: Iterable<Datom>): string {
  return Array.from(datoms, ({ e, a, v, t, added }) => `${e} ${a} ${textKey(v)} ${t} ${added}`).join('\n')
}
