// `varve views`: SQL that defines views over the files of the index as they lie, for DuckDB.

import { resolve } from 'node:path'
import type { Command } from 'commander'
import { connectLocal } from '../../api/connect.ts'
import { viewsOf } from '../../database/views.ts'
import type { Context } from '../main.ts'

export function addViewsCommand(program: Command, { terminal }: Context): void {
  program
    .command('views')
    .description('print SQL that defines views over the files of the index, for DuckDB')
    .option('--data <folder>', 'folder of the databases', './varve-data')
    .addHelpText('after', `\nExample:\n  varve views > views.sql && duckdb -init views.sql`)
    // The SQL is often run somewhere else, so its paths are absolute.
    .action(async ({ data }: { readonly data: string }) => {
      await using varve = await connectLocal(`file:${resolve(data)}`, { readOnly: true })
      terminal.out(await viewsOf(varve.catalog))
    })
}
