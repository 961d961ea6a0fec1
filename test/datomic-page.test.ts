// docs/reference/datomic.md is made from the cases and never lags behind them.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { datomicPage, PAGE_PATH } from './judges/datomic/page.ts'

const root = join(import.meta.dirname, '..')

it('the compatibility page says what the cases say; if not: npm run judge -- --page', () => {
  const lines = (text: string): readonly string[] => text.split('\n')
  expect(lines(readFileSync(join(root, PAGE_PATH), 'utf8'))).toEqual(lines(datomicPage(root)))
})
