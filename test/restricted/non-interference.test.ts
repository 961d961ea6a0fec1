// I12: what somebody is not allowed to see changes no byte of what they get, for ten thousand random askings.

import { expect, it } from 'vitest'
import { DuckDbContestant } from '../fuzz/duckdb.ts'
import { compareRestricted } from '../../src/testing/compare-restricted.ts'

const CASE_COUNT = 10_000
/** Of these DuckDB is asked about one in twelve. */
const DUCKDB_CASE_COUNT = 1_500

it('secrets change no byte of what somebody restricted is told', { timeout: 600_000 }, async () => {
  const counters = await compareRestricted(1 + Number(process.env['VARVE_SEED'] ?? 0), CASE_COUNT)
  process.stdout.write(`${JSON.stringify(counters)}\n`)
  expect(counters['filled']).toBeGreaterThan(CASE_COUNT * 0.4)
})

it('nor of what DuckDB tells them', { timeout: 600_000 }, async () => {
  await using duckDb = new DuckDbContestant()
  const counters = await compareRestricted(
    3 + Number(process.env['VARVE_SEED'] ?? 0),
    DUCKDB_CASE_COUNT,
    duckDb,
  )
  expect(counters['duckdb']).toBeGreaterThan(DUCKDB_CASE_COUNT / 50)
})
