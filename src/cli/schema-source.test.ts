import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { writeEdn } from '../fact/edn-writer.ts'
import { schemaForms } from '../fact/schema-forms.ts'
import type { EdnMap } from '../fact/value.ts'
import { connectLocal } from '../api/connect.ts'
import { defineSchema } from '../interface/define-schema.ts'
import { schemaSource } from './schema-source.ts'

import type { DefinedSchema } from '../interface/types/define-schema.ts'

// Inside the checkout, where the package's own name means source.
const cache = join(import.meta.dirname, '../../.cache')
mkdirSync(cache, { recursive: true })
const folder = mkdtempSync(join(cache, 'schema-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const schema = defineSchema(
  'my-shop',
  { alias: 'shop' },
  {
    ':article/code': { type: 'string', unique: 'identity', doc: 'it\'s "printed"\\ on it\n' },
    ':article/cents': { type: 'long', predicates: ['shop/positive?', 'shop/small?'] },
    ':article/tags': { type: 'keyword', many: true, index: true },
    ':article/uuid': { type: 'uuid', unique: 'value', noHistory: true },
    ':article/parts': { type: 'ref', many: true, component: true },
    ':article/size': { type: 'tuple', of: 'long' },
    ':article/place': { type: 'tuple', types: ['string', 'ref'] },
    ':article/code+cents': {
      type: 'tuple',
      attributes: [':article/code', ':article/cents'],
      unique: 'identity',
    },
    ':kind/book': { type: 'ident', doc: 'printed' },
    ':article/complete': {
      type: 'entity-spec',
      attributes: [':article/cents', ':article/code'],
      predicates: ['shop/complete?'],
    },
  },
)

/** The schema of a new database, as it is stored. */
async function stored(defined: DefinedSchema): Promise<readonly EdnMap[]> {
  await using varve = await connectLocal('memory:')
  return schemaForms((await varve.open(defined)).db().value.facts)
}

it('the program that is printed makes the same schema', async () => {
  const forms = await stored(schema)
  const program = schemaSource(schema.name, schema.alias, forms)
  expect(program).toContain("export const myShop = defineSchema('my-shop', { alias: 'shop' }, {")
  const path = join(folder, 'program.ts')
  writeFileSync(path, program)
  const { myShop } = (await import(path)) as { readonly myShop: DefinedSchema }
  expect(myShop.alias).toBe('shop')
  expect(writeEdn(await stored(myShop))).toBe(writeEdn(forms))
  expect(myShop.attributes).toEqual(schema.attributes)
})

it('a name that no variable can have is made one', () => {
  expect(schemaSource('a_b-2', 'a_b-2', [])).toBe(
    "import { defineSchema } from 'varve'\n\nexport const aB2 = defineSchema('a_b-2', {\n})\n",
  )
})
