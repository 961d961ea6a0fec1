// `varve cases FILE…`: runs case files on every layout; exit code 1 if any case fails.

import { type Command, Option } from 'commander'
import { parseCases } from '../cases/case-file.ts'
import { LAYOUTS, type Layout } from '../cases/layouts.ts'
import { runCase } from '../cases/run-cases.ts'
import type { Context } from '../main.ts'
import { readWords } from '../options.ts'

type Options = { readonly layout?: Layout; readonly name?: string; readonly engine?: string }

export function addCasesCommand(program: Command, { env, terminal }: Context): void {
  program
    .command('cases')
    .description('run case files: facts, a question, the answer that must come')
    .argument('<files...>', 'EDN files')
    .addOption(new Option('--layout <name>', 'only this layout').choices(LAYOUTS))
    .addOption(new Option('--engine <name>', 'only this engine').choices(['native']))
    .option('--name <part>', 'only cases whose name holds this')
    .addHelpText('after', '\nExample:\n  varve cases test/cases/pull.edn --layout novelty')
    .action(async (files: readonly string[], { layout, name }: Options) => {
      const folder = env.files.makeTemporaryFolder('varve-cases')
      let passed = 0
      let failed = 0
      try {
        for (const file of files) {
          for (const made of parseCases(readWords(env, `@${file}`).text, file)) {
            if (name !== undefined && !made.name.includes(name)) continue
            const failure = await runCase(env, made, { folder, ...(layout && { layouts: [layout] }) })
            if (failure === undefined) passed++
            else {
              failed++
              terminal.out(
                `${failure.name} (${failure.layout})\n  expected ${failure.expected}\n  got      ${failure.got}\n`,
              )
            }
          }
        }
      } finally {
        env.files.remove(folder)
      }
      terminal.out(`${passed} passed, ${failed} failed\n`)
      if (failed > 0) terminal.exitCode = 1
    })
}
