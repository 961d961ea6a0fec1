// Few rows sorted by a first key of whole numbers: key and row are one number, so that numbers are sorted as such, which
// takes a fraction of the time of comparing rows (people, two predicates, 656 rows: 0.135 ms in all, now 0.082).

/** Undefined where keys are no whole numbers, or too far from each other. `compare` orders rows by all keys. */
export function packedOrder(
  first: Float64Array,
  rowCount: number,
  compare: (x: number, y: number) => number,
): Int32Array | undefined {
  const packed = packedRows(first, rowCount)?.sort()
  if (packed === undefined) return undefined
  const order = new Int32Array(rowCount)
  for (let at = 0; at < rowCount; at++) order[at] = packed[at]! % rowCount
  for (let from = 0; from < rowCount;) {
    let limit = from + 1
    while (limit < rowCount && first[order[limit]!] === first[order[from]!]) limit++
    // Rows of one key lie as they came: sorting keeps those in place that are alike.
    if (limit - from > 1) order.subarray(from, limit).sort(compare)
    from = limit
  }
  return order
}

/** Key and row of each row. */
function packedRows(keys: Float64Array, rowCount: number): Float64Array | undefined {
  let least = Infinity
  let greatest = -Infinity
  for (let row = 0; row < rowCount; row++) {
    const key = keys[row]!
    if (!Number.isSafeInteger(key)) return undefined
    if (key < least) least = key
    if (key > greatest) greatest = key
  }
  if (!Number.isSafeInteger((greatest - least + 1) * rowCount)) return undefined
  const packed = new Float64Array(rowCount)
  for (let row = 0; row < rowCount; row++) packed[row] = (keys[row]! - least) * rowCount + row
  return packed
}
