// What is taken away: every door through which something could come in that is not an argument, or go out that is not a
// result. And what is frozen: everything that is left.

import type { Realm } from './realm.ts'

/** Clock and files are not there to begin with; dates are made safe apart (realm-dates.ts). */
export function closeDoors(realm: Realm): void {
  const refuse = (why: string) => (): never => {
    throw new TypeError(why)
  }
  const noChance = 'a procedure has no chance of its own: take a seed as an argument, and call random(seed)'
  Object.defineProperty(Math, 'random', { value: refuse(noChance) })
  // What answers in the language of the machine.
  const numbers = Number.prototype as unknown as Realm
  numbers['toLocaleString'] = numbers['toString']
  delete (String.prototype as unknown as Realm)['localeCompare']
  const noCode = refuse('a procedure makes no code of text')
  for (const each of [() => 0, function* () {}, async () => 0, async function* () {}])
    Object.defineProperty(Object.getPrototypeOf(each), 'constructor', { value: noCode })
  realm['Function'] = noCode
  const gone = ['eval', 'ask', 'WeakRef', 'FinalizationRegistry', 'SharedArrayBuffer', 'Atomics', 'Promise']
  for (const name of [...gone, 'queueMicrotask', 'gc', 'console', 'performance', 'print', 'scriptArgs'])
    delete realm[name]
}

/** Freezes all that the globals lead to, the kinds of values that no global leads to, and `more`. */
export function freezeRealm(realm: Realm, more: readonly object[]): void {
  const errors = [Error, TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError]
  for (const { prototype } of [...errors, AggregateError])
    for (const key of ['name', 'message', 'constructor']) keepAssignable(prototype, key)
  for (const key of ['toString', 'valueOf', 'constructor']) keepAssignable(Object.prototype, key)

  /** Frozen, an inherited property can no longer be assigned on an object of one's own; these are assigned often. */
  function keepAssignable(object: object, key: string): void {
    const { value } = Object.getOwnPropertyDescriptor(object, key)!
    const set = function (this: object, own: unknown): void {
      if (this === object) throw new TypeError(`${key} cannot be changed`)
      Object.defineProperty(this, key, { value: own, writable: true, enumerable: true, configurable: true })
    }
    Object.defineProperty(object, key, { get: () => value as unknown, set })
  }

  const frozen = new Set<unknown>()
  function freezeAll(start: unknown): void {
    const pending = [start]
    while (pending.length > 0) {
      const x = pending.pop()
      if ((typeof x !== 'object' && typeof x !== 'function') || x === null || frozen.has(x)) continue
      frozen.add(x)
      pending.push(Object.getPrototypeOf(x))
      for (const key of Reflect.ownKeys(x)) {
        const { value, get, set } = Object.getOwnPropertyDescriptor(x, key)!
        pending.push(value, get, set)
      }
      Object.freeze(x)
    }
  }

  const iterators = realm['Iterator'] as {
    from(of: object): { map(change: (x: unknown) => unknown): object }
    concat(of: object): object
  }
  // Functions and iterators whose kinds no global leads to.
  const hidden = [
    function* () {},
    async () => 0,
    async function* () {},
    (async () => 0)(),
    (function* () {})(),
    (async function* () {})(),
    iterators.from([]).map((x) => x),
    iterators.from({ next: () => ({ done: true }) }),
    iterators.concat([]),
    [].values(),
    ''[Symbol.iterator](),
    new Map()[Symbol.iterator](),
    new Set()[Symbol.iterator](),
    'x'.matchAll(/x/g),
  ]
  for (const each of hidden) freezeAll(Object.getPrototypeOf(each))
  for (const each of more) freezeAll(each)
  freezeAll(realm)
}
