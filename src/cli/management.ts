// The door for commands that set up the service: its own routes, over HTTP where a server runs, else asked in this process
// over the folders. Whoever may write the folder may do everything.

import type { Env, HttpResponse } from '../base/env.ts'
import { type ErrorKind, VarveError } from '../base/errors.ts'
import { type Command, Option } from 'commander'
import { connectLocal } from '../api/connect.ts'
import { OPEN_ACCESS } from '../service/access-control.ts'
import { createHandler } from '../service/handler.ts'
import { createService } from '../service/server.ts'
import { SystemFolder } from '../service/system/system-folder.ts'
import { serverUnreachable } from './http-session.ts'
import { tokenOption } from './options.ts'
import { SYSTEM_OPTION, systemFolderOf } from './serving.ts'
import { packageVersion } from './version.ts'

export type ManagementOptions = {
  readonly data: string
  readonly system?: string
  readonly url?: string
  readonly token?: string
}

export function withManagement(command: Command): Command {
  return command
    .option('--data <folder>', 'folder of the databases', './varve-data')
    .option('--system <folder>', SYSTEM_OPTION)
    .addOption(
      new Option('--url <url>', 'a server to ask instead of the folders').conflicts(['data', 'system']),
    )
    .addOption(tokenOption())
}

export type Json = Readonly<Record<string, unknown>>

export interface Management extends AsyncDisposable {
  /** The answer of a route. Throws the error that it answers. */
  send(method: string, path: string, body?: Json): Promise<Json>
}

export async function openManagement(env: Env, options: ManagementOptions): Promise<Management> {
  const { data, system: given, url, token } = options
  if (url !== undefined) return new RemoteManagement(env, url, token)
  const folder = given ?? systemFolderOf(data)
  const system = await SystemFolder.open(env, folder)
  const hasData = env.files.stat(data) !== undefined
  const varve = await connectLocal(`file:${hasData ? data : folder}`, {
    env,
    readOnly: true,
    followedFolders: hasData ? [folder] : [],
  })
  return new LocalManagement(system, varve)
}

type Varve = Awaited<ReturnType<typeof connectLocal>>

class LocalManagement implements Management {
  readonly #system: SystemFolder
  readonly #varve: Varve
  #handle: ReturnType<typeof createHandler> | undefined

  constructor(system: SystemFolder, varve: Varve) {
    this.#system = system
    this.#varve = varve
  }

  async send(method: string, path: string, body?: Json): Promise<Json> {
    this.#handle ??= await this.#open()
    const bytes = Buffer.from(body === undefined ? '' : JSON.stringify(body))
    const response = await this.#handle({
      method,
      target: path,
      headers: new Map(body === undefined ? [] : [['content-type', 'application/json']]),
      remoteAddress: '',
      readBody: () => Promise.resolve(bytes),
      signal: new AbortController().signal,
    })
    return answerOf(response.status, await textOf(response))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#varve.close()
    await this.#system[Symbol.asyncDispose]()
  }

  async #open(): Promise<ReturnType<typeof createHandler>> {
    const { catalog, runner } = this.#varve
    const faults: unknown[] = []
    const onFault = (error: unknown): void => void faults.push(error)
    const version = packageVersion(catalog.env)
    const options = { catalog, runner, system: this.#system, version, onFault }
    const door = { audit: await this.#system.openAudit(), access: OPEN_ACCESS, isLoopback: false }
    const handle = createHandler(createService(options, door))
    return async (request) => {
      const response = await handle(request)
      // There is no log of a server where it could be looked up.
      if (faults.length > 0) throw new AggregateError(faults, 'Varve failed')
      return response
    }
  }
}

class RemoteManagement implements Management {
  readonly #env: Env
  readonly #url: string
  readonly #token: string | undefined

  constructor(env: Env, url: string, token: string | undefined) {
    this.#env = env
    this.#url = url.replace(/\/+$/, '')
    this.#token = token
  }

  async send(method: string, path: string, body?: Json): Promise<Json> {
    const headers = {
      accept: 'application/json',
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(this.#token !== undefined && { authorization: `Bearer ${this.#token}` }),
    }
    const init = { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) }
    let response: Response
    try {
      response = await this.#env.network.fetch(`${this.#url}${path}`, init)
    } catch (cause) {
      throw serverUnreachable(this.#url, cause)
    }
    return answerOf(response.status, await response.text())
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve()
  }
}

async function textOf({ body = '' }: HttpResponse): Promise<string> {
  if (typeof body === 'string') return body
  if (body instanceof Uint8Array) return Buffer.from(body).toString()
  const pieces: Uint8Array[] = []
  for await (const piece of body) pieces.push(Buffer.from(piece))
  return Buffer.concat(pieces).toString()
}

function answerOf(status: number, text: string): Json {
  const answer = JSON.parse(text) as Json
  if (status < 400) return answer
  const { code, kind, message, fix, data } = answer['error'] as Readonly<Record<string, string>>
  throw new VarveError({
    code: String(code),
    kind: kind as ErrorKind,
    message: String(message),
    fix: String(fix),
    data: (data ?? {}) as unknown as Readonly<Record<string, unknown>>,
  })
}
