// Rows arrive in the other thread as they left, whatever values their columns hold.

import fc from 'fast-check'
import { expect, it } from 'vitest'
import { NEVER_ENDS } from '../base/batches.ts'
import { writeEdn } from '../fact/edn-writer.ts'
import type { Edn } from '../fact/value.ts'
import { AnswerRows } from '../plan/answer-rows.ts'
import { doubles, forms, keywords } from '../testing/arbitrary-values.ts'
import { receiveRows, sendRows } from './sent-columns.ts'

/** Columns of one kind, and of any mixture. */
const columns: readonly fc.Arbitrary<Edn>[] = [
  fc.integer(),
  doubles,
  keywords,
  fc.date({ noInvalidDate: true }),
  fc.bigInt({ min: 2n ** 53n, max: 2n ** 63n - 1n }),
  fc.option(fc.string()),
  forms,
]

it('sends rows of every kind of column', () => {
  const rows = fc.array(fc.tuple(...columns), { maxLength: 20 })
  fc.assert(
    fc.property(rows, (sent) => {
      const received = receiveRows(structuredClone(sendRows(AnswerRows.of(sent), NEVER_ENDS))).toArray()
      expect(writeEdn(received)).toBe(writeEdn(sent))
    }),
  )
})
