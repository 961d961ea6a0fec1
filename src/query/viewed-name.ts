// A database and what is seen of it, as one text that requests and receipts name it by: `shop`, `shop@42` (as it was known at
// that t), and behind either, in the order in which they apply, `as-of MOMENT`, `since MOMENT` and `history`, where a
// moment is a t or an instant.

import { VarveError } from '../base/errors.ts'
import type { T } from '../fact/attribute.ts'
import { parseInstant } from '../fact/literals.ts'
import { type Edn, Tagged } from '../fact/value.ts'
import type { DatabaseValue } from '../database/database-value.ts'

/** Of arguments that are databases: `#varve/db "shop@42 since 40"`. */
export const DATABASE_TAG = 'varve/db'

export type View =
  | { readonly kind: 'as-of' | 'since'; readonly moment: T | Date }
  | { readonly kind: 'history' }

export type ViewedName = {
  /** Name or alias. */
  readonly name: string
  readonly t?: T
  readonly views: readonly View[]
}

const VIEWS_LENGTH_MAX = 16

/** Throws `varve.error/view-invalid`. */
export function parseViewedName(text: string): ViewedName {
  if (!/[@ ]/.test(text)) return { name: text, views: [] }
  const [named = '', ...words] = text.split(' ')
  const [, name, t] = /^([^@]+)(?:@(\d{1,15}))?$/.exec(named) ?? []
  if (name === undefined) throw viewInvalid(text)
  const views: View[] = []
  for (let at = 0; at < words.length; at++) {
    const word = words[at]
    if (word === 'history') views.push({ kind: word })
    else if (word === 'as-of' || word === 'since')
      views.push({ kind: word, moment: momentOf(words[++at]) ?? refuse(text) })
    else refuse(text)
  }
  if (views.length > VIEWS_LENGTH_MAX) throw viewInvalid(text)
  return { name, ...(t !== undefined && { t: Number(t) }), views }
}

export function writeViewedName({ name, t, views }: ViewedName): string {
  const words = views.map((view) => {
    if (view.kind === 'history') return ' history'
    const { moment } = view
    return ` ${view.kind} ${moment instanceof Date ? moment.toISOString() : moment}`
  })
  return `${name}${t === undefined ? '' : `@${t}`}${words.join('')}`
}

/** Whether anything but facts up to a moment is seen. */
export function isViewed({ ref }: DatabaseValue): boolean {
  return ref.steps.some(({ kind }) => kind === 'since' || kind === 'history')
}

/** The text by which the value is found again, as long as nothing is speculated on top of it. */
export function viewedNameOf({ ref }: DatabaseValue): string {
  const views = ref.steps.flatMap((step): View[] => {
    if (step.kind === 'history') return [step]
    return step.kind === 'as-of' || step.kind === 'since' ? [{ kind: step.kind, moment: step.t }] : []
  })
  return writeViewedName({ name: ref.database, t: ref.basisT, views })
}

export function seenThrough(value: DatabaseValue, views: readonly View[]): DatabaseValue {
  return views.reduce((seen, view) => {
    if (view.kind === 'history') return seen.history()
    return view.kind === 'as-of' ? seen.asOf(view.moment) : seen.since(view.moment)
  }, value)
}

/** The text of an argument that is a database; undefined for one that is a value. */
export function databaseArgument(argument: Edn): string | undefined {
  if (!(argument instanceof Tagged) || argument.tag !== DATABASE_TAG) return undefined
  if (typeof argument.value === 'string') return argument.value
  throw viewInvalid(String(argument.value))
}

function momentOf(word: string | undefined): T | Date | undefined {
  if (word === undefined) return undefined
  return /^\d{1,15}$/.test(word) ? Number(word) : parseInstant(word)
}

function refuse(text: string): never {
  throw viewInvalid(text)
}

function viewInvalid(text: string): VarveError {
  return new VarveError({
    code: 'varve.error/view-invalid',
    kind: 'incorrect',
    message: `${JSON.stringify(text.slice(0, 200))} names no database and what to see of it`,
    fix: 'Write a name or alias, then @T, then any of: as-of MOMENT, since MOMENT, history',
    data: { text: text.slice(0, 200) },
  })
}
