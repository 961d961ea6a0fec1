// Arrow as others read it: streams that Varve wrote, read by pyarrow, which checks every buffer, and compared value by
// value. Fetched from PyPI on first use.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { NEVER_ENDS } from '../src/base/batches.ts'
import { writeEdn } from '../src/fact/edn-writer.ts'
import { type Edn, type Keyword, keyword, toDouble } from '../src/fact/value.ts'
import { AnswerRows } from '../src/plan/answer-rows.ts'
import type { Column } from '../src/plan/engine.ts'
import { parseQuery } from '../src/query/parse-query.ts'
import { valueText } from '../src/query/value-text.ts'
import { writeAnswer } from '../src/query/written.ts'
import { SCALARS } from '../src/testing/arbitrary-values.ts'
import { pythonPackage, runProgram } from './toolchains.ts'
import { TestFolder } from './varve-process.ts'

const folder = new TestFolder()
const pyarrow = await pythonPackage('pyarrow', '26.0.1')
afterAll(() => folder[Symbol.dispose]())

/** Reads streams, checks them, and says on a line for each what it found. */
const JUDGE = `
import sys, json, base64, datetime
import pyarrow as pa, pyarrow.ipc as ipc
def said(value):
    if value is None or isinstance(value, (bool, str)): return value
    if isinstance(value, bytes): return base64.b64encode(value).decode()
    return str(value) if isinstance(value, int) else float(value).hex()
for path in sys.argv[1:]:
    table = ipc.open_stream(path).read_all()
    table.validate(full=True)
    columns = []
    for field, column in zip(table.schema, table.columns):
        kind = str(field.type)
        if pa.types.is_timestamp(field.type): column = column.cast(pa.int64())
        columns.append({'name': field.name, 'kind': kind, 'type': field.metadata[b'varve:type'].decode(),
                        'values': [said(value) for value in column.to_pylist()]})
    print(json.dumps(columns))
`

type Judged = {
  readonly name: string
  readonly kind: string
  readonly type: string
  readonly values: readonly (string | boolean | null)[]
}
type Made = { readonly column: Column; readonly values: readonly Edn[] }

/** What pyarrow finds in the answers, each made of these columns. */
async function judged(answers: readonly (readonly Made[])[]): Promise<readonly (readonly Judged[])[]> {
  const paths = answers.map((columns, i) => {
    const path = join(folder.path, `${i}.arrow`)
    writeFileSync(path, streamOf(columns))
    return path
  })
  const script = join(folder.path, 'judge.py')
  writeFileSync(script, `import sys\nsys.path.insert(0, ${JSON.stringify(pyarrow)})\n${JUDGE}`)
  const { code, stdout, stderr } = await runProgram('python3', [script, ...paths], { cwd: folder.path })
  expect([code, stderr]).toEqual([0, ''])
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as readonly Judged[])
}

function streamOf(made: readonly Made[]): Buffer {
  const names = made.map((_, place) => `?c${place}`).join(' ')
  const query = parseQuery(`[:find ${names} :in [[${names}]]]`)
  const columns = made.map(({ column }) => column)
  const rows = new AnswerRows(
    made[0]!.values.length,
    made.map(({ values }) => ({ kind: 'values', values })),
  )
  const options = { format: 'arrow', engine: 'native', bytesMax: Infinity, check: NEVER_ENDS } as const
  return Buffer.concat(
    writeAnswer(query, { columns, rows, isTruncated: false, warnings: [] }, options).pieces,
  )
}

const KINDS: Readonly<Record<Column['type'], string>> = {
  long: 'int64',
  ref: 'int64',
  double: 'double',
  float: 'float',
  boolean: 'bool',
  instant: 'timestamp[ms, tz=UTC]',
  bytes: 'binary',
  keyword: 'dictionary<values=string, indices=int32, ordered=0>',
  symbol: 'dictionary<values=string, indices=int32, ordered=0>',
  string: 'string',
  uuid: 'string',
  uri: 'string',
  bigint: 'string',
  bigdec: 'string',
  tuple: 'string',
  map: 'string',
  any: 'string',
}

/** What the judge says of a value that a column of this type holds. */
function expected(type: Column['type'], value: Edn): string | boolean | null {
  if (value === null || typeof value === 'boolean') return value
  if (value instanceof Date) return String(value.getTime())
  if (type === 'double' || type === 'float') return hexOf(toDouble(value))
  return type === 'tuple' || type === 'map' || type === 'any' ? writeEdn(value) : valueText(value)
}

/** A double as Python's `float.hex` has it. */
function hexOf(x: number): string {
  if (!Number.isFinite(x)) return Number.isNaN(x) ? 'nan' : x > 0 ? 'inf' : '-inf'
  if (x === 0) return '0x0.0p+0'
  const bits = Buffer.alloc(8)
  bits.writeDoubleBE(x)
  const exponent = ((bits[0]! & 0x7f) << 4) | (bits[1]! >> 4)
  const fraction = bits.toString('hex').slice(3)
  const power = exponent === 0 ? -1022 : exponent - 1023
  return `${x < 0 ? '-' : ''}0x${exponent === 0 ? 0 : 1}.${fraction}p${power < 0 ? '' : '+'}${power}`
}

const columns: fc.Arbitrary<Made> = fc.constantFrom(...Object.keys(SCALARS)).chain((type) => {
  const values = SCALARS[type as keyof typeof SCALARS]
  const holding = fc.array(fc.option(values as fc.Arbitrary<Edn>, { freq: 5 }), {
    minLength: 20,
    maxLength: 20,
  })
  return holding.map((held) => ({ column: { name: '?c', type: type as Column['type'] }, values: held }))
})

describe.runIf(pyarrow)('Arrow, read by pyarrow', () => {
  it('holds every value of every type, and nil', async () => {
    const answers = fc.sample(fc.array(columns, { minLength: 1, maxLength: 6 }), { numRuns: 200, seed: 1 })
    const found = await judged(answers)
    expect(found).toHaveLength(answers.length)
    for (const [i, made] of answers.entries()) {
      expect(found[i]).toEqual(
        made.map(({ column: { name, type }, values }) => ({
          name,
          type,
          kind: KINDS[type],
          values: values.map((value) => expected(type, value)),
        })),
      )
    }
  }, 120_000)

  it('says what is nested or mixed as EDN text, and what does not fit its column', async () => {
    const values: readonly Edn[] = [1, [1, keyword('k')], null, 'a"b']
    const made = (type: Column['type']): Made => ({ column: { name: type, type }, values })
    const [found] = await judged([
      [made('any'), made('map'), made('long'), made('keyword'), made('string'), made('instant')],
    ])
    const texts = ['1', '[1 :k]', null, '"a\\"b"']
    // nil in nested text is nil; what was thought to be of one type is of any.
    expect(found!.map(({ name, type, values: told }) => [name, type, told])).toEqual([
      ['any', 'any', texts],
      ['map', 'map', texts],
      ['long', 'any', texts],
      ['keyword', 'any', texts],
      ['string', 'any', texts],
      ['instant', 'any', texts],
    ])
  })

  it('comes in batches, of one dictionary, and of no rows as a schema', async () => {
    const count = 150_000
    const numbers = Array.from({ length: count }, (_, i) => i)
    const words = numbers.map((i) => keyword(`word/w${i % 1_000}`))
    const [many, none] = await judged([
      [
        { column: { name: '?n', type: 'long' }, values: numbers },
        { column: { name: '?w', type: 'keyword' }, values: words },
      ],
      [
        { column: { name: '?n', type: 'instant' }, values: [] },
        { column: { name: '?w', type: 'keyword' }, values: [] },
      ],
    ])
    expect(many![0]!.values).toEqual(numbers.map(String))
    expect(many![1]!.values).toEqual(words.map((word: Keyword) => `:${word.text}`))
    expect(none).toEqual([
      { name: '?n', kind: KINDS.instant, type: 'instant', values: [] },
      { name: '?w', kind: KINDS.keyword, type: 'keyword', values: [] },
    ])
  }, 60_000)
})
