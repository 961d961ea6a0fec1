// What can be wrong with a request before any engine sees it.

import { VarveError } from '../base/errors.ts'
import { ENGINE_NAMES } from '../plan/engine.ts'
import type { Input } from '../plan/syntax.ts'

export function argumentCountWrong(inputs: readonly Input[], givenCount: number): VarveError {
  const wanted = inputs.filter(({ kind }) => kind !== 'source').length
  return new VarveError({
    code: 'varve.error/argument-count',
    kind: 'incorrect',
    message: `The query takes ${wanted} argument${wanted === 1 ? '' : 's'} beside its databases and got ${givenCount}`,
    fix: 'Give one argument for each input of :in that is not a source, in their order',
    data: { wanted, given: givenCount },
  })
}

export function sourceMissing(source: string): VarveError {
  return new VarveError({
    code: 'varve.error/source-missing',
    kind: 'incorrect',
    message: `Nothing was given for the source ${source}`,
    fix:
      source === '$'
        ? 'Name the database that $ means, or write $alias in the clauses'
        : 'Give a database, or a vector of rows',
    data: { source },
  })
}

export function engineUnknown(name: string, near: string | undefined): VarveError {
  return new VarveError({
    code: 'varve.error/engine-unknown',
    kind: 'incorrect',
    message: `There is no engine ${name}`,
    fix: near === undefined ? `The engines are ${ENGINE_NAMES.join(', ')}` : `Did you mean ${near}?`,
    data: { name, nearest: near },
  })
}
