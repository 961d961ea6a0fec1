// The facts that every database is born with, as the source on which its first transaction is prepared.

import { bootstrapDatoms } from '../fact/bootstrap.ts'
import type { FactSource } from '../fact/datom.ts'
import { Schema } from '../fact/schema.ts'
import { OverlaidFacts } from './overlaid-facts.ts'

/** Nothing, before t 0. */
const NO_FACTS: FactSource = {
  schema: Schema.bootstrap,
  basisT: -1,
  isHistory: false,
  match: () => [],
  range: () => [],
  entityCount: () => 0,
  tAt: () => -1,
}

export function bootstrapFacts(): FactSource {
  return new OverlaidFacts(NO_FACTS, bootstrapDatoms())
}
