// Datoms as answers hold them: `[e attribute value added]`, with the t before the last where facts of several come.

import type { Datom } from '../fact/datom.ts'
import type { Schema } from '../fact/schema.ts'
import type { Edn } from '../fact/value.ts'

/** Of one transaction. */
export function datomRows(datoms: readonly Datom[], schema: Schema): readonly Edn[] {
  return datoms.map(({ e, a, v, added }) => [e, schema.attribute(a)?.ident ?? a, v, added])
}

export function datomRowWithT({ e, a, v, t, added }: Datom, schema: Schema): Edn {
  return [e, schema.attribute(a)?.ident ?? a, v, t, added]
}
