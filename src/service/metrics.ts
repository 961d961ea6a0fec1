// Counters in the text format of Prometheus: requests by route and status, and how long they took.

const BUCKETS_MS = [1, 5, 20, 100, 500, 2_000, 10_000]

type Series = { count: number; sumMs: number; readonly buckets: number[] }

export class Metrics {
  readonly #answered = new Map<string, Series>()

  answered(route: string, status: number, ms: number): void {
    const key = `route="${route}",status="${status}"`
    let series = this.#answered.get(key)
    if (series === undefined) {
      series = { count: 0, sumMs: 0, buckets: BUCKETS_MS.map(() => 0) }
      this.#answered.set(key, series)
    }
    series.count++
    series.sumMs += ms
    BUCKETS_MS.forEach((bucket, i) => {
      if (ms <= bucket) series.buckets[i]!++
    })
  }

  /** `gauges` are figures read at this moment, by full name. */
  write(gauges: Readonly<Record<string, number>>): string {
    const lines = ['# TYPE varve_http_request_duration_seconds histogram']
    for (const [labels, { count, sumMs, buckets }] of this.#answered) {
      const name = 'varve_http_request_duration_seconds'
      BUCKETS_MS.forEach((bucket, i) =>
        lines.push(`${name}_bucket{${labels},le="${bucket / 1_000}"} ${buckets[i]}`),
      )
      lines.push(`${name}_bucket{${labels},le="+Inf"} ${count}`)
      lines.push(`${name}_sum{${labels}} ${sumMs / 1_000}`, `${name}_count{${labels}} ${count}`)
    }
    for (const [name, value] of Object.entries(gauges))
      lines.push(`# TYPE ${name.replace(/\{.*/, '')} gauge`, `${name} ${value}`)
    return `${lines.join('\n')}\n`
  }
}
