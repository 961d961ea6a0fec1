// What runs inside the sandbox before any procedure does, as text: it takes away clock, chance and whatever else could
// make two runs differ, adds exact values (docs/reference/procedures.md), freezes all of it, and gives the function that
// runs a procedure over rows. Nothing outlives a call: a procedure is made anew for each row, and no object that it can
// reach besides can change.
//
// It must name nothing from outside itself.

/** Runs a procedure: rows of arguments as JSON in, an array of results out. */
export type RunRows = (make: () => unknown, rows: string, kind: string) => string

/** Text that gives, evaluated in a fresh realm whose one host function is `ask`, what runs procedures there. */
export function preludeSource(): string {
  return `(${String(prelude)})(globalThis)`
}

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }
type Realm = Record<string, unknown>

function prelude(realm: Realm): RunRows {
  'use strict'
  const { parse, stringify } = JSON
  const {
    entries,
    keys: namesOf,
    getOwnPropertyDescriptor,
    getPrototypeOf,
    defineProperty,
    freeze,
    fromEntries,
  } = Object
  const { apply, construct, ownKeys } = Reflect
  const { isArray } = Array
  const RealDate = Date
  const ask = realm['ask'] as (question: string) => string

  // Names that are no text: keywords, symbols, uuids, uris. The same name is the same object within a call.
  class Name {
    readonly #tag: string
    readonly text: string
    constructor(tag: string, text: string) {
      this.#tag = tag
      this.text = text
      freeze(this)
    }
    toString(): string {
      return this.#tag === '#kw' ? `:${this.text}` : this.text
    }
    toJSON(): string {
      return this.toString()
    }
    get tag(): string {
      return this.#tag
    }
  }
  const names = new Map<string, Name>()
  function nameOf(tag: string, text: string): Name {
    const key = `${tag} ${text}`
    let name = names.get(key)
    if (name === undefined) names.set(key, (name = new Name(tag, text)))
    return name
  }
  const textOf = (x: unknown): string => {
    if (typeof x !== 'string') throw new TypeError('text is needed')
    return x
  }
  realm['keyword'] = (text: unknown) => nameOf('#kw', textOf(text).replace(/^:/, ''))
  realm['symbol'] = (text: unknown) => nameOf('#sym', textOf(text))
  realm['uuid'] = (text: unknown) => nameOf('#uuid', textOf(text).toLowerCase())
  realm['uri'] = (text: unknown) => nameOf('#uri', textOf(text))

  // A double that is whole, which a plain number would not be.
  class Double {
    readonly value: number
    constructor(value: number) {
      this.value = value
    }
    valueOf(): number {
      return this.value
    }
  }
  realm['double'] = (x: unknown) => new Double(Number(x))

  // Exact decimals: digits and how many of them stand behind the point.
  const DIGITS_MAX = 1_000
  const abs = (n: bigint): bigint => (n < 0n ? -n : n)
  function rounded(n: bigint, divisor: bigint, mode: string): bigint {
    const quotient = n / divisor
    const rest = abs(n % divisor) * 2n
    const away = quotient + (n < 0n !== divisor < 0n ? -1n : 1n)
    if (rest === 0n) return quotient
    const limit = abs(divisor)
    switch (mode) {
      case 'half-even':
        return rest > limit || (rest === limit && quotient % 2n !== 0n) ? away : quotient
      case 'half-up':
        return rest >= limit ? away : quotient
      case 'down':
        return quotient
      case 'up':
        return away
      case 'floor':
        return n < 0n !== divisor < 0n ? away : quotient
      case 'ceiling':
        return n < 0n !== divisor < 0n ? quotient : away
      default:
        throw new RangeError(`${mode} is no way of rounding`)
    }
  }
  class Decimal {
    readonly digits: bigint
    readonly places: number
    constructor(digits: bigint, places: number) {
      if (!(places >= 0 && places <= DIGITS_MAX)) throw new RangeError('a decimal has at most 1000 places')
      this.digits = digits
      this.places = places
    }
    plus(other: unknown): Decimal {
      const [x, y, places] = aligned(this, decimal(other))
      return new Decimal(x + y, places)
    }
    minus(other: unknown): Decimal {
      return this.plus(decimal(other).negated())
    }
    times(other: unknown): Decimal {
      const by = decimal(other)
      return new Decimal(this.digits * by.digits, this.places + by.places)
    }
    /** Rounded to so many places: a quotient has no end of its own. */
    dividedBy(other: unknown, places: number, mode: string = 'half-even'): Decimal {
      const [x, y] = aligned(this, decimal(other))
      if (y === 0n) throw new RangeError('a decimal is divided by zero')
      return new Decimal(rounded(x * 10n ** BigInt(places), y, mode), places)
    }
    round(places: number = 0, mode: string = 'half-even'): Decimal {
      if (places >= this.places) return this
      const divisor = 10n ** BigInt(this.places - places)
      return new Decimal(rounded(this.digits, divisor, mode), places)
    }
    negated(): Decimal {
      return new Decimal(-this.digits, this.places)
    }
    abs(): Decimal {
      return new Decimal(abs(this.digits), this.places)
    }
    /** -1, 0 or 1. */
    comparedTo(other: unknown): number {
      const [x, y] = aligned(this, decimal(other))
      return x < y ? -1 : x > y ? 1 : 0
    }
    equals(other: unknown): boolean {
      return this.comparedTo(other) === 0
    }
    toNumber(): number {
      return Number(this.toString())
    }
    toString(): string {
      const text = String(abs(this.digits)).padStart(this.places + 1, '0')
      const sign = this.digits < 0n ? '-' : ''
      if (this.places === 0) return sign + text
      return `${sign}${text.slice(0, -this.places)}.${text.slice(-this.places)}`
    }
    toJSON(): string {
      return this.toString()
    }
    valueOf(): never {
      throw new TypeError('decimals are added by plus and compared by comparedTo; String(x) is their text')
    }
  }
  function aligned(x: Decimal, y: Decimal): readonly [bigint, bigint, number] {
    const places = x.places > y.places ? x.places : y.places
    const digits = (d: Decimal): bigint => d.digits * 10n ** BigInt(places - d.places)
    return [digits(x), digits(y), places]
  }
  const DECIMAL = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,4}))?$/
  function decimal(x: unknown): Decimal {
    if (x instanceof Decimal) return x
    if (typeof x === 'bigint') return new Decimal(x, 0)
    const text = String(x)
    const [, sign = '', whole = '', part = '', power = '0'] = DECIMAL.exec(text) ?? []
    if ((whole === '' && part === '') || text.length > DIGITS_MAX)
      throw new TypeError(`${text} is no decimal`)
    const digits = BigInt(`${sign === '-' ? '-' : ''}${whole}${part}`)
    const places = part.length - Number(power)
    return places >= 0 ? new Decimal(digits, places) : new Decimal(digits * 10n ** BigInt(-places), 0)
  }
  realm['decimal'] = decimal
  /** As Varve writes it: mostly without an exponent, and never wrong. */
  function writtenDecimal(text: string): Decimal {
    if (text.includes('e') || text.includes('E')) return decimal(text)
    const point = text.indexOf('.')
    if (point < 0) return new Decimal(BigInt(text), 0)
    return new Decimal(BigInt(text.slice(0, point) + text.slice(point + 1)), text.length - point - 1)
  }

  // Chance that a seed repeats exactly: FNV-1a over the seeds as text, then a Weyl sequence through a mixer.
  realm['random'] = (...seeds: readonly unknown[]) => {
    if (seeds.length === 0) throw new TypeError('random takes a seed')
    let state = 0x811c9dc5
    for (const unit of stringify(seeds.map((seed) => encoded(seed, 0)))) {
      state = Math.imul(state ^ unit.codePointAt(0)!, 0x01000193) >>> 0
    }
    const next = (): number => {
      state = (state + 0x6d2b79f5) >>> 0
      let x = state
      x = Math.imul(x ^ (x >>> 16), 0x85ebca6b)
      x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35)
      return ((x ^ (x >>> 16)) >>> 0) / 2 ** 32
    }
    return { next }
  }

  // Dates know UTC alone, and no moment by themselves.
  const ISO = /^[+-]?\d{4,6}-\d\d(-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)?)?)?$/
  function instantMs(args: readonly unknown[]): number {
    const [first] = args
    if (args.length > 1) return RealDate.UTC(...(args as [number, number]))
    if (typeof first !== 'string') return Number(first)
    if (!ISO.test(first)) return NaN
    return RealDate.parse(first.includes('T') && !/(Z|[+-]\d\d:\d\d)$/.test(first) ? `${first}Z` : first)
  }
  function SafeDate(...args: readonly unknown[]): Date {
    if (new.target === undefined || args.length === 0)
      throw new TypeError('a procedure has no clock: take the moment as an argument')
    return construct(RealDate, [instantMs(args)], new.target) as Date
  }
  SafeDate.prototype = RealDate.prototype
  SafeDate.UTC = RealDate.UTC
  SafeDate.parse = (text: unknown) => instantMs([textOf(text)])
  const dates = RealDate.prototype as unknown as Realm
  for (const part of ['FullYear', 'Month', 'Date', 'Day', 'Hours', 'Minutes', 'Seconds', 'Milliseconds']) {
    dates[`get${part}`] = dates[`getUTC${part}`]
    if (part !== 'Day') dates[`set${part}`] = dates[`setUTC${part}`]
  }
  dates['getTimezoneOffset'] = () => 0
  for (const name of ['toString', 'toDateString', 'toTimeString', 'toLocaleString', 'toLocaleDateString'])
    dates[name] = dates['toISOString']
  dates['toLocaleTimeString'] = dates['toISOString']
  defineProperty(dates, 'constructor', { value: SafeDate })
  realm['Date'] = SafeDate

  const noChance = (): never => {
    throw new TypeError(
      'a procedure has no chance of its own: take a seed as an argument, and call random(seed)',
    )
  }
  defineProperty(Math, 'random', { value: noChance })
  // What answers in the language of the machine.
  const numbers = Number.prototype as unknown as Realm
  numbers['toLocaleString'] = numbers['toString']
  const texts = String.prototype as unknown as Realm
  texts['localeCompare'] = undefined

  // Further doors out of a call: code made of text, memory that is watched, work for later.
  const noCode = (): never => {
    throw new TypeError('a procedure makes no code of text')
  }
  const functions = [() => 0, function* () {}, async () => undefined, async function* () {}].map(
    (each) => getPrototypeOf(each) as object,
  )
  for (const each of functions) defineProperty(each, 'constructor', { value: noCode })
  realm['Function'] = noCode
  const gone = ['eval', 'ask', 'WeakRef', 'FinalizationRegistry', 'SharedArrayBuffer', 'Atomics', 'Promise']
  for (const name of [...gone, 'queueMicrotask', 'gc', 'console', 'performance', 'print', 'scriptArgs'])
    delete realm[name]

  function decoded(x: Json): unknown {
    if (typeof x !== 'object' || x === null) return x
    if (isArray(x)) return (x as readonly Json[]).map(decoded)
    const object = x as Record<string, Json>
    const keys = namesOf(object)
    const [first] = keys
    if (keys.length === 1 && first![0] === '#') return tagged(first!, object[first!]!)
    return fromEntries(keys.map((key) => [key, decoded(object[key]!)]))
  }
  function tagged(tag: string, x: Json): unknown {
    switch (tag) {
      case '#kw':
      case '#sym':
      case '#uuid':
      case '#uri':
        return nameOf(tag, x as string)
      case '#ms':
        return new RealDate(x as number)
      case '#inst':
        return new RealDate(x as string)
      case '#long':
      case '#bigint':
        return BigInt(x as string)
      case '#bigdec':
        return writtenDecimal(x as string)
      case '#double':
      case '#float':
        return Number(x)
      case '#str':
        return x
      case '#bytes':
        return bytesOf(x as string)
      case '#list':
        return (x as readonly Json[]).map(decoded)
      case '#set':
        return new Set((x as readonly Json[]).map(decoded))
      case '#map':
        return new Map((x as readonly (readonly [Json, Json])[]).map(([k, v]) => [decoded(k), decoded(v)]))
      default:
        throw new TypeError(`a value of the type ${tag} has no place here`)
    }
  }

  const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
  function bytesOf(text: string): Uint8Array {
    const length = text.replace(/=+$/, '').length
    const bytes = new Uint8Array((length * 3) >> 2)
    let bits = 0
    for (let at = 0, to = 0; at < length; at++) {
      bits = ((bits << 6) | BASE64.indexOf(text[at]!)) & 0xffffff
      if (at % 4 > 0) bytes[to++] = bits >> (6 - 2 * (at % 4))
    }
    return bytes
  }
  function base64(bytes: Uint8Array): string {
    let text = ''
    for (let at = 0; at < bytes.length; at += 3) {
      const bits = (bytes[at]! << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0)
      const count = bytes.length - at
      text += BASE64[bits >> 18]! + BASE64[(bits >> 12) & 63]!
      text += (count > 1 ? BASE64[(bits >> 6) & 63]! : '=') + (count > 2 ? BASE64[bits & 63]! : '=')
    }
    return text
  }

  // Results as JSON text: numbers are longs where they are whole, as in TypeScript.
  const DEPTH_MAX = 200
  function numberText(x: number): string {
    if (!isFinite(x)) return `{"#double":"${x}"}`
    if (Number.isSafeInteger(x)) return x === 0 ? '0' : String(x)
    const text = String(x)
    return /[.e]/.test(text) ? text : `${text}.0`
  }
  function encoded(x: unknown, depth: number): string {
    if (depth > DEPTH_MAX) throw new RangeError('the value is nested too deep')
    switch (typeof x) {
      case 'undefined':
        return 'null'
      case 'boolean':
        return x ? 'true' : 'false'
      case 'number':
        return numberText(x)
      case 'string':
        return stringify(x)
      case 'bigint':
        if (x >= -(2n ** 53n) && x <= 2n ** 53n) return String(x)
        return BigInt.asIntN(64, x) === x ? `{"#long":"${x}"}` : `{"#bigint":"${x}"}`
      case 'object':
        return x === null ? 'null' : objectText(x, depth + 1)
      default:
        throw new TypeError(`a ${typeof x} is no value`)
    }
  }
  function objectText(x: object, depth: number): string {
    const items = (list: Iterable<unknown>): string => [...list].map((each) => encoded(each, depth)).join(',')
    const pair = ([key, value]: readonly [unknown, unknown]): string => `[${items([key, value])}]`
    if (isArray(x)) return `[${items(x)}]`
    if (x instanceof Name) return `{"${x.tag}":${stringify(x.text)}}`
    if (x instanceof Double) return doubleText(x.value)
    if (x instanceof Decimal) return `{"#bigdec":"${x.toString()}"}`
    if (x instanceof RealDate) return `{"#inst":"${x.toISOString()}"}`
    if (x instanceof Uint8Array) return `{"#bytes":"${base64(x)}"}`
    if (x instanceof Set) return `{"#set":[${items(x)}]}`
    if (x instanceof Map) return `{"#map":[${[...x].map(pair).join(',')}]}`
    if ('then' in x) throw new TypeError('a procedure gives its result at once, and no promise')
    const members = entries(x)
    if (members.length === 1 && members[0]![0][0] === '#') return `{"#map":[${members.map(pair).join(',')}]}`
    return `{${members.map(([key, value]) => `${stringify(key)}:${encoded(value, depth)}`).join(',')}}`
  }
  function doubleText(x: number): string {
    const text = numberText(x)
    return /^-?\d+$/.test(text) ? `${text}.0` : text
  }

  function asked(...question: readonly unknown[]): unknown {
    return decoded(parse(ask(encoded(question, 0))) as Json)
  }
  const database = {
    q: (query: unknown, ...args: readonly unknown[]) => asked('q', query, args),
    pull: (pattern: unknown, entity: unknown) => asked('pull', pattern, entity),
    entity: (entity: unknown) => asked('entity', entity),
    value: (entity: unknown, attribute: unknown) => asked('value', entity, attribute),
    get basisT() {
      return asked('basis')
    },
  }

  // Frozen, a property that an object inherits can no longer be assigned on it; these are assigned often.
  function keepAssignable(object: object, key: string): void {
    const { value } = getOwnPropertyDescriptor(object, key)!
    const set = function (this: object, own: unknown): void {
      if (this === object) throw new TypeError(`${key} cannot be changed`)
      defineProperty(this, key, { value: own, writable: true, enumerable: true, configurable: true })
    }
    defineProperty(object, key, { get: () => value as unknown, set })
  }
  const errors = [
    Error,
    TypeError,
    RangeError,
    SyntaxError,
    ReferenceError,
    EvalError,
    URIError,
    AggregateError,
  ]
  for (const each of errors)
    for (const key of ['name', 'message', 'constructor']) keepAssignable(each.prototype, key)
  for (const key of ['toString', 'valueOf', 'constructor']) keepAssignable(Object.prototype, key)

  const frozen = new Set<unknown>()
  function freezeAll(start: unknown): void {
    const pending = [start]
    while (pending.length > 0) {
      const x = pending.pop()
      if ((typeof x !== 'object' && typeof x !== 'function') || x === null || frozen.has(x)) continue
      frozen.add(x)
      pending.push(getPrototypeOf(x))
      for (const key of ownKeys(x)) {
        const { value, get, set } = getOwnPropertyDescriptor(x, key)!
        pending.push(value, get, set)
      }
      // Typed arrays with elements cannot be frozen; none is reachable here.
      freeze(x)
    }
  }
  const iterators = realm['Iterator'] as {
    from(of: object): { map(change: (x: unknown) => unknown): object }
    concat(of: object): object
  }
  // What only a value of its kind leads to.
  const hidden = [
    [].values(),
    iterators.from([]).map((x) => x),
    iterators.from({ next: () => ({ done: true }) }),
    iterators.concat([]),
    (async () => undefined)(),
    ''[Symbol.iterator](),
    new Map()[Symbol.iterator](),
    new Set()[Symbol.iterator](),
    'x'.matchAll(/x/g),
    new Proxy({}, {}),
    (function* () {})(),
    (async function* () {})(),
  ]
  for (const each of hidden) freezeAll(getPrototypeOf(each))
  for (const each of [Name, Double, Decimal, database, ...functions]) freezeAll(each)
  freezeAll(realm)

  return (make, rows, kind) => {
    names.clear()
    if (typeof make() !== 'function') throw new TypeError('the source gives no function')
    let text = ''
    for (const row of parse(rows) as readonly Json[]) {
      const args = decoded(row) as unknown[]
      if (kind === 'transaction') args.unshift(database)
      // The prelude looked at it already: the same text gives a function again.
      text += (text === '' ? '' : ',') + encoded(apply(make() as () => unknown, undefined, args), 0)
    }
    return `[${text}]`
  }
}
