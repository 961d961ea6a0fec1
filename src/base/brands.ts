// What an object is, asked of what only such objects have inside: true for those of other realms (a frame's, a worker's),
// which are no instances of our classes, and false for what only calls itself so.

export function isDate(value: object): value is Date {
  return calls(value, 'Date') && has(() => Date.prototype.getTime.call(value as Date))
}

export function isSet(value: object): value is Set<unknown> {
  return calls(value, 'Set') && has(() => Set.prototype.has.call(value as Set<unknown>, undefined))
}

export function isMap(value: object): value is Map<unknown, unknown> {
  return calls(value, 'Map') && has(() => Map.prototype.has.call(value as Map<unknown, unknown>, undefined))
}

/** Gives the name of the kind of array, undefined for what is none. */
const ARRAY_NAME = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype),
  Symbol.toStringTag,
)!.get!

export function isUint8Array(value: object): value is Uint8Array {
  return ARRAY_NAME.call(value) === 'Uint8Array'
}

/** True where it calls itself so: cheap, and no proof. */
function calls(value: object, name: string): boolean {
  return Object.prototype.toString.call(value) === `[object ${name}]`
}

function has(ask: () => unknown): boolean {
  try {
    ask()
    return true
  } catch {
    return false
  }
}
