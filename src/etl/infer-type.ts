// The type of a column from all of its cells: the narrowest that holds every one of them. Each cell leaves some
// types possible; what all leave possible is the answer, `string` where nothing else is.
//
//   true, FALSE                          boolean
//   12, -3                               long; bigint beyond 64 bits
//   2.55, 1e6                            double; bigdec where a double would not give the digits back
//   2010-12-01 08:26, 12/1/10 8:26 …     instant (moment-text.ts)
//   00123, +49 30 …                      string: a number would lose what is written
//
// Text of JSON may be an instant or a uuid, never a number: who wrote "12" meant text.

import { unreachable } from '../base/assert.ts'
import { parseUuid } from '../fact/literals.ts'
import {
  BigInteger,
  Decimal,
  Double,
  type Edn,
  Float,
  Keyword,
  LONG_MAX,
  LONG_MIN,
  numberType,
  Uri,
  Uuid,
} from '../fact/value.ts'
import { type DateOrder, dateOrders, momentMs } from './moment-text.ts'
import type { ColumnType } from './read-cell.ts'
import type { Cell, CellTyping } from './source.ts'

/** Narrowest first: the first that is possible is chosen. */
const CHOICES = [
  'boolean',
  'long',
  'bigint',
  'double',
  'bigdec',
  'float',
  'instant',
  'uuid',
  'uri',
  'keyword',
  'bytes',
] as const satisfies readonly ColumnType[]

function maskOf(...types: readonly (typeof CHOICES)[number][]): number {
  return types.reduce((mask, type) => mask | (1 << CHOICES.indexOf(type)), 0)
}

const ANY = maskOf(...CHOICES)
const BOOLEAN = maskOf('boolean')
const SHORT_INTEGER = maskOf('long', 'bigint', 'double', 'bigdec')
const LONG_INTEGER = maskOf('long', 'bigint', 'bigdec')
const BIG_INTEGER = maskOf('bigint', 'bigdec')
const NUMBER = maskOf('double', 'bigdec')
const EXACT_NUMBER = maskOf('bigdec')
const SINGLE = maskOf('float', 'double', 'bigdec')
const INSTANT = maskOf('instant')
const UUID = maskOf('uuid')

/** Digits that a double always gives back. */
const DOUBLE_DIGITS = 15
const NUMBER_TEXT = /^-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d{1,3})?$/

export type InferredColumn = {
  readonly type: ColumnType
  readonly isMany: boolean
  /** Which of day and month comes first, where the cells ask. */
  readonly order: DateOrder
  /** No cell tells the order: it was assumed. */
  readonly isOrderAssumed: boolean
}

export class ColumnSurvey {
  readonly #typing: CellTyping
  #mask = ANY
  #isMany = false
  #isEmpty = true
  #isMonthFirstPossible = true
  #isDayFirstPossible = true
  #asksForOrder = false
  #lastText: string | undefined

  constructor(typing: CellTyping) {
    this.#typing = typing
  }

  addAll(cells: readonly Cell[]): void {
    for (const cell of cells) this.add(cell)
  }

  add(cell: Cell): void {
    if (cell === undefined || cell === null || cell === '') return
    this.#isEmpty = false
    if (Array.isArray(cell)) {
      this.#isMany = true
      for (const item of cell as readonly Edn[]) this.#look(item)
    } else this.#look(cell)
  }

  result(given: DateOrder | undefined): InferredColumn {
    const isContradictory = !this.#isMonthFirstPossible && !this.#isDayFirstPossible
    const mask = this.#isEmpty || (isContradictory && given === undefined) ? 0 : this.#mask
    const order = given ?? (this.#isMonthFirstPossible ? 'mdy' : 'dmy')
    const isOpen = this.#isMonthFirstPossible && this.#isDayFirstPossible
    const type = CHOICES.find((_, index) => (mask & (1 << index)) !== 0) ?? 'string'
    return {
      type,
      isMany: this.#isMany,
      order,
      isOrderAssumed: type === 'instant' && this.#asksForOrder && isOpen && given === undefined,
    }
  }

  #look(cell: Edn): void {
    if (typeof cell === 'string') {
      // Once nothing but text is possible, no further text changes it. Neighbours are often equal.
      if (this.#mask === 0 || cell === this.#lastText) return
      this.#lastText = cell
      this.#mask &= this.#maskOfText(cell.trim())
    } else this.#mask &= maskOfTyped(cell)
  }

  #maskOfText(text: string): number {
    if (this.#typing === 'typed') return 0
    const first = text.charCodeAt(0)
    const startsLikeNumber = (first >= 0x30 && first <= 0x39) || first === 0x2d
    if (startsLikeNumber && this.#typing === 'text') {
      const mask = maskOfNumber(text)
      if (mask !== 0) return mask
    }
    if (text.length === 36 && parseUuid(text) !== undefined) return UUID
    if (startsLikeNumber && (this.#mask & INSTANT) !== 0 && this.#isMoment(text)) return INSTANT
    if (this.#typing === 'text' && /^(?:true|false)$/i.test(text)) return BOOLEAN
    return 0
  }

  #isMoment(text: string): boolean {
    const orders = dateOrders(text)
    if (orders === undefined) return momentMs(text, 'mdy') !== undefined
    this.#asksForOrder = true
    this.#isMonthFirstPossible &&= orders.mdy
    this.#isDayFirstPossible &&= orders.dmy
    return momentMs(text, orders.mdy ? 'mdy' : 'dmy') !== undefined
  }
}

function maskOfNumber(text: string): number {
  const plain = maskOfPlainNumber(text)
  if (plain !== 0) return plain
  const match = NUMBER_TEXT.exec(text)
  if (match === null) return 0
  if (match[1] === undefined && match[2] === undefined) {
    if (text.length <= DOUBLE_DIGITS) return SHORT_INTEGER
    const value = BigInt(text)
    return value >= LONG_MIN && value <= LONG_MAX ? LONG_INTEGER : BIG_INTEGER
  }
  if (!Number.isFinite(Number(text))) return EXACT_NUMBER
  const digits = text.replace(/[eE].*$/, '').replace(/^-?0?\.?0*|[-.]/g, '')
  return digits.length <= DOUBLE_DIGITS || String(Number(text)) === text ? NUMBER : EXACT_NUMBER
}

/** Of few digits, perhaps with a point among them: what most numbers are. 0 for any other text. */
function maskOfPlainNumber(text: string): number {
  if (text.length > DOUBLE_DIGITS || text.length === 0) return 0
  let pointAt = -1
  for (let at = 0; at < text.length; at++) {
    const c = text.charCodeAt(at)
    if (c === POINT && pointAt < 0) pointAt = at
    else if (c < ZERO || c > ZERO + 9) return 0
  }
  const wholeLength = pointAt < 0 ? text.length : pointAt
  // No digit before the point or behind it, or a zero in front of others.
  if (wholeLength === 0 || pointAt === text.length - 1) return 0
  if (wholeLength > 1 && text.charCodeAt(0) === ZERO) return 0
  return pointAt < 0 ? SHORT_INTEGER : NUMBER
}

const ZERO = 0x30
const POINT = 0x2e

function maskOfTyped(cell: Edn): number {
  if (typeof cell === 'boolean') return BOOLEAN
  if (cell instanceof Date) return INSTANT
  if (cell instanceof Uuid) return UUID
  if (cell instanceof Uri) return maskOf('uri')
  if (cell instanceof Keyword) return maskOf('keyword')
  if (cell instanceof Uint8Array) return maskOf('bytes')
  if (cell instanceof Float) return SINGLE
  if (cell instanceof BigInteger) return BIG_INTEGER
  if (cell instanceof Decimal) return EXACT_NUMBER
  if (cell instanceof Double) return NUMBER
  const type = numberType(cell)
  switch (type) {
    case 'long':
      return typeof cell === 'number' ? SHORT_INTEGER : LONG_INTEGER
    case 'double':
      return NUMBER
    case 'bigint':
    case 'bigdec':
    case 'float':
    case undefined:
      return 0
    default:
      return unreachable(type)
  }
}
