// Facts of which a thread knows nothing but tables that another one sent. A plan that seeks facts is no plan for it.

import type { Attribute, T } from '../../fact/attribute.ts'
import type { FactSource } from '../../fact/datom.ts'
import { Schema } from '../../fact/schema.ts'
import { Refusal } from '../../plan/refusal.ts'
import { giveTable } from './attribute-table.ts'
import type { SentTable, TableExchange } from './sent-table.ts'

export type SentFacts = {
  readonly isHistory: boolean
  readonly tables: readonly { readonly attribute: Attribute; readonly table: SentTable }[]
}

export function receiveFacts({ isHistory, tables }: SentFacts, exchange: TableExchange): FactSource {
  const facts = new TablesOnly(isHistory)
  for (const { attribute, table } of tables) giveTable(facts, exchange.receive(attribute, table))
  return facts
}

class TablesOnly implements FactSource {
  readonly schema = Schema.bootstrap
  readonly basisT: T = -1
  readonly isHistory: boolean

  constructor(isHistory: boolean) {
    this.isHistory = isHistory
  }

  match(): never {
    return onlyTables()
  }

  range(): never {
    return onlyTables()
  }

  entityCount(): never {
    return onlyTables()
  }

  tAt(): never {
    return onlyTables()
  }
}

function onlyTables(): never {
  throw new Refusal('facts beside the tables that were sent')
}
