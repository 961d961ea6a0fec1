// The schema of a database behind a service, made of its facts as everywhere (fact/schema.ts), which are asked for.

import { TX_BASE } from '../fact/attribute.ts'
import { Schema, SCHEMA_ATTRIBUTES } from '../fact/schema.ts'
import { type Edn, Keyword, type Value } from '../fact/value.ts'
import { type NamedDb, Naming } from './named-db.ts'
import { listIn, type Wire } from './wire.ts'

const SCHEMA_QUESTION = '[:find ?e ?a ?v ?tx :in $ [?a ...] :where [?e ?a ?v ?tx]]'

export async function fetchSchema(wire: Wire, db: NamedDb): Promise<Schema> {
  const naming = new Naming()
  const database = naming.textOf(db)
  const fields = { query: SCHEMA_QUESTION, args: [[...SCHEMA_ATTRIBUTES]], database, ...naming.fields }
  const answer = await wire.send('POST', '/v1/query', fields, { isRepeatable: true })
  const rows = listIn(answer, 'result') as readonly (readonly Edn[])[]
  return Schema.bootstrap.apply(
    rows.map(([e, a, v, tx]) => ({
      e: e as number,
      a: a as number,
      v: v as Value,
      t: (tx as number) - TX_BASE,
      added: true,
    })),
  )
}

/** Whether datoms of a transaction change what the schema is: built-in attributes but those of the transaction itself. */
export function isSchemaChange(datoms: readonly (readonly Edn[])[]): boolean {
  return datoms.some(
    ([, attribute]) =>
      attribute instanceof Keyword &&
      /^db(\.|$)/.test(attribute.namespace ?? '') &&
      attribute.text !== 'db/txInstant',
  )
}
