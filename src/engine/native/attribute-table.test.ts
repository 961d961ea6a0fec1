import { expect, it } from 'vitest'
import { keyword } from '../../fact/value.ts'
import { INDEX_LIMITS } from '../../index/merge-policy.ts'
import { indexed } from '../../testing/layouts.ts'
import { attributes, NaiveDatabase } from '../../testing/naive-database.ts'
import { noBounds } from '../../testing/no-bounds.ts'
import { tableOf } from './attribute-table.ts'

it('a long beyond 53 bits that came after the index is in the table as it is', async () => {
  const database = new NaiveDatabase(attributes('p/n long many', 'p/wide long many'))
  // Both attributes lie in one file, whose column of values is as wide as its widest.
  const numbers = Array.from({ length: 100 }, (_, n) => n)
  database.transact(`[{:db/id "a" :p/n [${numbers.join(' ')}] :p/wide 9223372036854775807}]`)
  database.transact('[[:db/add #tempid "a" :p/n 9223372036854775807]]')
  const facts = await indexed(database.facts, INDEX_LIMITS, (t) => t === 1)
  const attribute = facts.schema.attributeNamed(keyword('p/n'))!
  const valuesOf = (view: typeof facts): readonly unknown[] => {
    const { values, domain } = tableOf(view, attribute, noBounds())
    return Array.from(values, (number) => domain.decode(number))
  }
  // The table of what the index holds is made first, that of the present from it.
  expect(valuesOf(facts.asOf(1))).toEqual(numbers)
  expect(valuesOf(facts)).toEqual([...numbers, 9223372036854775807n])
})
