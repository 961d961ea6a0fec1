// Figures in the text format of Prometheus: requests by route and status and how long they took, errors by code, rows.
// Routes, statuses and codes are few, so the series are bounded. docs/reference/metrics.md lists all names.

const BUCKETS_MS = [1, 5, 20, 100, 500, 2_000, 10_000]
const DURATION = 'varve_http_request_duration_seconds'

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
  readonly #errors = new Map<string, number>()
  #rowCount = 0

  answered(route: string, status: number, ms: number): void {
    const labels = `route="${route}",status="${status}"`
    let series = this.#answered.get(labels)
    if (series === undefined) {
      series = { count: 0, sumMs: 0, buckets: BUCKETS_MS.map(() => 0) }
      this.#answered.set(labels, series)
    }
    series.count++
    series.sumMs += ms
    BUCKETS_MS.forEach((bucket, i) => {
      if (ms <= bucket) series.buckets[i]!++
    })
  }

  failed(code: string): void {
    this.#errors.set(code, (this.#errors.get(code) ?? 0) + 1)
  }

  rows(count: number): void {
    this.#rowCount += count
  }

  write(gauges: readonly Gauge[]): string {
    const lines = [`# HELP ${DURATION} Time from a request to its answer.`, `# TYPE ${DURATION} histogram`]
    for (const [labels, { count, sumMs, buckets }] of this.#answered) {
      BUCKETS_MS.forEach((bucket, i) =>
        lines.push(`${DURATION}_bucket{${labels},le="${bucket / 1_000}"} ${buckets[i]}`),
      )
      lines.push(`${DURATION}_bucket{${labels},le="+Inf"} ${count}`)
      lines.push(`${DURATION}_sum{${labels}} ${sumMs / 1_000}`, `${DURATION}_count{${labels}} ${count}`)
    }
    const codes = new Map([...this.#errors].map(([code, count]) => [`code="${code}"`, count]))
    lines.push(
      ...figure('varve_errors_total', 'Requests that were answered with an error.', 'counter', codes),
    )
    const rows = new Map([['', this.#rowCount]])
    lines.push(...figure('varve_answer_rows_total', 'Rows of all answers to questions.', 'counter', rows))
    for (const { name, help, type = 'gauge', series } of gauges)
      lines.push(...figure(name, help, type, series))
    return `${lines.join('\n')}\n`
  }
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
