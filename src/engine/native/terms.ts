// What the arguments of steps are to operators: columns of the incoming rows, or constants.

import { assert } from '../../base/assert.ts'
import type { Passed as PassedTerm } from '../../plan/plan.ts'
import type { Argument } from '../../plan/syntax.ts'
import { functionUnsupported } from '../errors.ts'
import type { Passed } from './branch-operator.ts'
import type { Call, CallArgument, StoredRows } from './call-operator.ts'
import { CollectedDomain, NumberDomain } from './domain.ts'
import { columnOf, type Layout } from './operator.ts'

/** A function, which of its arguments are values, and what answers it for a chunk at once. */
export type InnerCall = {
  readonly call: Call
  readonly args: readonly Argument[]
  readonly rows: StoredRows | undefined
}

/** `callOf` makes the function of a call within a call. */
export function callArgument(
  arg: Argument,
  layout: Layout,
  callOf: (name: string, args: readonly Argument[]) => InnerCall,
): CallArgument {
  switch (arg.kind) {
    case 'constant':
      return arg
    case 'variable': {
      const index = columnOf(layout, arg.name)
      assert(index >= 0, 'a call waits for its arguments')
      return { kind: 'column', index, domain: layout.domains[index]! }
    }
    case 'call': {
      const { call, args, rows } = callOf(arg.name, arg.args)
      return { kind: 'call', call, args: args.map((inner) => callArgument(inner, layout, callOf)), rows }
    }
    case 'source':
      throw functionUnsupported(`a function of ${arg.name}`, undefined)
  }
}

/** The columns that go inside a body. */
export function passedColumns(passed: readonly PassedTerm[], layout: Layout): readonly Passed[] {
  return passed.map(({ name, from }): Passed => {
    if (from.kind === 'bound') {
      const index = columnOf(layout, from.name)
      return { name, kind: 'column', index, domain: layout.domains[index]! }
    }
    const isWhole = typeof from.value === 'number' && Number.isSafeInteger(from.value)
    if (isWhole) return { name, kind: 'constant', value: from.value, domain: new NumberDomain('long') }
    const domain = new CollectedDomain()
    domain.collect(from.value)
    return { name, kind: 'constant', value: from.value, domain }
  })
}
