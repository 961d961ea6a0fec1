// `varve backup` and `varve restore`: hot, consistent, only what is new; and back again, to any moment.

import { type Command, InvalidArgumentError } from 'commander'
import { backup, restore, type RestorePoint } from '../../database/replicate.ts'
import { FolderCatalogStorage } from '../../database/storage.ts'
import type { Context } from '../main.ts'
import { Progress } from '../progress.ts'

export function addBackupCommand(program: Command, { env, terminal }: Context): void {
  program
    .command('backup')
    .description('copy all databases to a folder; again, only what is new; the writer may go on')
    .argument('<target>', 'folder of the backup')
    .option('--data <folder>', 'folder of the databases', './varve-data')
    .addHelpText('after', '\nExample:\n  varve backup /mnt/backup/varve')
    .action(async (target: string, { data }: { readonly data: string }) => {
      const source = await FolderCatalogStorage.open(env, data, { canCreate: false })
      const progress = new Progress('Copying', terminal, env.clock)
      const done = await backup(env, source, target, (_name, t, lastT) => progress.report(t, lastT))
      progress.finish()
      for (const { name, fromT, lastT } of done) {
        terminal.out(
          `${name}: ${fromT > lastT ? `complete up to t ${lastT}` : `t ${fromT} to ${lastT} copied`}\n`,
        )
      }
    })
}

export function addRestoreCommand(program: Command, { env, terminal }: Context): void {
  program
    .command('restore')
    .description('make the databases of a backup again in a new folder, as of any moment')
    .argument('<source>', 'folder of the backup')
    .requiredOption('--data <folder>', 'a new folder')
    .option('--to <moment>', 'an instant, or name=t,name=t', parsePoint)
    .addHelpText(
      'after',
      '\nExample:\n  varve restore /mnt/backup/varve --data ./restored --to 2015-03-31T23:59:59Z',
    )
    .action(async (source: string, { data, to }: { readonly data: string; readonly to?: RestorePoint }) => {
      const progress = new Progress('Restoring', terminal, env.clock)
      const done = await restore(env, source, data, to, (_name, t, lastT) => progress.report(t, lastT))
      progress.finish()
      for (const { name, lastT } of done) terminal.out(`${name}: restored up to t ${lastT}\n`)
    })
}

function parsePoint(text: string): RestorePoint {
  if (text.includes('=')) {
    const points: Record<string, number> = {}
    for (const part of text.split(',')) {
      const [name, t] = part.split('=')
      if (!name || !/^\d+$/.test(t ?? '')) throw new InvalidArgumentError('Write name=t,name=t.')
      points[name] = Number(t)
    }
    return points
  }
  const ms = Date.parse(text)
  if (Number.isNaN(ms)) throw new InvalidArgumentError('It is neither an instant nor name=t.')
  return new Date(ms)
}
