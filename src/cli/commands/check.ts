// `varve check`: verifies everything on disk and lists what is wrong, where, and what to do.

import type { Command } from 'commander'
import type { Finding } from '../../database/finding.ts'
import { type Verified, verifyFolder } from '../../database/verify.ts'
import type { Context } from '../main.ts'
import { Progress } from '../progress.ts'

type Options = { readonly data: string; readonly database?: string }

export function addCheckCommand(program: Command, { env, terminal }: Context): void {
  program
    .command('check')
    .description('verify everything on disk: checksums, hash chains, and that each index equals its log')
    .option('--data <folder>', 'folder of the databases', './varve-data')
    .option('--database <name>', 'only this one')
    .addHelpText('after', '\nExample:\n  varve check --data ./varve-data')
    .action(async ({ data, database }: Options) => {
      let progress: { readonly stage: string; readonly bar: Progress } | undefined
      const onProgress = (stage: string, done: number, total: number): void => {
        if (progress?.stage !== stage) {
          progress?.bar.finish()
          progress = { stage, bar: new Progress(stage, terminal, env.clock) }
        }
        progress.bar.report(done, total)
      }
      const fromMs = env.clock.monotonicMs()
      const { databases, findings } = await verifyFolder(env, data, {
        ...(database !== undefined && { database }),
        onProgress,
      })
      progress?.bar.finish()
      const seconds = (env.clock.monotonicMs() - fromMs) / 1_000
      for (const verified of databases) terminal.out(lineOf(verified))
      const all = [...databases.flatMap((verified) => verified.findings), ...findings]
      for (const finding of all) terminal.out(textOf(finding))
      const bytes = databases.reduce((sum, { byteCount }) => sum + byteCount, 0)
      terminal.err(`${(bytes / 2 ** 20).toFixed(1)} MiB verified in ${seconds.toFixed(1)} s\n`)
      if (all.some(({ kind }) => kind === 'damage')) terminal.exitCode = 1
    })
}

function lineOf({ name, lastT, indexedT, datomCount, findings }: Verified): string {
  const damageCount = findings.filter(({ kind }) => kind === 'damage').length
  if (damageCount > 0) return `${name}: ${damageCount} damaged\n`
  const index =
    indexedT < 0
      ? 'no index yet'
      : `the index equals the log up to t ${indexedT} (${datomCount.toLocaleString('en')} assertions and retractions)`
  return `${name}: ok; the log is whole up to t ${lastT}, ${index}\n`
}

function textOf({ kind, path, offset, what, fix }: Finding): string {
  const place = offset === undefined ? path : `${path}, byte ${offset}`
  return `${kind}: ${place}\n  ${what}\n  What to do: ${fix}\n`
}
