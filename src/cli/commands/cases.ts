// `varve cases FILE…`: runs case files by every engine on every layout; exit code 1 if any case fails. An engine may
// refuse a question; how often and why is told before the counts.

import { type Command, Option } from 'commander'
import { DuckDbEngine, isDuckDbInstalled } from '../../adapter/duckdb/engine.ts'
import type { Env } from '../../base/env.ts'
import { createEngine } from '../../engine/create.ts'
import type { Engine } from '../../plan/engine.ts'
import { parseCases } from '../cases/case-file.ts'
import { LAYOUTS, type Layout } from '../cases/layouts.ts'
import { runCase } from '../cases/run-cases.ts'
import { Refusals } from '../cases/refusals.ts'
import type { Context } from '../main.ts'
import { readWords } from '../options.ts'

const ENGINES = ['native', 'duckdb'] as const
type EngineChoice = (typeof ENGINES)[number]

type Options = { readonly layout?: Layout; readonly name?: string; readonly engine?: EngineChoice }

export function addCasesCommand(program: Command, { env, terminal }: Context): void {
  program
    .command('cases')
    .description('run case files: facts, a question, the answer that must come')
    .argument('<files...>', 'EDN files')
    .addOption(new Option('--layout <name>', 'only this layout').choices(LAYOUTS))
    .addOption(new Option('--engine <name>', 'only this engine').choices(ENGINES))
    .option('--name <part>', 'only cases whose name holds this')
    .addHelpText('after', '\nExample:\n  varve cases test/cases/pull.edn --layout novelty')
    .action(async (files: readonly string[], { layout, name, engine }: Options) => {
      const folder = env.files.makeTemporaryFolder('varve-cases')
      const engines = enginesOf(env, engine)
      const refusals = new Refusals()
      let passed = 0
      let failed = 0
      try {
        for (const file of files) {
          for (const made of parseCases(readWords(env, `@${file}`).text, file)) {
            if (name !== undefined && !made.name.includes(name)) continue
            let isFailed = false
            for (const each of engines) {
              const failure = await runCase(env, made, {
                folder,
                ...(layout && { layouts: [layout] }),
                engine: each,
                refused: (refusal) => refusals.add(each.name, refusal),
              })
              if (failure === undefined) continue
              isFailed = true
              terminal.out(
                `${failure.name} (${each.name}, ${failure.layout})\n  expected ${failure.expected}\n  got      ${failure.got}\n`,
              )
            }
            if (isFailed) failed++
            else passed++
          }
        }
      } finally {
        for (const each of engines) await each[Symbol.asyncDispose]?.()
        env.files.remove(folder)
      }
      terminal.out(refusals.text())
      terminal.out(`${passed} passed, ${failed} failed\n`)
      if (failed > 0) terminal.exitCode = 1
    })
}

/** The engine asked for, or all there are. */
function enginesOf(env: Env, wanted: EngineChoice | undefined): readonly Engine[] {
  const isWanted = (name: EngineChoice, isThere: boolean): boolean =>
    wanted === undefined ? isThere : wanted === name
  return [
    ...(isWanted('native', true) ? [createEngine(env)] : []),
    ...(isWanted('duckdb', isDuckDbInstalled()) ? [new DuckDbEngine(env)] : []),
  ]
}
