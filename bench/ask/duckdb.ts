// DuckDB in memory as a peer: two threads, tables filled from columns.

import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'

/** Whole numbers as INTEGER, bigger ones and ids as BIGINT, texts as VARCHAR. */
export type TableColumn =
  | { readonly name: string; readonly type: 'INTEGER' | 'BIGINT'; readonly values: ArrayLike<number> }
  | { readonly name: string; readonly type: 'VARCHAR'; readonly values: ArrayLike<string> }

export class DuckDB {
  readonly connection: DuckDBConnection

  private constructor(connection: DuckDBConnection) {
    this.connection = connection
  }

  static async open(): Promise<DuckDB> {
    const instance = await DuckDBInstance.create(':memory:', { threads: '2' })
    return new DuckDB(await instance.connect())
  }

  async addTable(table: string, columns: readonly TableColumn[]): Promise<void> {
    const fields = columns.map(({ name, type }) => `${name} ${type}`)
    await this.connection.run(`CREATE TABLE ${table} (${fields.join(', ')})`)
    const appender = await this.connection.createAppender(table)
    const rowCount = columns[0]!.values.length
    for (let row = 0; row < rowCount; row++) {
      for (const column of columns) {
        if (column.type === 'VARCHAR') appender.appendVarchar(column.values[row]!)
        else if (column.type === 'INTEGER') appender.appendInteger(column.values[row]!)
        else appender.appendBigInt(BigInt(column.values[row]!))
      }
      appender.endRow()
    }
    appender.closeSync()
  }

  /** All rows of an answer, whole numbers as numbers. */
  async rows(sql: string): Promise<readonly (readonly unknown[])[]> {
    const rows = (await this.connection.runAndReadAll(sql)).getRows()
    return rows.map((row) => row.map((value) => (typeof value === 'bigint' ? Number(value) : value)))
  }

  close(): void {
    this.connection.closeSync()
  }
}
