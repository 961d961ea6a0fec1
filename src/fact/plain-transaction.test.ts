import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nodeFromData } from './data-node.ts'
import { convertAs } from './json-clauses.ts'
import { Converter } from './json-converter.ts'
import { limitsOf } from './limits.ts'
import { transactionOfPlainData } from './plain-transaction.ts'
import { EdnMap, keyword } from './value.ts'

/** The long way: what every transaction goes that is not plain. */
const byTree = (data: unknown): unknown =>
  convertAs('transaction', nodeFromData(data), new Converter(limitsOf({})))

const text = fc.constantFrom(
  ':a/b',
  'a/b',
  ':a b',
  '?x',
  '$5',
  'db/add',
  ':db/add',
  '',
  ':',
  '#inst',
  'tempid',
)
const leaf = fc.oneof(text, fc.integer(), fc.double(), fc.boolean(), fc.constant(null), fc.constant(-0))
const date = fc.date({ noInvalidDate: true })
const { value } = fc.letrec((tie) => ({
  value: fc.oneof({ depthSize: 'small' }, leaf, date, tie('list'), tie('map')),
  list: fc.array(tie('value'), { maxLength: 4 }),
  map: fc.dictionary(fc.oneof(text, fc.constant('b/c'), fc.constant(':b/c')), tie('value'), { maxKeys: 4 }),
}))
const operation = fc.oneof(
  value,
  fc.tuple(fc.constantFrom(':db/add', ':db/cas', ':my/f', 'db/add', 'inc'), value, text, value),
)

describe('a transaction of plain data', () => {
  it('is read in one step as the tree would have it', () => {
    let readCount = 0
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 4 }), (data) => {
        const quick = transactionOfPlainData(data)
        if (quick === undefined) return
        readCount++
        expect(quick).toStrictEqual(byTree(data))
      }),
      { numRuns: 2_000 },
    )
    expect(readCount).toBeGreaterThan(500)
  })

  it('takes maps, lists, lookup refs and dates', () => {
    const made = new Date(5)
    const data = [{ ':a/b': [':c/d', 'x'], 'e/f': made }, [':db/add', 'tempid', 'a/b', -0]]
    const map = new EdnMap([
      [keyword('a/b'), [keyword('c/d'), 'x']],
      [keyword('e/f'), new Date(5)],
    ])
    const read = transactionOfPlainData(data)
    expect(read).toStrictEqual([map, [keyword('db/add'), 'tempid', keyword('a/b'), 0]])
    made.setTime(6)
    expect(read).toStrictEqual([map, [keyword('db/add'), 'tempid', keyword('a/b'), 0]])
  })

  const cycle: unknown[] = []
  cycle.push(cycle, cycle)
  it.each([
    ['one map alone', { ':a/b': 1 }],
    ['an escape', [{ ':a/b': { '#inst': '2014-11-15' } }]],
    ['one key twice', [{ ':a/b': 1, 'a/b': 2 }]],
    ['a hole', [[':db/add', , ':a/b']]], // oxlint-disable-line no-sparse-arrays
    ['a value of our own', [{ ':a/b': keyword('c') }]],
    ['an invalid date', [{ ':a/b': new Date(NaN) }]],
    ['half a surrogate pair', [{ ':a/b': '\ud800' }]],
    ['bytes', [{ ':a/b': new Uint8Array(2) }]],
    ['what contains itself', cycle],
    ['undefined', [{ ':a/b': undefined }]],
  ])('leaves %s to the tree', (_name, data) => {
    expect(transactionOfPlainData(data)).toBeUndefined()
  })
})
