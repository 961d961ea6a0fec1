// Looks over the names in a data folder: what is Varve's and needed, what somebody left behind, what is foreign.
// Leftovers are harmless, and whoever writes next removes them. Foreign files are told and never touched.

import type { Env } from '../base/env.ts'
import { keptKeys } from '../index/garbage.ts'
import { ROOT_KEY, type Root, SEGMENT_PREFIX } from '../index/root.ts'
import { readLogFolder } from '../log/log-folder.ts'
import { parseFileName } from '../log/log-file.ts'
import type { Finding } from './finding.ts'

type Use = 'used' | 'leftover' | 'unknown'

const FIXES: Readonly<Record<Exclude<Use, 'used'>, string>> = {
  leftover: 'Nothing needs to be done: the next writer removes it',
  unknown: 'It is not used; move it elsewhere if it should not lie here',
}
const WHATS: Readonly<Record<Exclude<Use, 'used'>, string>> = {
  leftover: 'It was left behind by work that was interrupted or replaced',
  unknown: "It is none of Varve's files",
}

/** What lies beside the databases. */
export function strangersInCatalog(env: Env, folder: string): readonly Finding[] {
  return strangers(env, undefined, folder, (name) => {
    if (/^\.(making-|deleted-|unfinished$|varve\.json$)/.test(name)) return 'leftover'
    const isDatabase = env.files.stat(`${folder}/${name}/database.json`) !== undefined
    return name === 'varve.json' || isDatabase ? 'used' : 'unknown'
  })
}

/** What lies in the folder of one database beyond what its log and the newest root of its index need. */
export function strangersInDatabase(
  env: Env,
  { name, folder }: { readonly name: string; readonly folder: string },
  root: Root | undefined,
): readonly Finding[] {
  return [
    ...strangers(env, name, folder, (entry) => {
      if (entry === '.database.json') return 'leftover'
      return /^(database\.json|log|index)$/.test(entry) ? 'used' : 'unknown'
    }),
    ...strangersInLog(env, name, `${folder}/log`),
    ...strangersInIndex(env, name, `${folder}/index`, root),
  ]
}

function strangersInLog(env: Env, database: string, folder: string): readonly Finding[] {
  const { parts, unfinished } = readLogFolder(env, folder)
  const used = new Set([...parts.map(({ path }) => path), ...unfinished])
  return strangers(env, database, folder, (name) => {
    if (used.has(`${folder}/${name}`)) return 'used'
    if (/^(epoch|position|spare)-\d{8}$|^lock/.test(name)) return 'used'
    return parseFileName(name) !== undefined || name.endsWith('.sealed.tmp') ? 'leftover' : 'unknown'
  })
}

function strangersInIndex(
  env: Env,
  database: string,
  folder: string,
  root: Root | undefined,
): readonly Finding[] {
  const kept = root === undefined ? new Set<string>() : keptKeys(root)
  const versions = env.files.list(folder).filter((name) => name.startsWith(`${ROOT_KEY}~`))
  return [
    ...strangers(env, database, folder, (name) => {
      if (name === versions.at(-1) || `${name}/` === SEGMENT_PREFIX) return 'used'
      return versions.includes(name) || name.startsWith('.tmp-') ? 'leftover' : 'unknown'
    }),
    ...strangers(env, database, `${folder}/${SEGMENT_PREFIX.slice(0, -1)}`, (name) => {
      if (kept.has(`${SEGMENT_PREFIX}${name}`)) return 'used'
      return /^\d{8}-[0-9a-f]{64}\.parquet$/.test(name) ? 'leftover' : 'unknown'
    }),
  ]
}

function strangers(
  env: Env,
  database: string | undefined,
  folder: string,
  useOf: (name: string) => Use,
): readonly Finding[] {
  const findings: Finding[] = []
  for (const name of env.files.list(folder)) {
    const use = useOf(name)
    if (use === 'used') continue
    findings.push({ kind: use, database, path: `${folder}/${name}`, what: WHATS[use], fix: FIXES[use] })
  }
  return findings
}
