// Which cases engines refused, and why.

import type { CaseRefusal } from './run-cases.ts'

export class Refusals {
  /** Names of cases by engine and reason. */
  readonly #names = new Map<string, Map<string, Set<string>>>()

  add(engine: string, { name, reason }: CaseRefusal): void {
    const reasons = this.#names.get(engine) ?? new Map<string, Set<string>>()
    this.#names.set(engine, reasons)
    // What the row was stands in brackets: the reason is the same.
    const plain = reason.replace(/ \(.*/s, '')
    reasons.set(plain, (reasons.get(plain) ?? new Set()).add(name))
  }

  /** Cases that an engine refused, on any layout. */
  count(engine: string): number {
    const names = [...(this.#names.get(engine)?.values() ?? [])].flatMap((each) => [...each])
    return new Set(names).size
  }

  /** A line for each engine that refused any, and one for each reason. */
  text(): string {
    let text = ''
    for (const [engine, reasons] of this.#names) {
      text += `${engine} refused ${this.count(engine)}:\n`
      const sorted = [...reasons].sort(([, x], [, y]) => y.size - x.size)
      for (const [reason, names] of sorted) text += `  ${names.size} ${reason} (${[...names][0]})\n`
    }
    return text
  }
}
