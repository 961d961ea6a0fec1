import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { NEVER_ENDS } from '../../base/batches.ts'
import { nodeEnv } from '../../base/env-node.ts'
import { VarveError } from '../../base/errors.ts'
import { Decimal, type Edn, toDouble } from '../../fact/value.ts'
import { ProcedureSet } from '../../procedures/procedure-set.ts'
import { SandboxThread } from '../../procedures/sandbox-thread.ts'
import { resultsOf, rowsText, signature } from '../../procedures/sandbox-values.ts'
import { starterProcedures } from '../../procedures/starter/starter.ts'
import { SANDBOX_MODULE } from './sandbox-module.ts'

const sandbox = new SandboxThread(nodeEnv(), SANDBOX_MODULE)
afterAll(() => sandbox[Symbol.asyncDispose]())

const set = new ProcedureSet(starterProcedures)

function call(name: string, ...args: readonly Edn[]): Edn {
  const procedure = set.named(name)!
  const bounds = { check: NEVER_ENDS, timeoutMs: 20_000 }
  return resultsOf(procedure, sandbox.run(procedure, rowsText(procedure, [args]), bounds), 1)[0]!
}

const day = (text: string): Date => new Date(text)
const amount = (text: string): Decimal => new Decimal(text)

describe('known values', () => {
  const known: readonly (readonly [name: string, args: readonly Edn[], expected: Edn])[] = [
    ['finance/days-late', [day('2024-02-28T23:00Z'), day('2024-03-01T01:00Z')], 2],
    ['finance/days-late', [day('2024-03-01'), day('2024-02-01')], 0],
    ['finance/late?', [day('2024-03-01'), day('2024-03-04')], true],
    ['finance/late?', [day('2024-03-01'), day('2024-03-04'), 3], false],
    ['finance/aging-bucket', [0], 'current'],
    ['finance/aging-bucket', [31], '31-60'],
    ['finance/aging-bucket', [91], 'over 90'],
    ['calendar/add-months', [day('2024-01-31T05:00Z'), 1], day('2024-02-29T05:00Z')],
    ['calendar/add-months', [day('2024-03-31'), -13], day('2023-02-28')],
    ['calendar/month-end', [day('2023-02-03T04:05Z')], day('2023-02-28')],
    ['calendar/quarter', [day('2024-05-05')], '2024-Q2'],
    ['calendar/quarter', [day('2024-03-05'), 4], '2023-Q4'],
    ['calendar/add-workdays', [day('2024-05-03T09:00Z'), 1], day('2024-05-06T09:00Z')],
    ['calendar/add-workdays', [day('2024-05-03'), 3, [day('2024-05-07')]], day('2024-05-09')],
    ['calendar/add-workdays', [day('2024-05-06'), -1], day('2024-05-03')],
    ['finance/round', [amount('2.345'), 2], amount('2.34')],
    ['finance/round', [amount('2.345'), 2, 'half-up'], amount('2.35')],
    ['finance/to-cents', [amount('0.125')], 12],
    ['finance/allocate', [100, [1, 1, 1]], [34, 33, 33]],
    ['finance/allocate', [-5, [3, 7]], [-2, -3]],
    ['finance/simple-interest', [amount('1000'), amount('0.05'), 90], amount('12.33')],
    ['finance/simple-interest', [amount('1000'), amount('0.05'), 90, 360], amount('12.5')],
    ['finance/compound', [amount('1000'), amount('0.05'), 10], amount('1628.89')],
    // The figures of Excel's PMT: 8 % a year, 10 months, 10,000.
    ['finance/annuity-payment', [amount('10000'), amount('0.0066666666666666666667'), 10], amount('1037.03')],
    ['finance/annuity-payment', [amount('1200'), amount('0'), 12], amount('100')],
    ['finance/effective-rate', [amount('0.12'), 12], amount('0.126825030132')],
    ['finance/straight-line-value', [amount('1000'), amount('100'), 7, 3], amount('614.29')],
    ['finance/straight-line-value', [amount('1000'), amount('100'), 7, 9], amount('100')],
    ['finance/declining-value', [amount('1000'), amount('0.25'), 3], amount('421.88')],
    [
      'finance/annuity-schedule',
      [amount('100'), amount('0.1'), 2, amount('57.62')],
      [
        [1, amount('57.62'), amount('10'), amount('52.38')],
        [2, amount('57.62'), amount('5.24'), amount('0')],
      ],
    ],
  ]
  it.each(known)('%s %o', (name, args, expected) => {
    expect(call(name, ...args)).toEqual(expected)
  })

  const flows: Edn = [
    [day('2008-01-01'), -10_000],
    [day('2008-03-01'), 2_750],
    [day('2008-10-30'), 4_250],
    [day('2009-02-15'), 3_250],
    [day('2009-04-01'), 2_750],
  ]
  const near: readonly (readonly [name: string, args: readonly Edn[], expected: number, digits: number])[] = [
    // Excel's YEARFRAC, bases 0, 1, 3.
    ['finance/year-fraction', [day('2012-01-01'), day('2012-07-30'), '30/360'], 0.58055556, 8],
    ['finance/year-fraction', [day('2012-01-01'), day('2012-07-30'), 'act/act'], 0.57650273, 8],
    ['finance/year-fraction', [day('2012-01-01'), day('2012-07-30'), 'act/365'], 0.57808219, 8],
    ['finance/year-fraction', [day('2011-12-31'), day('2012-03-31'), '30e/360'], 0.25, 12],
    ['finance/year-fraction', [day('2012-01-01'), day('2012-07-30'), 'act/360'], 211 / 360, 12],
    ['finance/year-fraction', [day('2003-11-01'), day('2004-05-01'), 'act/act'], 61 / 365 + 121 / 366, 12],
    // Excel's NPV begins with period 1.
    [
      'finance/npv',
      [
        0.1,
        [
          [1, -10_000],
          [2, 3_000],
          [3, 4_200],
          [4, 6_800],
        ],
      ],
      1188.443412,
      5,
    ],
    [
      'finance/irr',
      [
        [
          [0, -100],
          [1, 39],
          [2, 59],
          [3, 55],
          [4, 20],
        ],
      ],
      0.2809484,
      6,
    ],
    ['finance/xnpv', [0.09, flows], 2086.647602, 5],
    ['finance/xirr', [flows], 0.373362535, 7],
    [
      'finance/weighted-average',
      [
        [
          [amount('1.5'), 1],
          [3, 2],
        ],
      ],
      2.5,
      12,
    ],
    ['finance/percentile', [0.9, [1, 2, 3, 4]], 3.7, 12],
    ['finance/percentile', [0.5, [amount('1.5'), 2]], 1.75, 12],
  ]
  it.each(near)('%s %o', (name, args, expected, digits) => {
    expect(toDouble(call(name, ...args))).toBeCloseTo(expected, digits)
  })

  it('flows of one sign have no rate', () => {
    expect(() =>
      call('finance/irr', [
        [0, 1],
        [1, 1],
      ]),
    ).toThrow(VarveError)
  })
})

describe('chance', () => {
  it('is the same for the same seed and key, and spread evenly over keys', () => {
    const draws = Array.from({ length: 400 }, (_, key) => toDouble(call('random/uniform', 'seed', key)))
    expect(call('random/uniform', 'seed', 7)).toBe(draws[7])
    const mean = draws.reduce((sum, each) => sum + each, 0) / draws.length
    expect(mean).toBeGreaterThan(0.45)
    expect(mean).toBeLessThan(0.55)
    expect(new Set(draws).size).toBe(draws.length)
  })

  it('makes whole numbers, bells and samples', () => {
    const keys = Array.from({ length: 200 }, (_, key) => key)
    const longs = keys.map((key) => call('random/long', 1, key, 6))
    expect(new Set(longs)).toEqual(new Set([0, 1, 2, 3, 4, 5]))
    const bell = keys.map((key) => toDouble(call('random/normal', 1, key)))
    expect(Math.abs(bell.reduce((sum, each) => sum + each, 0) / bell.length)).toBeLessThan(0.25)
    const small = keys.filter((key) => call('random/sampled?', 1, key, 0.2) === true)
    const large = new Set(keys.filter((key) => call('random/sampled?', 1, key, 0.5) === true))
    expect(small.every((key) => large.has(key))).toBe(true)
    expect(large.size).toBeGreaterThan(small.length)
  })
})

it('each has its row in the reference', () => {
  const page = readFileSync(
    join(import.meta.dirname, '../../../docs/reference/starter-procedures.md'),
    'utf8',
  )
  const rows = starterProcedures.map(
    (procedure) =>
      `| \`${procedure.name}\` ${procedure.kind} | \`${signature(procedure)}\` | ${procedure.doc} |`,
  )
  expect(rows.filter((row) => !page.includes(row))).toEqual([])
})
