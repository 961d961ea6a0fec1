// Grants as facts of the system database. Every request sees those of the newest basis; what they say is read once for
// each basis.

import { checkGrant, type Grant, type GrantText, parseGrant } from '../../access/grant.ts'
import type { Caller } from '../../access/caller.ts'
import type { Env } from '../../base/env.ts'
import type { T } from '../../fact/attribute.ts'
import type { Schema } from '../../fact/schema.ts'
import { entitiesWith, type EntityFields, fieldsOf, formOf, textsOf } from './entities.ts'
import { grantNotFound } from './errors.ts'
import { keyword } from '../../fact/value.ts'
import type { SystemFolder } from './system-folder.ts'

export type GrantInfo = GrantText & { readonly id: string; readonly createdBy: string }

const ID_BYTE_COUNT = 8

export class Grants {
  readonly #env: Env
  readonly #system: SystemFolder
  #read: { readonly basisT: T; readonly grants: readonly Grant[] } | undefined

  constructor(env: Env, system: SystemFolder) {
    this.#env = env
    this.#system = system
  }

  /** Those that hold now. */
  async current(): Promise<readonly Grant[]> {
    const { facts, basisT } = await this.#system.system()
    if (this.#read?.basisT !== basisT) {
      const grants = entitiesWith(facts, 'grant/id').map((fields) => parseGrant(infoOf(fields)))
      this.#read = { basisT, grants }
    }
    return this.#read.grants
  }

  async list(): Promise<readonly GrantInfo[]> {
    return entitiesWith((await this.#system.system()).facts, 'grant/id').map(infoOf)
  }

  /** `schema` is that of the database that it is for. Throws what is wrong with the grant. */
  async create(text: GrantText, schema: Schema, by: Caller): Promise<GrantInfo> {
    checkGrant(parseGrant(text), schema)
    const id = Buffer.from(this.#env.random.bytes(ID_BYTE_COUNT)).toString('hex')
    const { principal, database, attributes, rowRule, mask, purposes = [] } = text
    await this.#system.change([
      formOf({
        'grant/id': id,
        'grant/principal': principal,
        'grant/database': database,
        'grant/attributes': attributes,
        'grant/rows': rowRule,
        'grant/mask': mask,
        'grant/purposes': purposes.length === 0 ? undefined : purposes,
        'grant/created-by': by.name,
      }),
    ])
    return { ...text, id, createdBy: by.name }
  }

  /** It lets nobody see anything any more, from the next request on. Throws `varve.error/grant-not-found`. */
  async remove(id: string): Promise<void> {
    const { facts } = await this.#system.system()
    if (fieldsOf(facts, 'grant/id', id) === undefined) throw grantNotFound(id)
    await this.#system.change([[keyword('db/retractEntity'), [keyword('grant/id'), id]]])
  }
}

function infoOf(fields: EntityFields): GrantInfo {
  const optional = (name: string): string | undefined => fields.get(name) as string | undefined
  return {
    id: String(fields.get('grant/id')),
    principal: String(fields.get('grant/principal')),
    database: String(fields.get('grant/database')),
    attributes: textsOf(fields, 'grant/attributes'),
    rowRule: optional('grant/rows'),
    mask: optional('grant/mask'),
    purposes: textsOf(fields, 'grant/purposes'),
    createdBy: String(fields.get('grant/created-by')),
  }
}
