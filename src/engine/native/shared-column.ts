// Attributes of one kind of thing have the same entities, often all of them. Their tables then share one column, which
// saves its memory, and tells a join that row i of one table is about the entity of row i of the other.

/** Columns that may be shared again; the one longest not asked for is forgotten first. */
const KNOWN_COUNT_MAX = 256

const known = new Map<string, WeakRef<Float64Array>>()

/** The column itself, or one that was given before and holds the same. Neither may ever change. */
export function sharedColumn(column: Float64Array): Float64Array {
  const name = `${column.length} ${column[0]} ${column[column.length - 1]}`
  const other = known.get(name)?.deref()
  const shared = other !== undefined && areSame(column, other) ? other : column
  known.delete(name)
  known.set(name, new WeakRef(shared))
  if (known.size > KNOWN_COUNT_MAX) known.delete(known.keys().next().value!)
  return shared
}

function areSame(x: Float64Array, y: Float64Array): boolean {
  if (x === y) return true
  if (x.length !== y.length) return false
  for (let i = 0; i < x.length; i++) if (x[i] !== y[i]) return false
  return true
}
