// Settles the company in the service, through the service's own routes: saved queries with what they must answer,
// procedures, grants, and tokens of some people, whose texts lie in a folder that only the owner of the files can read.
// The tokens come last: while one is missing, the next start does what is left; once they are there, people may change
// everything, and it stays as they want it.

import type { Env } from '../../base/env.ts'
import { makeDurableFolder } from '../../base/folders.ts'
import { readTextFile } from '../../base/text-file.ts'
import type { Json, Management } from '../management.ts'
import { GRANTS, PEOPLE } from './people.ts'
import { COMPANY_PROCEDURES, COMPANY_QUESTIONS, EXPECTED_AT, type Saved } from './questions.ts'

/** The file with the token of a person. */
export function tokenFile(systemFolder: string, id: string): string {
  return `${systemFolder}/people/${id}`
}

export function tokenOf(env: Env, systemFolder: string, id: string): string {
  return readTextFile(env.files, tokenFile(systemFolder, id))
}

export function isSettled(env: Env, systemFolder: string): boolean {
  return PEOPLE.every(({ id }) => env.files.exists(tokenFile(systemFolder, id)))
}

export async function settleCompany(management: Management, env: Env, systemFolder: string): Promise<void> {
  for (const [name, procedure] of Object.entries(COMPANY_PROCEDURES))
    await management.send('PUT', `/v1/procedures/${encodeURIComponent(name)}`, procedure)
  const { queries } = await management.send('GET', '/v1/queries')
  const known = new Set((queries as readonly Json[]).map(({ name }) => name))
  for (const [name, query] of Object.entries(COMPANY_QUESTIONS))
    if (!known.has(name)) await saveQuestion(management, name, query)
  await settleGrants(management)
  await makeDurableFolder(env, `${systemFolder}/people`)
  for (const { id, caller, roles } of PEOPLE) {
    const path = tokenFile(systemFolder, id)
    if (env.files.exists(path)) continue
    const { token } = await management.send('POST', '/v1/tokens', { caller, roles })
    await writeSecret(env, path, String(token))
  }
}

async function saveQuestion(
  management: Management,
  name: string,
  { expectation, ...query }: Saved,
): Promise<void> {
  const path = `/v1/queries/${encodeURIComponent(name)}`
  await management.send('PUT', path, query)
  if (expectation === undefined) return
  const { name: called, arguments: given } = expectation
  await management.send('PUT', `${path}/expectations/${called}`, { arguments: given, asOf: EXPECTED_AT })
}

/** A grant has no name of its own: what is there already is known by what it says. */
async function settleGrants(management: Management): Promise<void> {
  const { grants } = await management.send('GET', '/v1/grants')
  const said = ({ principal, database, attributes, rowRule, mask, purposes }: Json): string =>
    JSON.stringify([principal, database, [...(attributes as string[])].sort(), rowRule, mask, purposes ?? []])
  const known = new Set((grants as readonly Json[]).map(said))
  for (const grant of GRANTS) if (!known.has(said(grant))) await management.send('POST', '/v1/grants', grant)
}

async function writeSecret({ files }: Env, path: string, text: string): Promise<void> {
  using file = files.open(path, 'secret')
  file.write(0, Buffer.from(text))
  await file.sync()
}
