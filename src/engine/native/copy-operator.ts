// One more name for a column, or a column that holds one value: what `identity` and `ground` bind. Nothing is copied, no
// row looked at.

import type { Edn } from '../../fact/value.ts'
import type { Variable } from '../../plan/syntax.ts'
import type { CallArgument } from './call-operator.ts'
import { CollectedDomain, type Domain, NumberDomain } from './domain.ts'
import { type Chunk, Constant, type Layout, Operator, pickLayout } from './operator.ts'

type Copied = Exclude<CallArgument, { kind: 'call' }>

export class CopyOperator extends Operator {
  readonly layout: Layout
  readonly #kept: readonly number[]
  /** The column to hand on once more. */
  readonly #from: number | undefined
  readonly #constant: Constant | undefined

  /** `kept` are the incoming columns that go on, before the new one. */
  constructor(arg: Copied, name: Variable, incoming: Layout, kept: readonly number[]) {
    super()
    this.#kept = kept
    this.#from = arg.kind === 'column' ? arg.index : undefined
    const domain = arg.kind === 'column' ? arg.domain : domainOf(arg.value)
    this.#constant = arg.kind === 'constant' ? new Constant(domain.encode(arg.value)) : undefined
    const { names, domains } = pickLayout(incoming, kept)
    this.layout = { names: [...names, name], domains: [...domains, domain] }
  }

  /** A column that may hold nil is no matter of names: nil drops its row. */
  static canCopy(arg: CallArgument): arg is Copied {
    if (arg.kind === 'column') return !(arg.domain instanceof CollectedDomain)
    return arg.kind === 'constant' && arg.value !== null
  }

  push({ rowCount, columns }: Chunk): void {
    const copied = this.#from === undefined ? this.#constant!.column(rowCount) : columns[this.#from]!
    this.next.push({ rowCount, columns: [...this.#kept.map((from) => columns[from]!), copied] })
  }
}

function domainOf(value: Edn): Domain {
  if (Number.isSafeInteger(value)) return new NumberDomain('long')
  const domain = new CollectedDomain()
  domain.collect(value)
  return domain
}
