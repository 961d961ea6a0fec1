// The bounds that one question keeps, whatever works for it: rows, bytes, time, a signal. Bytes are counted where they
// are allocated, on behalf of the step of the plan that needs them, so that the error at the bound names the clause
// that grew and `explain` tells what each step took. What is counted grows with the facts: tables of attributes, sets
// of rows, groups, values that were computed. Buffers of one chunk, of which each step has a few, are not.

import type { Check } from '../base/batches.ts'
import type { Place } from '../base/errors.ts'
import { isPlanted } from '../base/planted.ts'
import type { EngineLimits } from '../plan/engine.ts'
import { queryCancelled, queryOutOfMemory, queryTimeout, tooManyRows } from './errors.ts'

/** A step may be an entity pulled, or a row of a million groups: a thousand take some milliseconds at most. */
const STEPS_BETWEEN_CHECKS = 1024

/** What all steps of one question share. */
type Course = {
  limits: EngineLimits
  readonly nowMs: () => number
  heldBytes: number
  peakBytes: number
  /** What other questions may read too, and this one has counted. */
  readonly counted: Set<object>
  readonly steps: Map<object, Budget>
}

/** Of whose work a budget tells: a clause, mostly. */
export type Worker = { readonly name: () => string; readonly place?: Place | undefined }

const QUESTION: Worker = { name: () => 'the question' }

/** Bounds that mean the same in another thread. */
export type SentLimits = Omit<EngineLimits, 'deadlineMs' | 'signal'> & { readonly remainingMs: number }

/** Counts the work of one question, or of one step of it, and stops it at the question's bounds. */
export class Budget {
  #course: Course
  readonly #worker: Worker
  #steps = 0
  #heldBytes = 0
  #peakBytes = 0

  private constructor(course: Course, worker: Worker) {
    this.#course = course
    this.#worker = worker
  }

  /** The budget of a question. */
  static of(limits: EngineLimits, nowMs: () => number): Budget {
    const course = { limits, nowMs, heldBytes: 0, peakBytes: 0, counted: new Set<object>(), steps: new Map() }
    const budget = new Budget(course, QUESTION)
    budget.check()
    return budget
  }

  /** For work on a part of the question in another thread, whose clock may show another time. */
  get sentLimits(): SentLimits {
    const { limits, nowMs } = this.#course
    const { deadlineMs, rowCountMax, memoryBytesMax } = limits
    return { remainingMs: deadlineMs - nowMs(), rowCountMax, memoryBytesMax }
  }

  /** For work on the caller's thread that nobody can give up, about one entity or one transaction. */
  static unbounded(): Budget {
    return Budget.of({ deadlineMs: Infinity, rowCountMax: Infinity, memoryBytesMax: Infinity }, () => 0)
  }

  /** The budget of one step of the question: the same one whenever it is asked for. */
  ofStep(step: object, worker: Worker): Budget {
    const { steps } = this.#course
    let budget = steps.get(step)
    if (budget === undefined) steps.set(step, (budget = new Budget(this.#course, worker)))
    return budget
  }

  /**
   * Goes on with the bounds of another question; what is held counts for both from now on. False where more is held
   * than that one may hold: then nothing changes.
   */
  restart(other: Budget): boolean {
    const { limits } = other.#course
    if (this.#course.heldBytes > limits.memoryBytesMax) return false
    this.#course.limits = limits
    this.#course.peakBytes = this.#course.heldBytes
    other.#course = this.#course
    this.#steps = 0
    return true
  }

  /** One small piece of work; looks at clock and signal every thousand. */
  step(): void {
    if (++this.#steps < STEPS_BETWEEN_CHECKS) return
    this.#steps = 0
    this.check()
  }

  /** `check` for work that knows nothing of questions. */
  readonly checks: Check = () => this.check()

  /** Throws `varve.error/query-cancelled` or `varve.error/query-timeout` where the question is to end. */
  check(): void {
    const { limits, nowMs } = this.#course
    const { signal, deadlineMs } = limits
    if (signal?.aborted === true) throw queryCancelled(signal.reason)
    if (deadlineMs !== Infinity && nowMs() > deadlineMs) throw queryTimeout()
  }

  /** A relation, named by `where`, has grown to this many rows. */
  holdRows(count: number, where: () => string): void {
    const { rowCountMax } = this.#course.limits
    if (count > rowCountMax) throw tooManyRows(rowCountMax, where())
  }

  /** So many bytes more are about to be allocated. Throws `varve.error/query-out-of-memory` where they are too many. */
  hold(bytes: number): void {
    const course = this.#course
    const { memoryBytesMax } = course.limits
    const heldBytes = course.heldBytes + bytes
    if (heldBytes > memoryBytesMax && !isPlanted('budget-without-bytes')) {
      const { name, place } = this.#worker
      throw queryOutOfMemory({ memoryBytesMax, heldBytes, where: name(), place })
    }
    course.heldBytes = heldBytes
    if (heldBytes > course.peakBytes) course.peakBytes = heldBytes
    this.#heldBytes += bytes
    if (this.#heldBytes > this.#peakBytes) this.#peakBytes = this.#heldBytes
  }

  /** As `hold`, for what other questions may read too: it is counted once. */
  holdShared(owner: object, bytes: number): void {
    const { counted } = this.#course
    if (counted.has(owner)) return
    this.hold(bytes)
    counted.add(owner)
  }

  /** So many bytes are free again. */
  release(bytes: number): void {
    this.#course.heldBytes -= bytes
    this.#heldBytes -= bytes
  }

  /** Holds bytes while work goes on that needs them and leaves none of them. */
  holdDuring<Made>(bytes: number, work: () => Made): Made {
    this.hold(bytes)
    try {
      return work()
    } finally {
      this.release(bytes)
    }
  }

  /** All that this step still holds is free again. */
  releaseAll(): void {
    this.release(this.#heldBytes)
  }

  /** What the whole question held, at most. */
  get questionPeakBytes(): number {
    return this.#course.peakBytes
  }

  /** What the whole question holds now. */
  get questionHeldBytes(): number {
    return this.#course.heldBytes
  }

  /** What each step held, at most. */
  peakBytesOf(step: object): number {
    const budget = this.#course.steps.get(step)
    return budget === undefined ? 0 : budget.#peakBytes
  }
}
