// Counters in the text format of Prometheus: requests by route and status, and how long they took. Routes and
// statuses are few, so the series are bounded.

const BUCKETS_MS = [1, 5, 20, 100, 500, 2_000, 10_000]
const DURATION = 'varve_http_request_duration_seconds'

type Series = { count: number; sumMs: number; readonly buckets: number[] }

export class Metrics {
  readonly #answered = new Map<string, Series>()

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

  /** `gauges` are figures read at this moment: by name, then by labels. */
  write(gauges: ReadonlyMap<string, ReadonlyMap<string, number>>): string {
    const lines = [`# HELP ${DURATION} Time from a request to its answer.`, `# TYPE ${DURATION} histogram`]
    for (const [labels, { count, sumMs, buckets }] of this.#answered) {
      BUCKETS_MS.forEach((bucket, i) =>
        lines.push(`${DURATION}_bucket{${labels},le="${bucket / 1_000}"} ${buckets[i]}`),
      )
      lines.push(`${DURATION}_bucket{${labels},le="+Inf"} ${count}`)
      lines.push(`${DURATION}_sum{${labels}} ${sumMs / 1_000}`, `${DURATION}_count{${labels}} ${count}`)
    }
    for (const [name, series] of gauges) {
      lines.push(`# TYPE ${name} gauge`)
      for (const [labels, figure] of series) lines.push(`${name}${labels && `{${labels}}`} ${figure}`)
    }
    return `${lines.join('\n')}\n`
  }
}
