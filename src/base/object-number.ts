// A number for an object that no other has, so that names can be made of things that have none.

const numbers = new WeakMap<object, number>()
let count = 0

export function numberOf(thing: object): number {
  let number = numbers.get(thing)
  if (number === undefined) numbers.set(thing, (number = count++))
  return number
}
