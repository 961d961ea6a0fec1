// Several ordered sequences of facts as one, read only as far as somebody asks.

import type { Datom } from '../fact/datom.ts'

/** The datoms of all sequences in the order that all of them have. */
export function mergeDatoms(
  sequences: readonly Iterable<Datom>[],
  compare: (x: Datom, y: Datom) => number,
): Iterable<Datom> {
  if (sequences.length === 1) return sequences[0]!
  return merged(sequences, compare)
}

type Head = { datom: Datom; readonly rest: Iterator<Datom> }

function* merged(
  sequences: readonly Iterable<Datom>[],
  compare: (x: Datom, y: Datom) => number,
): Iterable<Datom> {
  // A binary heap of the first datom of each sequence: sequences are as many as attributes at worst.
  const heap: Head[] = []
  for (const sequence of sequences) {
    const rest = sequence[Symbol.iterator]()
    const { value, done } = rest.next()
    if (done !== true) heap.push({ datom: value, rest })
  }
  for (let at = (heap.length >> 1) - 1; at >= 0; at--) siftDown(heap, at, compare)
  while (heap.length > 0) {
    const head = heap[0]!
    yield head.datom
    const { value, done } = head.rest.next()
    if (done === true) {
      const last = heap.pop()!
      if (heap.length > 0) heap[0] = last
    } else head.datom = value
    siftDown(heap, 0, compare)
  }
}

function siftDown(heap: Head[], from: number, compare: (x: Datom, y: Datom) => number): void {
  let at = from
  for (;;) {
    const left = at * 2 + 1
    const right = left + 1
    let least = at
    if (left < heap.length && compare(heap[left]!.datom, heap[least]!.datom) < 0) least = left
    if (right < heap.length && compare(heap[right]!.datom, heap[least]!.datom) < 0) least = right
    if (least === at) return
    const head = heap[at]!
    heap[at] = heap[least]!
    heap[least] = head
    at = least
  }
}
