// The native engine, asked with functions that a question brings along in place of built-in ones: the same functions under
// other names, called for many rows at once. What it answers must be the same.

import { VALUE_FUNCTIONS } from '../engine/functions.ts'
import { nativeAnswer } from '../engine/native/native.ts'
import type { EngineOptions, Question } from '../engine/question.ts'
import type { Answer, EngineInput } from '../plan/engine.ts'
import { functionNamed, NO_STORED_FUNCTIONS, type StoredFunction } from '../plan/functions.ts'
import type { Argument, Clause, Rule } from '../plan/syntax.ts'

/** What compares names of entities looks at where its arguments come from. */
const OWN = new Set(['=', '==', '!=', 'not=', 'ground', 'identity'])

const TWINS: ReadonlyMap<string, StoredFunction> = new Map(
  [...VALUE_FUNCTIONS].map(([name, run]) => [`stored/${name}`, (rows) => rows.map((row) => run(row))]),
)
const STORED = { ...NO_STORED_FUNCTIONS, functions: TWINS, hash: 'twins' }

export function answerByTwins(question: Question, options: EngineOptions): Answer {
  const { query, inputs, limits } = question
  return nativeAnswer(
    {
      ...question,
      query: { ...query, where: query.where.map(clauseOfTwins) },
      inputs: inputs.map(inputOfTwins),
      limits: { ...limits, stored: STORED },
    },
    options,
  )
}

function inputOfTwins(input: EngineInput): EngineInput {
  if (input.kind !== 'rules') return input
  const rules = [...input.rules].map(([name, all]): readonly [string, readonly Rule[]] => [
    name,
    all.map((rule) => ({ ...rule, body: rule.body.map(clauseOfTwins) })),
  ])
  return { kind: 'rules', rules: new Map(rules) }
}

function clauseOfTwins(clause: Clause): Clause {
  switch (clause.kind) {
    case 'predicate':
    case 'function':
      return { ...clause, name: twinOf(clause.name), args: clause.args.map(argumentOfTwins) }
    case 'not':
      return { ...clause, clauses: clause.clauses.map(clauseOfTwins) }
    case 'or':
      return { ...clause, branches: clause.branches.map((branch) => branch.map(clauseOfTwins)) }
    case 'pattern':
    case 'rule':
      return clause
  }
}

function argumentOfTwins(arg: Argument): Argument {
  if (arg.kind !== 'call') return arg
  return { ...arg, name: twinOf(arg.name), args: arg.args.map(argumentOfTwins) }
}

function twinOf(name: string): string {
  const canonical = functionNamed(name)?.name ?? name
  return VALUE_FUNCTIONS.has(canonical) && !OWN.has(canonical) ? `stored/${canonical}` : name
}
