// What is done for one request, as a tree of spans: of each a name, when it began and ended, and a few attributes. Spans
// are made only where somebody collects them: whoever can be traced takes `Span | undefined`, and without one does
// nothing. Names and attributes say what kind of work it was, never what was in it.
//
// Times are of the clock of one thread. What another thread recorded comes back as data and is fitted in.

import { VarveError } from './errors.ts'

/** Spans of one tree; those beyond are counted, not kept. */
export const SPAN_COUNT_MAX = 128

export type SpanAttributes = { [name: string]: string | number | boolean }

/** A span without its clock, as it travels between threads. */
export type SpanData = Pick<Span, 'name' | 'fromMs' | 'untilMs' | 'errorType' | 'attributes'> & {
  readonly children: readonly SpanData[]
}

type Tree = {
  readonly nowMs: () => number
  spanCount: number
  droppedCount: number
  /** The root has ended: what begins later is no part of it. */
  isClosed: boolean
}

export class Span {
  readonly name: string
  readonly fromMs: number
  /** Undefined while it goes on. */
  untilMs: number | undefined = undefined
  /** The code of the error that it ended with. */
  errorType: string | undefined = undefined
  readonly attributes: SpanAttributes = {}
  readonly children: Span[] = []
  readonly #tree: Tree
  readonly #isRoot: boolean

  private constructor(name: string, fromMs: number, tree: Tree, isRoot: boolean) {
    this.name = name
    this.fromMs = fromMs
    this.#tree = tree
    this.#isRoot = isRoot
  }

  /** The root of a tree. `nowMs` is the clock of this thread that never goes backwards. */
  static root(name: string, nowMs: () => number, fromMs: number = nowMs()): Span {
    return new Span(name, fromMs, { nowMs, spanCount: 1, droppedCount: 0, isClosed: false }, true)
  }

  /** Of the whole tree. */
  get spanCount(): number {
    return this.#tree.spanCount
  }

  /** Spans of the whole tree that found no place in it. */
  get droppedCount(): number {
    return this.#tree.droppedCount
  }

  /** A part of this span, from now on. */
  begin(name: string): Span {
    return this.#child(name, this.#tree.nowMs())
  }

  set(name: string, value: SpanAttributes[string]): void {
    this.attributes[name] = value
  }

  /** `error` is what it ended with, where it did. */
  end(error?: unknown): void {
    this.untilMs = this.#tree.nowMs()
    if (this.#isRoot) this.#tree.isClosed = true
    if (error !== undefined) this.errorType = error instanceof VarveError ? error.code : 'varve.error/fault'
  }

  /** As data, its times counted from its own beginning. */
  toData(originMs: number = this.fromMs): SpanData {
    const { name, untilMs, errorType, attributes } = this
    return {
      name,
      fromMs: this.fromMs - originMs,
      untilMs: untilMs === undefined ? undefined : untilMs - originMs,
      errorType,
      attributes,
      children: this.children.map((child) => child.toData(originMs)),
    }
  }

  /**
   * Takes over the parts of a span that another thread recorded while this one went on, until now. Clocks of threads differ:
   * what this one took longer went, half and half, into the way there and the way back.
   */
  take({ untilMs: tookMs = 0, children }: SpanData): void {
    const wayMs = Math.max(0, (this.#tree.nowMs() - this.fromMs - tookMs) / 2)
    for (const child of children) this.#take(child, this.fromMs + wayMs)
  }

  #take(data: SpanData, originMs: number): void {
    const child = this.#child(data.name, originMs + data.fromMs)
    child.untilMs = data.untilMs === undefined ? undefined : originMs + data.untilMs
    child.errorType = data.errorType
    Object.assign(child.attributes, data.attributes)
    for (const each of data.children) child.#take(each, originMs)
  }

  #child(name: string, fromMs: number): Span {
    const tree = this.#tree
    const child = new Span(name, fromMs, tree, false)
    if (tree.isClosed) return child
    if (tree.spanCount < SPAN_COUNT_MAX) {
      tree.spanCount++
      this.children.push(child)
    } else tree.droppedCount++
    return child
  }
}

/** Does `work` as a part of `parent` under this name; without a parent does it, no more. */
export function traced<Result>(
  parent: Span | undefined,
  name: string,
  work: (span: Span | undefined) => Promise<Result>,
): Promise<Result> {
  return parent === undefined ? work(undefined) : recorded(parent.begin(name), work)
}

async function recorded<Result>(span: Span, work: (span: Span) => Promise<Result>): Promise<Result> {
  try {
    const result = await work(span)
    span.end()
    return result
  } catch (error) {
    span.end(error)
    throw error
  }
}
