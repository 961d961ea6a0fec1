import { describe, expect, it } from 'vitest'
import { COLUMN_CACHE_LIMITS, ColumnCache, useColumn } from './column-cache.ts'
import { integerColumn } from './column.ts'

const column = integerColumn([1, 2, 3, 4])
const cache = (columnCountMax: number): ColumnCache =>
  new ColumnCache({ ...COLUMN_CACHE_LIMITS, cachedBytesMax: columnCountMax * column.data.byteLength })
const namesIn = (columns: ColumnCache, names: string): string =>
  [...names].filter((name) => columns.find(name) !== undefined).join('')

describe('the column cache', () => {
  it('stays within its bytes', () => {
    const columns = cache(3)
    for (const name of 'abcdefgh') columns.add(name, column)
    expect(columns.byteCount).toBe(3 * column.data.byteLength)
    expect(namesIn(columns, 'abcdefgh')).toHaveLength(3)
  })

  it('drops what was not used since room was last needed', () => {
    const columns = cache(3)
    const kept = columns.add('a', column)
    const dropped = columns.add('b', column)
    columns.add('c', column)
    columns.add('d', column)
    expect(namesIn(columns, 'abcd')).toBe('bcd')
    expect(useColumn(kept)).toBeUndefined()
    expect(useColumn(columns.find('c'))).toBe(column)
    columns.add('e', column)
    expect(namesIn(columns, 'bcde')).toBe('cde')
    expect(useColumn(dropped)).toBeUndefined()
  })

  it('forgets what was read of one segment', () => {
    const columns = cache(9)
    for (const name of ['k value', 'k value 3', 'k2 value']) columns.add(name, column)
    columns.forget('k')
    expect(columns.find('k value') ?? columns.find('k value 3')).toBeUndefined()
    expect(columns.find('k2 value')).toBeDefined()
    expect(columns.byteCount).toBe(column.data.byteLength)
  })

  it('replaces a column of the same name and counts it once', () => {
    const columns = cache(3)
    columns.add('a', column)
    columns.add('a', column)
    expect(columns.byteCount).toBe(column.data.byteLength)
  })

  it('keeps a column that is larger than the bound while it is the newest', () => {
    const columns = cache(0)
    expect(useColumn(columns.add('a', column))).toBe(column)
    columns.add('b', column)
    expect(namesIn(columns, 'ab')).toBe('b')
  })
})
