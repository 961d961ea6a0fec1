// Nodes that refer to each other, for tests of questions about graphs.

import { connect, type Database, type Varve } from 'varve'

const SCHEMA = [
  {
    ':db/ident': ':node/code',
    ':db/valueType': ':db.type/long',
    ':db/cardinality': ':db.cardinality/one',
    ':db/unique': ':db.unique/identity',
  },
  {
    ':db/ident': ':node/to',
    ':db/valueType': ':db.type/ref',
    ':db/cardinality': ':db.cardinality/many',
  },
]

/** A database in memory of nodes without edges. */
export async function openNet(
  nodeCount: number,
): Promise<{ readonly varve: Varve; readonly database: Database }> {
  const made = await connect('memory:')
  const opened = await made.open('net', { schema: SCHEMA })
  await opened.transact(Array.from({ length: nodeCount }, (_, code) => ({ ':node/code': code })))
  return { varve: made, database: opened }
}

export function edgeForm([x, y]: readonly [number, number]): readonly unknown[] {
  return [':db/add', [':node/code', x], ':node/to', [':node/code', y]]
}
