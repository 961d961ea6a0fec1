// Figures in the text format of Prometheus: requests by route and status and questions by class, with how long they took,
// errors by code, rows. Routes, statuses, classes and codes are few, so the series are bounded.
// docs/reference/metrics.md lists all names.

import type { QuestionClass } from '../plan/question-class.ts'

const BUCKETS_MS = [1, 5, 20, 100, 500, 2_000, 10_000]

type Series = { count: number; sumMs: number; readonly buckets: number[] }

/** A figure as it is at this moment, by labels. */
export type Gauge = {
  readonly name: string
  readonly help: string
  /** A gauge where it is left out. */
  readonly type?: 'counter'
  readonly series: ReadonlyMap<string, number>
}

export class Metrics {
  readonly #answered = new Map<string, Series>()
  readonly #asked = new Map<string, Series>()
  readonly #errors = new Map<string, number>()
  readonly #failedByClass = new Map<string, number>()
  #rowCount = 0

  answered(route: string, status: number, ms: number): void {
    observe(this.#answered, `route="${route}",status="${status}"`, ms)
  }

  /** A question, answered or not. */
  asked(kind: QuestionClass, ms: number): void {
    observe(this.#asked, `class="${kind}"`, ms)
  }

  failed(code: string, kind: QuestionClass | undefined): void {
    count(this.#errors, `code="${code}"`)
    if (kind !== undefined) count(this.#failedByClass, `class="${kind}",code="${code}"`)
  }

  rows(count: number): void {
    this.#rowCount += count
  }

  write(gauges: readonly Gauge[]): string {
    const lines = [
      ...histogram(
        'varve_http_request_duration_seconds',
        'Time from a request to its answer.',
        this.#answered,
      ),
      ...histogram('varve_question_duration_seconds', 'The same of questions, by their class.', this.#asked),
    ]
    lines.push(
      ...figure('varve_errors_total', 'Requests that were answered with an error.', 'counter', this.#errors),
      ...figure(
        'varve_question_errors_total',
        'The same of questions, by their class.',
        'counter',
        this.#failedByClass,
      ),
    )
    const rows = new Map([['', this.#rowCount]])
    lines.push(...figure('varve_answer_rows_total', 'Rows of all answers to questions.', 'counter', rows))
    for (const { name, help, type = 'gauge', series } of gauges)
      lines.push(...figure(name, help, type, series))
    return `${lines.join('\n')}\n`
  }
}

function observe(all: Map<string, Series>, labels: string, ms: number): void {
  let series = all.get(labels)
  if (series === undefined) {
    series = { count: 0, sumMs: 0, buckets: BUCKETS_MS.map(() => 0) }
    all.set(labels, series)
  }
  series.count++
  series.sumMs += ms
  BUCKETS_MS.forEach((bucket, i) => {
    if (ms <= bucket) series.buckets[i]!++
  })
}

function count(all: Map<string, number>, labels: string): void {
  all.set(labels, (all.get(labels) ?? 0) + 1)
}

function histogram(name: string, help: string, all: ReadonlyMap<string, Series>): readonly string[] {
  const lines = [`# HELP ${name} ${help}`, `# TYPE ${name} histogram`]
  for (const [labels, { count, sumMs, buckets }] of all) {
    BUCKETS_MS.forEach((bucket, i) =>
      lines.push(`${name}_bucket{${labels},le="${bucket / 1_000}"} ${buckets[i]}`),
    )
    lines.push(`${name}_bucket{${labels},le="+Inf"} ${count}`)
    lines.push(`${name}_sum{${labels}} ${sumMs / 1_000}`, `${name}_count{${labels}} ${count}`)
  }
  return lines
}

function figure(
  name: string,
  help: string,
  type: 'counter' | 'gauge',
  series: ReadonlyMap<string, number>,
): readonly string[] {
  const lines = [...series].map(([labels, value]) => `${name}${labels && `{${labels}}`} ${value}`)
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines]
}
