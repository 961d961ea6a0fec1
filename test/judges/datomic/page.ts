// The compatibility page, docs/reference/datomic.md, made from the cases: how many of them Datomic answers alike,
// and every one where it does not, with the reason that the case gives. It needs no Java: the judge proves that
// cases and Datomic agree (run.ts), this only prints what they say.

import { globSync, readFileSync } from 'node:fs'
import { basename, join, relative } from 'node:path'
import { type Case, type DatomicAnswer, parseCases } from '../../../src/cli/cases/case-file.ts'
import { writeEdn } from '../../../src/fact/edn-writer.ts'
import type { Edn } from '../../../src/fact/value.ts'

export const PAGE_PATH = 'docs/reference/datomic.md'

type Difference = Exclude<DatomicAnswer, { kind: 'same' | 'skip' }>
type Differing = Case & { readonly datomic: Difference }

/** Parts of the page, each with the first halves of the names of its cases. */
const AREAS: readonly (readonly [title: string, names: readonly string[]])[] = [
  ['Transactions', ['tx', 'transactions']],
  ['Schema', ['schema', 'schema-changes']],
  ['Types and values', ['type', 'value', 'compare', 'numbers']],
  ['Tuples', ['tuple', 'tuples']],
  ['The past', ['time', 'moments']],
  ['Patterns and names', ['pattern', 'patterns', 'names', 'circles', 'unify', 'underscore']],
  ['Inputs and sources', ['input', 'inputs', 'source']],
  [
    'Functions and predicates',
    ['function', 'functions', 'predicate', 'get', 'bind', 'failing', 'failure', 'rewriting', 'procedures'],
  ],
  ['And, or, not', ['or', 'not', 'bindings']],
  ['Rules', ['rule', 'rules']],
  ['Find, aggregates, order', ['find', 'aggregate', 'query', 'questions', 'results']],
  ['Pull', ['pull', 'pulls']],
]

/** The page as it should stand, from the case files under `root`. */
export function datomicPage(root: string): string {
  const cases = globSync(join(root, 'test/cases/**/*.edn'))
    .sort()
    .flatMap((file) => parseCases(readFileSync(file, 'utf8'), relative(root, file)))
  const byArea = AREAS.map(([title, names]) => ({
    title,
    cases: cases.filter((made) => names.includes(areaOf(made))),
  }))
  const lost = cases.find((made) => !byArea.some((area) => area.cases.includes(made)))
  if (lost !== undefined)
    throw new Error(`${lost.name} belongs to no area: add it to AREAS in ${basename(import.meta.url)}`)
  return [
    ...head(cases, readFileSync(join(root, 'test/judges/datomic/pom.xml'), 'utf8')),
    ...counts(byArea),
    ...byArea.flatMap(section),
    ...unasked(cases),
    '',
  ].join('\n')
}

function head(cases: readonly Case[], pom: string): string[] {
  const version = /<artifactId>peer<\/artifactId>\s*<version>([^<]+)</.exec(pom)?.[1]
  const { same, different, skipped } = tally(cases)
  return [
    '<!-- Made from the cases by `npm run judge -- --page`; do not edit. -->',
    '# Varve for people who know Datomic',
    '',
    `Varve speaks the Datomic dialect. Each of its ${cases.length} [cases](../../test/cases/README.md) was put to the real Datomic`,
    `(peer ${version}, in memory): **${same} get the same answer**, ${different} another one on purpose${skipped === 0 ? '' : `; ${skipped} cannot be put to it`}.`,
    'This page counts the former and shows the latter, each with its reason. `npm run judge` asks again (it needs Java 17',
    'and Maven).',
    '',
    "Where both refuse, they count as the same; codes are Datomic's where it has one. What the query language is stands in",
    '[its reference](query.md).',
    '',
  ]
}

function counts(areas: readonly { readonly title: string; readonly cases: readonly Case[] }[]): string[] {
  const rows = areas.map(({ title, cases }) => {
    const { same, different } = tally(cases)
    const name = different === 0 ? title : `[${title}](#${anchor(title)})`
    return `| ${name} | ${same} | ${different === 0 ? '' : different} |`
  })
  return ['| area | same answer | another answer |', '|---|---|---|', ...rows, '']
}

function section({ title, cases }: { readonly title: string; readonly cases: readonly Case[] }): string[] {
  const byReason = new Map<string, Differing[]>()
  for (const made of cases) {
    if (!isDifferent(made)) continue
    const held = byReason.get(made.datomic.because)
    if (held === undefined) byReason.set(made.datomic.because, [made])
    else held.push(made)
  }
  if (byReason.size === 0) return []
  return [`## ${title}`, '', ...[...byReason].flatMap(([because, made]) => difference(because, made))]
}

/** One reason, with its first case as the example. */
function difference(because: string, cases: readonly Differing[]): string[] {
  const [example] = cases
  const facts = example!.facts.transactions.map((tx) => writeEdn(tx))
  return [
    `**Datomic: ${because}.**${cases.length > 1 ? ` (${cases.length} cases)` : ''}`,
    '',
    '```clojure',
    ...facts.map((tx) => `${tx} ; transact`),
    ...question(example!),
    `; Datomic: ${datomicAnswer(example!.datomic)}`,
    `; Varve:   ${varveAnswer(example!)}`,
    '```',
    '',
  ]
}

function question({ ask, facts }: Case): string[] {
  const view = facts.view === undefined ? '' : ` ; of the view ${writeEdn(facts.view)}`
  if (ask.kind === 'pull') return [`(pull ${writeEdn(ask.pattern)} ${writeEdn(ask.eid)})${view}`]
  const args = ask.args.length === 0 ? [] : [`; with ${ask.args.map((arg) => writeEdn(arg)).join(' ')}`]
  return [`${writeEdn(ask.query)}${view}`, ...args]
}

function datomicAnswer(answer: Difference): string {
  return answer.kind === 'error' ? 'an error' : shown(answer.value)
}

function varveAnswer({ expectation }: Case): string {
  switch (expectation.kind) {
    case 'value':
      return shown(expectation.value)
    case 'count':
      return `${expectation.count} rows`
    case 'error':
      return expectation.code === undefined ? 'an error' : `error ${expectation.code}`
  }
}

function shown(value: Edn): string {
  return value === null ? 'nothing' : writeEdn(value)
}

function unasked(cases: readonly Case[]): string[] {
  const skipped = cases.flatMap(({ name, datomic }) =>
    datomic.kind === 'skip' ? [{ name: `\`${name}\``, because: datomic.because }] : [],
  )
  const byReason = [...Map.groupBy(skipped, ({ because }) => because)]
  const lines = byReason.map(([because, all]) => `- ${because}: ${all.map(({ name }) => name).join(', ')}`)
  return lines.length === 0 ? [] : ['## Not asked', '', ...lines]
}

function tally(cases: readonly Case[]): {
  readonly same: number
  readonly different: number
  readonly skipped: number
} {
  const different = cases.filter(isDifferent).length
  const skipped = cases.filter(({ datomic }) => datomic.kind === 'skip').length
  return { same: cases.length - different - skipped, different, skipped }
}

function isDifferent(made: Case): made is Differing {
  return made.datomic.kind === 'answer' || made.datomic.kind === 'error'
}

/** `pull/limit` and `differ-pull/limit` are about pull. */
function areaOf({ name }: Case): string {
  return name.replace(/^differ-/, '').replace(/\/.*$/, '')
}

function anchor(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^a-z0-9 -]/g, '')
    .replaceAll(' ', '-')
}
