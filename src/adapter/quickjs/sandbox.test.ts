import { afterAll, describe, expect, it } from 'vitest'
import { NEVER_ENDS } from '../../base/batches.ts'
import { nodeEnv } from '../../base/env-node.ts'
import { sha256Hex } from '../../base/checksum.ts'
import { VarveError } from '../../base/errors.ts'
import {
  BigInteger,
  Decimal,
  double,
  type Edn,
  EdnMap,
  EdnSet,
  equalValues,
  keyword,
  symbol,
  Uri,
  Uuid,
} from '../../fact/value.ts'
import { defineProcedure, type ProcedureDefinition } from '../../procedures/define-procedure.ts'
import { SandboxThread } from '../../procedures/sandbox-thread.ts'
import { resultsOf, rowsText } from '../../procedures/sandbox-values.ts'
import { SANDBOX_MODULE } from './sandbox-module.ts'

const sandbox = new SandboxThread(nodeEnv(), SANDBOX_MODULE, { memoryBytesMax: 24 << 20 })
afterAll(() => sandbox[Symbol.asyncDispose]())

type Options = Partial<ProcedureDefinition> & { readonly timeoutMs?: number }

/** What a procedure gives for each row. Its parameters are of any type, as many as the rows have. */
function run(source: string, rows: readonly (readonly Edn[])[], options: Options = {}): readonly Edn[] {
  const { timeoutMs = 20_000, ...definition } = options
  const parameters = Object.fromEntries((rows[0] ?? []).map((_, at) => [`p${at}`, 'any' as const]))
  const procedure = defineProcedure({
    name: 't/x',
    parameters,
    language: 'javascript',
    ...definition,
    source,
  })
  return resultsOf(
    procedure,
    sandbox.run(procedure, rowsText(procedure, rows), { check: NEVER_ENDS, timeoutMs }),
    rows.length,
  )
}

function one(source: string, ...args: readonly Edn[]): Edn {
  return run(source, [args])[0]!
}

function failure(source: string, options: Options = {}): VarveError {
  try {
    run(source, [[]], options)
  } catch (error) {
    if (error instanceof VarveError) return error
    throw error
  }
  throw new Error(`${source} did not fail`)
}

describe('values', () => {
  const exact: readonly Edn[] = [
    null,
    true,
    0,
    -7,
    2 ** 53 - 1,
    9_007_199_254_740_993n,
    -(2n ** 63n),
    new BigInteger(2n ** 80n),
    0.1,
    double(1e300),
    5e-324,
    double(NaN),
    double(-Infinity),
    'text "and" \u{1f600}',
    '#kw',
    keyword('bill/paid'),
    symbol('t/x'),
    new Uuid('0188e8a0-0000-7000-8000-000000000001'),
    new Uri('https://example.com/a?b'),
    new Date(-62_135_596_800_000),
    new Date(1_700_000_000_123),
    new Decimal('-1234567890123456789.0123456789'),
    Uint8Array.of(0, 1, 254, 255, 7),
    [1, null, ['a', keyword('b')]],
    new EdnSet([1, 'a']),
    new EdnMap([
      ['a', 1],
      ['b', [2]],
    ]),
    new EdnMap([['#kw', 1]]),
    new EdnMap([
      [1, 'one'],
      [keyword('k'), null],
    ]),
  ]

  it.each(exact.map((value) => [String(value), value]))('%s crosses exactly', (_, value) => {
    const [back] = run('(x) => x', [[value]])
    expect(equalValues(back!, value) || (Number.isNaN(Number(back)) && Number.isNaN(Number(value)))).toBe(
      true,
    )
    expect(Object.getPrototypeOf(back ?? 0)).toBe(Object.getPrototypeOf(value ?? 0))
  })

  it('take the type that is declared', () => {
    expect(run('() => 2', [[]], { returns: 'double' })).toEqual([double(2)])
    expect(run('() => "1.50"', [[]], { returns: 'bigdec' })).toEqual([new Decimal('1.5')])
    expect(run('() => "a/b"', [[]], { returns: 'keyword' })).toEqual([keyword('a/b')])
    expect(one('() => double(2)')).toEqual(double(2))
    expect(failure('() => 2.5', { returns: 'long' })).toMatchObject({
      code: 'varve.error/procedure-failed',
      message: 't/x#1 failed: it gives 2.5 where it declares long',
    })
    expect(() => run('(x) => x', [['a']], { parameters: { x: 'instant' } })).toThrow('x is "a"')
  })

  it('have decimals that are exact, and round as they are told', () => {
    expect(one('(a, b) => a.plus(b).times(3)', new Decimal('0.1'), new Decimal('0.2'))).toEqual(
      new Decimal('0.9'),
    )
    const modes = '["half-even", "half-up", "down", "up", "floor", "ceiling"]'
    const rounded = (text: string): Edn =>
      one(`(x) => ${modes}.map((mode) => String(decimal(x).round(0, mode)))`, text)
    expect(rounded('2.5')).toEqual(['2', '3', '2', '3', '2', '3'])
    expect(rounded('-2.5')).toEqual(['-2', '-3', '-2', '-3', '-3', '-2'])
    expect(rounded('-2.51')).toEqual(['-3', '-3', '-2', '-3', '-3', '-2'])
    expect(one('() => decimal(1).dividedBy(-3, 4)')).toEqual(new Decimal('-0.3333'))
    expect(failure('() => decimal(1).dividedBy(0, 2)').message).toContain('divided by zero')
    expect(failure('() => decimal(1) + 1').message).toContain('added by plus')
  })

  it('know names by themselves', () => {
    expect(one('(x) => x === keyword(":bill/paid") && `${x}` === ":bill/paid"', keyword('bill/paid'))).toBe(
      true,
    )
  })
})

describe('a procedure has no world', () => {
  const refused: readonly (readonly [string, string])[] = [
    ['() => new Date()', 'no clock'],
    ['() => Date()', 'no clock'],
    ['() => Date.now()', 'not a function'],
    ['() => Math.random()', 'no chance'],
    ['() => random()', 'takes a seed'],
    ['() => Function("return 1")()', 'no code of text'],
    ['() => (() => {}).constructor("return 1")()', 'no code of text'],
    ['() => (async () => {}).constructor("return 1")()', 'no code of text'],
    ['() => eval("1")', "'eval' is not defined"],
    ['() => ask("x")', "'ask' is not defined"],
    ['() => new WeakRef({})', "'WeakRef' is not defined"],
    ['async () => 1', 'no promise'],
    ['() => import("node:fs")', 't/x#1'],
    ['() => globalThis.process.exit()', 'cannot read property'],
    ['() => "a".localeCompare("b")', 'not a function'],
  ]
  it.each(refused)('%s', (source, message) => {
    expect(failure(source).message).toContain(message)
  })

  it('knows dates in UTC alone', () => {
    expect(
      one(
        '() => [new Date("2024-03-31T02:30"), new Date(2024, 0, 31, 5).getHours(), new Date(0).getTimezoneOffset()]',
      ),
    ).toEqual([new Date('2024-03-31T02:30Z'), 5, 0])
    expect(failure('() => new Date("31 March 2024")').message).toContain('Date')
  })

  it('draws from a seed, the same on every machine', () => {
    const draw = '(...seeds) => { const r = random(...seeds); return [r.next(), r.next()] }'
    const [first] = run(draw, [['a', 1]])
    expect(run(draw, [['a', 1]])).toEqual([first])
    expect(run(draw, [['a', 2]])).not.toEqual([first])
    expect(first).toEqual([0.27521534147672355, expect.any(Number)])
  })
})

it('computes the same on every machine and in every later version', () => {
  // A change of the engine that changes one bit of one of 15,000 results, or one order, is seen here.
  const source = `() => {
    const draws = random('golden')
    const functions = ['sin', 'cos', 'tan', 'asin', 'acos', 'atan', 'exp', 'expm1', 'log', 'log1p', 'log2', 'log10',
      'cbrt', 'sqrt', 'sinh', 'cosh', 'tanh', 'asinh', 'atanh', 'fround']
    const lines = []
    for (let round = 0; round < 600; round++) {
      const x = draws.next() * (round % 3 === 0 ? 1 : round % 3 === 1 ? 50 : -1)
      for (const name of functions) lines.push(String(Math[name](x)))
      lines.push(String(x ** 7.3), String(Math.atan2(x, 0.7)), x.toFixed(3), x.toPrecision(9), String(parseFloat(String(x))))
    }
    lines.sort()
    lines.push([3, 1, 2, 10].toSorted().join(), 'Straße İ'.toLowerCase(), 'ß'.toUpperCase(), '\u0065\u0301'.normalize('NFC'))
    return lines.join(';')
  }`
  expect(sha256Hex(String(one(source)))).toBe(
    'a04994541fde6af75b8ab3acd21b9b1f164dd2ca6157365f5b597104b8da59c3',
  )
})

describe('nothing outlives a call', () => {
  it('a procedure is made anew for each row', () => {
    expect(run('(() => { let n = 0; return () => ++n })()', [[], [], []])).toEqual([1, 1, 1])
  })

  const kept = [
    '() => { globalThis.n = 1 }',
    '() => { Object.prototype.x = 1 }',
    '() => { ({}).__proto__.x = 1 }',
    '() => { Array.prototype.push = 1 }',
    '() => { Object.setPrototypeOf(Array.prototype, null) }',
    '() => { Object.defineProperty(Object.prototype, "x", { get() { return 1 } }) }',
    '() => { Decimal = 1 }',
    '() => { keyword("a").kept = 1 }',
    '() => { (function* () {}).prototype.__proto__.kept = 1 }',
    '() => { [][Symbol.iterator]().__proto__.kept = 1 }',
    '() => { RegExp.prototype.exec = () => null }',
    '() => { Date.prototype.getTime = () => 0 }',
    '() => { Error.prototype.name = "Mine" }',
    '() => { Symbol.iterator.kept = 1 }',
  ]
  it.each(kept)('%s fails', (source) => {
    expect(failure(source).code).toBe('varve.error/procedure-failed')
  })

  it('what is inherited can still be given to an own object', () => {
    const source = `() => {
      class Mine extends Error { constructor(text) { super(text); this.name = 'Mine' } }
      const o = {}
      o.toString = () => 'own'
      throw new Mine(String(o))
    }`
    expect(failure(source).message).toBe('t/x#1 failed: Mine: own (line 2, column 59)')
  })
})

describe('what a result claims to be', () => {
  const lying = (made: string, key: string, lie: string): string =>
    `() => Object.defineProperty(${made}, ${key}, { value: ${lie} })`
  it.each([
    [lying('new Date(0)', '"toISOString"', `() => '"},7,{"a":"'`), new Date(0)],
    [lying('decimal(1)', '"toString"', `() => '"},7'`), new Decimal(1)],
    [lying('double(2)', '"valueOf"', `() => '7,8'`), double(2)],
    [lying('[1]', 'Symbol.iterator', 'function* () { yield 2; yield 3 }'), [2, 3]],
    ['() => { class D extends Date { toISOString() { return 7 } }; return new D(5) }', new Date(5)],
    ['() => new Proxy([1], {})', [1]],
    ['() => Object.create(Object.getPrototypeOf(decimal(1)))', new EdnMap([])],
    [
      '() => Object.create(Object.getPrototypeOf(keyword("a")), { text: { value: "x", enumerable: true } })',
      new EdnMap([['text', 'x']]),
    ],
  ])('%s is one value', (source, value) => {
    expect(one(source)).toEqual(value)
  })
})

describe('sources', () => {
  it.each([
    ['x => x)); let n = 0; (() => (() => n++', "Expected ';'"],
    ['() => 1, ...[2]', 'cannot be read'],
    ['const f = () => 1', 'cannot be read'],
    ['() => {\n  return 1 +\n}', 'line 3'],
    [`${'('.repeat(201)}1${')'.repeat(201)}`, 'more than 200 brackets'],
    [`() => ${'!'.repeat(60_000)}1`, 'stack overflow'],
  ])('%s', (source, message) => {
    const error = failure(source, { language: source.startsWith('x') ? 'typescript' : 'javascript' })
    expect(error.code).toBe('varve.error/procedure-source-invalid')
    expect(error.message).toContain(message)
  })

  it('in TypeScript have their types erased, and keep their places', () => {
    expect(run('(x: number): number => (x as number) + 1', [[1]], { language: 'typescript' })).toEqual([2])
    expect(failure('(x: number) => {\n  enum A { B }\n}', { language: 'typescript' })).toMatchObject({
      code: 'varve.error/procedure-source-invalid',
      data: { procedure: { place: { source: 't/x#1', line: 2, column: 3 } } },
    })
    const thrown = failure('export default (): void => {\n  const o: any = {};\n  o.a.b\n};', {
      language: 'typescript',
    })
    expect(thrown.data).toMatchObject({ procedure: { place: { source: 't/x#1', line: 3, column: 6 } } })
  })

  it('that break the reader of TypeScript take its thread with them, and nothing else', () => {
    const deep = `x => ${'a => '.repeat(9_000)}1`
    expect(failure(deep, { language: 'typescript' })).toMatchObject({
      code: 'varve.error/procedure-source-invalid',
    })
    expect(run('(x: number) => x', [[1]], { language: 'typescript' })).toEqual([1])
  })

  it('that give no function say so', () => {
    expect(failure('1').message).toContain('the source gives no function')
  })
})

describe('what a procedure must not be able to do', () => {
  it('run for ever: in a loop, in a match, in one call of the language', () => {
    for (const source of [
      '() => { for (;;); }',
      '() => /(a+)+$/.test("a".repeat(50) + "b")',
      '() => [].indexOf.call({ length: 2 ** 53 - 1 }, 1)',
    ]) {
      const error = failure(source, { timeoutMs: 30 })
      expect(error).toMatchObject({ code: 'varve.error/procedure-timeout', kind: 'interrupted' })
    }
    expect(one('() => 1')).toBe(1)
  })

  it('take more memory than it may', () => {
    for (const source of [
      '() => { const a = []; for (;;) a.push("x".repeat(1e5) + a.length) }',
      '() => { const a = []; try { for (;;) a.push("x".repeat(1e5) + a.length) } catch { a.length = 0; return 1 } }',
      '() => "x".repeat(2 ** 29)',
      '() => new Uint8Array(2 ** 30)',
    ]) {
      expect(failure(source)).toMatchObject({
        code: 'varve.error/procedure-out-of-memory',
        kind: 'interrupted',
      })
    }
    expect(one('() => 1')).toBe(1)
  })

  it.each([
    ['(function f() { return f() + 1 })', 'stack overflow'],
    ['(function f() { return [1].map(f) })', 'stack overflow'],
    ['() => { const o = { get x() { return o.x } }; return o.x }', 'stack overflow'],
    ['() => { const a = []; a.push(a); return a }', ''],
    ['() => ({ get x() { throw new Error("getter") } })', 'getter'],
    ['() => ({ get then() { throw new Error("getter") } })', 'no promise'],
    ['() => new Proxy([], { get() { throw new Error("trap") } })', 'trap'],
    ['() => { throw { get message() { throw 1 }, get stack() { for (;;); } } }', ''],
    ['() => { throw null }', ''],
    ['() => { throw "just text" }', 'just text'],
    ['() => Symbol("x")', 'symbol is no value'],
    ['() => () => 1', 'function is no value'],
    ['() => JSON.parse("[".repeat(1e6))', 'stack overflow'],
    ['() => new RegExp("(".repeat(1e5))', 'too many captures'],
    ['() => "\\ud800"', 'gives no value'],
    ['() => new Date(NaN)', 'Date'],
  ])('%s fails and no more', (source, message) => {
    const error = failure(source, { timeoutMs: 1_000 })
    expect(error.message).toContain(message)
    expect(['varve.error/procedure-failed', 'varve.error/procedure-timeout']).toContain(error.code)
    expect(one('() => 1')).toBe(1)
  })
})

it('nothing that a procedure can reach beside what it made can change', () => {
  // Walks from the globals and from a value of each kind, and names what is not frozen.
  const walk = `() => {
    const seen = new Set()
    const open = []
    const visit = (x, path) => {
      if ((typeof x !== 'object' && typeof x !== 'function') || x === null || seen.has(x)) return
      seen.add(x)
      if (!Object.isFrozen(x)) open.push(path)
      visit(Object.getPrototypeOf(x), path + '.__proto__')
      for (const key of Reflect.ownKeys(x)) {
        const { value, get, set } = Object.getOwnPropertyDescriptor(x, key)
        for (const each of [value, get, set]) visit(each, path + '.' + String(key))
      }
    }
    const kindOf = (x, path) => visit(Object.getPrototypeOf(x), path)
    visit(globalThis, 'global')
    visit(keyword('a'), 'keyword')
    visit(Object.getOwnPropertyDescriptor((function () { return arguments })(), 'callee').get, 'callee')
    const generated = (function* () {})()
    kindOf(Object.getPrototypeOf(generated), 'generator')
    kindOf(Object.getPrototypeOf((async function* () {})()), 'async generator')
    const kinds = [() => 1, async () => 1, function* () {}, async function* () {}, (async () => 1)(), new Date(0), 1n, Symbol.iterator]
    const iterators = [[].values(), [].values().map((x) => x), Iterator.from({ next() {} }), Iterator.concat([]), new Map().keys()]
    const more = [new Set().keys(), ''[Symbol.iterator](), 'x'.matchAll(/x/g), /x/, new Proxy({}, {}), new Uint8Array(1), decimal(1), double(1)]
    ;[...kinds, ...iterators, ...more].forEach((x, at) => kindOf(x, 'kind ' + at))
    return open
  }`
  expect(one(walk)).toEqual([])
})
