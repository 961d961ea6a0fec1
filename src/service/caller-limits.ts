// What one caller may have at once, so that nobody harms the others: requests in flight, workers, and of each question its
// rows, bytes and time; all of it together, and of points and scans apart. What a token says holds where it is less than
// what the service allows anybody.

import { type Caller, type CallerLimits, LIMIT_NAMES, type LimitName } from '../access/caller.ts'
import type { QuestionClass } from '../plan/question-class.ts'
import type { AskLimits } from '../query/ask.ts'
import type { Asker, QuestionBounds } from '../query/asker.ts'
import { tooManyRequests } from './errors.ts'

/** What every caller may have that is told nothing else. */
export const CALLER_LIMITS: CallerLimits = { concurrency: 256 }

export class CallersInFlight {
  readonly #limits: CallerLimits
  readonly #limitsByToken = new WeakMap<CallerLimits, CallerLimits>()
  readonly #counts = new Map<string, number>()
  #count = 0

  /** `limits` are those of every caller. */
  constructor(limits: CallerLimits = CALLER_LIMITS) {
    this.#limits = limits
  }

  get count(): number {
    return this.#count
  }

  /** Throws `varve.error/too-many-requests`. */
  enter(caller: Caller): InFlight {
    const inFlight = new InFlight(nameOf(caller), this.#limitsOf(caller), this.#counts, () => this.#count--)
    this.#count++
    return inFlight
  }

  /** Of a request that anybody may send. */
  uncounted(): InFlight {
    return new InFlight('', {}, new Map(), () => undefined)
  }

  #limitsOf({ limits: own }: Caller): CallerLimits {
    if (own === undefined) return this.#limits
    let limits = this.#limitsByToken.get(own)
    if (limits === undefined) this.#limitsByToken.set(own, (limits = lesser(this.#limits, own)))
    return limits
  }
}

/** A request that is being answered, with the class of what it asks once that is known. */
export class InFlight {
  readonly limits: CallerLimits
  readonly #name: string
  readonly #counts: Map<string, number>
  readonly #onLeave: () => void
  #kind: QuestionClass | undefined
  /** Where it is counted among those of its class. */
  #classKey: string | undefined
  #isIn = true

  constructor(name: string, limits: CallerLimits, counts: Map<string, number>, onLeave: () => void) {
    this.limits = limits
    this.#name = name
    this.#counts = counts
    this.#onLeave = onLeave
    this.#enter(name, limits.concurrency)
  }

  /** Of the question; of several the one that takes most. */
  get kind(): QuestionClass | undefined {
    return this.#kind
  }

  /** Throws `varve.error/too-many-requests` where the caller may have no more of this class. */
  becomes(kind: QuestionClass): void {
    if (this.#kind === kind || this.#kind === 'scan' || !this.#isIn) return
    // Told even of one that is refused.
    this.#kind = kind
    const key = `${kind} ${this.#name}`
    this.#enter(key, this.limits[`${kind}.concurrency`], kind)
    this.#leaveClass()
    this.#classKey = key
  }

  /** To be called when the answer has left; once more does nothing. */
  leave(): void {
    if (!this.#isIn) return
    this.#isIn = false
    this.#leave(this.#name)
    this.#leaveClass()
    this.#onLeave()
  }

  #enter(key: string, countMax: number = Infinity, kind?: QuestionClass): void {
    const count = this.#counts.get(key) ?? 0
    if (count >= countMax) throw tooManyRequests(countMax, kind)
    this.#counts.set(key, count + 1)
  }

  #leaveClass(): void {
    if (this.#classKey !== undefined) this.#leave(this.#classKey)
  }

  #leave(key: string): void {
    const left = (this.#counts.get(key) ?? 1) - 1
    if (left === 0) this.#counts.delete(key)
    else this.#counts.set(key, left)
  }
}

/** The bounds of a question of this caller, whatever its class. */
export function limitsFor<Limits extends AskLimits>(limits: Limits, { limits: own = {} }: Caller): Limits {
  return {
    ...limits,
    timeoutMs: Math.min(limits.timeoutMs, own.timeoutMs ?? Infinity),
    timeoutMsMax: Math.min(limits.timeoutMsMax, own.timeoutMs ?? Infinity),
    rowCountMax: Math.min(limits.rowCountMax, own.rowCount ?? Infinity),
    memoryBytes: Math.min(limits.memoryBytes, own.memoryBytes ?? Infinity),
    memoryBytesMax: Math.min(limits.memoryBytesMax, own.memoryBytes ?? Infinity),
    answerBytesMax: Math.min(limits.answerBytesMax, own.answerBytes ?? Infinity),
  }
}

/** Who asks a question, as whoever runs it sees it. */
export function askerOf(caller: Caller, inFlight: InFlight, onWorkerEnd: () => void): Asker {
  const { limits } = inFlight
  return {
    share: { name: nameOf(caller), workerCountMax: limits.workers ?? Infinity },
    boundsOf: (kind) => boundsOf(limits, kind),
    onClass: (kind) => inFlight.becomes(kind),
    onWorkerEnd,
  }
}

type ClassBounds = Readonly<Record<QuestionClass, QuestionBounds | undefined>>
const boundsByLimits = new WeakMap<CallerLimits, ClassBounds>()

/** Undefined where nothing bounds this class alone. */
function boundsOf(limits: CallerLimits, kind: QuestionClass): QuestionBounds | undefined {
  let bounds = boundsByLimits.get(limits)
  if (bounds === undefined) {
    bounds = { point: classBounds(limits, 'point'), scan: classBounds(limits, 'scan') }
    boundsByLimits.set(limits, bounds)
  }
  return bounds[kind]
}

function classBounds(limits: CallerLimits, kind: QuestionClass): QuestionBounds | undefined {
  const bounds = {
    timeoutMs: limits[`${kind}.timeoutMs`] ?? Infinity,
    rowCountMax: limits[`${kind}.rowCount`] ?? Infinity,
    memoryBytesMax: limits[`${kind}.memoryBytes`] ?? Infinity,
    answerBytesMax: limits[`${kind}.answerBytes`] ?? Infinity,
  }
  return Object.values(bounds).every((bound) => bound === Infinity) ? undefined : bounds
}

/** Of each limit the lesser, where both have it. */
function lesser(limits: CallerLimits, own: CallerLimits): CallerLimits {
  const all: Partial<Record<LimitName, number>> = { ...limits, ...own }
  for (const name of LIMIT_NAMES) {
    const [one, other] = [limits[name], own[name]]
    if (one !== undefined && other !== undefined) all[name] = Math.min(one, other)
  }
  return all
}

function nameOf({ kind, name }: Caller): string {
  return `${kind} ${name}`
}
