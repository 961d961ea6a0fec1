// A clause as it looks in text, for messages that name it.

import type { PlanTerm } from './plan.ts'
import type { Goal } from './scope.ts'
import { show } from './show.ts'
import type { Argument, Binding, Clause, FindElement, Term } from './syntax.ts'

const LENGTH_MAX = 160

/** The clause as EDN, cut after 160 characters. */
export function showClause(clause: Clause): string {
  const text = render(clause)
  return text.length > LENGTH_MAX ? `${text.slice(0, LENGTH_MAX)}…` : text
}

/** A goal as it looks in text, for messages. */
export function showGoal(goal: Goal): string {
  if (goal.kind !== 'input') return showClause(goal)
  return `the input of ${goal.terms.map((term) => (term.kind === 'variable' ? term.name : '_')).join(' ')}`
}

function render(clause: Clause): string {
  switch (clause.kind) {
    case 'pattern': {
      const source = clause.source === '$' ? '' : `${clause.source} `
      return `[${source}${clause.terms.map(showTerm).join(' ')}]`
    }
    case 'predicate':
      return `[${showCall(clause.name, clause.args)}]`
    case 'function':
      return `[${showCall(clause.name, clause.args)} ${showBinding(clause.binding)}]`
    case 'not': {
      const join = clause.join === undefined ? 'not' : `not-join [${clause.join.join(' ')}]`
      return `(${prefix(clause.source)}${join} ${renderAll(clause.clauses)})`
    }
    case 'or': {
      const { join } = clause
      const required =
        join === undefined || join.required.length === 0 ? [] : [`[${join.required.join(' ')}]`]
      const head = join === undefined ? 'or' : `or-join [${[...required, ...join.free].join(' ')}]`
      return `(${prefix(clause.source)}${head} ${clause.branches.map(showBranch).join(' ')})`
    }
    case 'rule':
      return `(${[`${prefix(clause.source)}${clause.name}`, ...clause.args.map(showTerm)].join(' ')})`
  }
}

function renderAll(clauses: readonly Clause[]): string {
  let text = ''
  for (const clause of clauses) {
    text += (text === '' ? '' : ' ') + render(clause)
    if (text.length > LENGTH_MAX) return text
  }
  return text
}

function showBranch(branch: readonly Clause[]): string {
  return branch.length === 1 ? renderAll(branch) : `(and ${renderAll(branch)})`
}

function prefix(source: string | undefined): string {
  return source === undefined ? '' : `${source} `
}

/** The places of a step, as they would stand in a clause. */
export function showTerms(terms: readonly PlanTerm[]): string {
  return terms
    .map((term) => {
      if (term.kind === 'constant') return show(term.value)
      return term.kind === 'bound' || term.kind === 'fresh' ? term.name : '_'
    })
    .join(' ')
}

/** An element of the find, as columns are called. */
export function showElement(element: FindElement): string {
  switch (element.kind) {
    case 'variable':
      return element.name
    case 'aggregate': {
      const args = element.args.map((arg) => (arg.kind === 'constant' ? show(arg.value) : arg.name))
      return `(${[element.name, ...args, element.variable].join(' ')})`
    }
    case 'pull':
      return `(pull ${element.source === '$' ? '' : `${element.source} `}${element.variable})`
  }
}

function showTerm(term: Term): string {
  switch (term.kind) {
    case 'variable':
      return term.name
    case 'blank':
      return '_'
    case 'constant':
      return show(term.value)
  }
}

function showCall(name: string, args: readonly Argument[]): string {
  return `(${[name, ...args.map(showArgument)].join(' ')})`
}

function showArgument(arg: Argument): string {
  switch (arg.kind) {
    case 'variable':
    case 'source':
      return arg.name
    case 'constant':
      return show(arg.value)
    case 'call':
      return showCall(arg.name, arg.args)
  }
}

export function showBinding(binding: Binding): string {
  switch (binding.kind) {
    case 'variable':
      return binding.name
    case 'blank':
      return '_'
    case 'collection':
      return `[${showBinding(binding.item)} ...]`
    case 'tuple':
      return `[${binding.items.map(showBinding).join(' ')}]`
    case 'relation':
      return `[[${binding.items.map(showBinding).join(' ')}]]`
  }
}
