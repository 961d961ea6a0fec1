// A database and what is seen of it, as one text that requests and receipts name it by: `shop`, `shop@42` (as it was known at
// that t), and behind either, in the order in which they apply, `as-of MOMENT`, `since MOMENT`, `history`, where a moment is
// a t or an instant, and `with PLACE`, where a place is that of a speculation which goes along (speculation.ts).

import { VarveError } from '../base/errors.ts'
import type { T } from '../fact/attribute.ts'
import { parseInstant } from '../fact/literals.ts'
import { type Edn, Tagged } from '../fact/value.ts'
import { assert } from '../base/assert.ts'
import type { DatabaseValue } from '../database/database-value.ts'
import type { Speculate } from './speculation.ts'

/** Of arguments that are databases: `#varve/db "shop@42 since 40"`. */
export const DATABASE_TAG = 'varve/db'

export type View =
  | { readonly kind: 'as-of' | 'since'; readonly moment: T | Date }
  | { readonly kind: 'history' }
  | { readonly kind: 'with'; readonly place: number }

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
    else if (word === 'with') views.push({ kind: word, place: placeOf(words[++at]) ?? refuse(text) })
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
    if (view.kind === 'with') return ` with ${view.place}`
    const { moment } = view
    return ` ${view.kind} ${moment instanceof Date ? moment.toISOString() : moment}`
  })
  return `${name}${t === undefined ? '' : `@${t}`}${words.join('')}`
}

/** Whether anything but facts up to a moment is seen. */
export function isViewed({ ref }: DatabaseValue): boolean {
  return ref.steps.some(({ kind }) => kind === 'since' || kind === 'history' || kind === 'with')
}

export function isSpeculative({ ref }: DatabaseValue): boolean {
  return ref.steps.some(({ kind }) => kind === 'with')
}

/** The text by which the value is found again; what is speculated on top of it is put behind `speculations`. */
export function viewedNameOf({ ref }: DatabaseValue, speculations: string[]): string {
  const views = ref.steps.flatMap((step): View[] => {
    if (step.kind === 'history') return [step]
    if (step.kind === 'with') {
      assert(step.from !== undefined, 'who speculates for a question says what of')
      return [{ kind: 'with', place: placeIn(speculations, step.from) }]
    }
    return step.kind === 'as-of' || step.kind === 'since' ? [{ kind: step.kind, moment: step.t }] : []
  })
  return writeViewedName({ name: ref.database, t: ref.basisT, views })
}

function placeIn(speculations: string[], text: string): number {
  const known = speculations.indexOf(text)
  return known < 0 ? speculations.push(text) - 1 : known
}

export async function seenThrough(
  value: DatabaseValue,
  views: readonly View[],
  speculate: Speculate = nothingSpeculated,
): Promise<DatabaseValue> {
  let seen = value
  for (const view of views) {
    if (view.kind === 'history') seen = seen.history()
    else if (view.kind === 'with') seen = await speculate(seen, view.place)
    else seen = view.kind === 'as-of' ? seen.asOf(view.moment) : seen.since(view.moment)
  }
  return seen
}

function nothingSpeculated({ database }: DatabaseValue, place: number): never {
  throw viewInvalid(`${database} with ${place}`)
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

function placeOf(word: string | undefined): number | undefined {
  return word !== undefined && /^\d{1,3}$/.test(word) ? Number(word) : undefined
}

function refuse(text: string): never {
  throw viewInvalid(text)
}

function viewInvalid(text: string): VarveError {
  return new VarveError({
    code: 'varve.error/view-invalid',
    kind: 'incorrect',
    message: `${JSON.stringify(text.slice(0, 200))} names no database and what to see of it`,
    fix: 'Write a name or alias, then @T, then any of: as-of MOMENT, since MOMENT, history, with PLACE of a speculation',
    data: { text: text.slice(0, 200) },
  })
}
