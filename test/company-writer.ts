// A service of a company that writes one database of its own: for each line of its input it adds a row, and prints the t at
// which it is durable. A process, so that it can be killed.

import { createInterface } from 'node:readline'
import { connect } from '../src/api/connect.ts'

const [folder, name] = process.argv.slice(2) as [string, string]
const schema = `[{:db/ident :${name}/n :db/valueType :db.type/long :db/cardinality :db.cardinality/one :db/unique :db.unique/identity}
  {:db/ident :${name}/word :db/valueType :db.type/string :db/cardinality :db.cardinality/one}]`
const varve = await connect(`file:${folder}`)
const database = await varve.open(name, { schema })
process.stdout.write('ready\n')
for await (const line of createInterface({ input: process.stdin })) {
  const n = Number(line)
  const { t } = await database.transact([{ [`:${name}/n`]: n, [`:${name}/word`]: `secret of ${name} ${n}` }])
  process.stdout.write(`${t}\n`)
}
await varve.close()
