// The command line: reads words, runs one command, turns the outcome into an exit code.
// Results go to stdout, everything else to stderr; 0 ok, 1 failed, 2 usage, 124 timeout.

import { Command, CommanderError } from 'commander'
import { nodeEnv } from '../base/env-node.ts'
import { processTerminal } from '../base/env-node-terminal.ts'
import type { Terminal } from '../base/terminal.ts'
import { addAuditCommand } from './commands/audit.ts'
import { addCasesCommand } from './commands/cases.ts'
import { addBackupCommand, addRestoreCommand } from './commands/backup.ts'
import { addCheckCommand } from './commands/check.ts'
import { addCodegenCommand } from './commands/codegen.ts'
import { addDatabasesCommand, addDeleteCommand, addSchemaCommand } from './commands/databases.ts'
import { addDevCommand } from './commands/dev.ts'
import { addGrantCommand } from './commands/grant.ts'
import { addImportCommand } from './commands/import.ts'
import { addLogCommand } from './commands/log.ts'
import { addProceduresCommand } from './commands/procedures.ts'
import { addPullCommand } from './commands/pull.ts'
import { addQueryCommand } from './commands/q.ts'
import { addServeCommand } from './commands/serve.ts'
import { addShellCommand } from './commands/shell.ts'
import { addQueriesCommand } from './commands/queries.ts'
import { addTokenCommand } from './commands/token.ts'
import { addTransactCommand } from './commands/transact.ts'
import { addViewsCommand } from './commands/views.ts'
import { exitCodeOf } from './exit-code.ts'
import { reportError } from './report.ts'
import { packageVersion } from './version.ts'

export type Context = { readonly env: ReturnType<typeof nodeEnv>; readonly terminal: Terminal }

export async function main(words: readonly string[], context: Context): Promise<number> {
  const program = new Command('varve')
    .description('Facts written once, asked as of any moment.')
    .showHelpAfterError('(--help shows what there is)')
    .version(packageVersion(context.env))
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.terminal.out(text),
      writeErr: (text) => context.terminal.err(text),
    })
  for (const add of [
    addDevCommand,
    addServeCommand,
    addTransactCommand,
    addQueryCommand,
    addShellCommand,
    addPullCommand,
    addLogCommand,
    addImportCommand,
    addSchemaCommand,
    addDatabasesCommand,
    addCheckCommand,
    addViewsCommand,
    addCasesCommand,
    addBackupCommand,
    addRestoreCommand,
    addDeleteCommand,
    addQueriesCommand,
    addCodegenCommand,
    addProceduresCommand,
    addTokenCommand,
    addGrantCommand,
    addAuditCommand,
  ]) {
    add(program, context)
  }
  for (const command of program.commands) command.exitOverride()
  try {
    await program.parseAsync([...words], { from: 'user' })
    return context.terminal.exitCode
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    reportError(error, context.terminal)
    return exitCodeOf(error)
  }
}

if (import.meta.main) {
  const terminal = processTerminal()
  terminal.end(await main(terminal.words, { env: nodeEnv(), terminal }))
}
