// The door for commands that set up the service: its own routes, over HTTP where a server runs, else asked in this process
// over the folders. Whoever may write the folder may do everything.

import type { Env, HttpHandler, HttpResponse } from '../base/env.ts'
import { type ErrorKind, VarveError } from '../base/errors.ts'
import { type Command, Option } from 'commander'
import { writeEdn } from '../fact/edn-writer.ts'
import type { EdnMap } from '../fact/value.ts'
import type { Notation } from '../query/written.ts'
import { connectLocal } from '../api/connect.ts'
import { OPEN_ACCESS } from '../service/access-control.ts'
import { createHandler } from '../service/handler.ts'
import type { Service } from '../service/route.ts'
import { createService } from '../service/server.ts'
import { SystemFolder, systemFolderOf } from '../service/system/system-folder.ts'
import { serverUnreachable } from '../client/errors.ts'
import { ednAnswer, shownHeaders, type ShownWords } from '../client/wire.ts'
import { type PlaceOptions, tokenOption } from './options.ts'
import { SYSTEM_OPTION } from './serving.ts'
import { packageVersion } from './version.ts'

export type ManagementOptions = PlaceOptions & { readonly system?: string }

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
  /** The same in EDN, which keeps every type of value: of a POST where there is a body. */
  ask(path: string, body?: EdnMap): Promise<EdnMap>
}

type Sent = {
  readonly method: string
  readonly path: string
  readonly notation: Notation
  readonly body?: string
}
type Got = { readonly status: number; readonly text: string }

/** What both doors do with what goes out and comes in. */
abstract class Door implements Management {
  /** Where it leads. */
  protected abstract readonly place: string
  protected abstract got(sent: Sent): Promise<Got>
  abstract [Symbol.asyncDispose](): Promise<void>

  async send(method: string, path: string, body?: Json): Promise<Json> {
    const text = body === undefined ? {} : { body: JSON.stringify(body) }
    const { status, text: answer } = await this.got({ method, path, notation: 'json', ...text })
    if (status >= 400) throw errorOf(answer)
    return JSON.parse(answer) as Json
  }

  async ask(path: string, body?: EdnMap): Promise<EdnMap> {
    const sent: Sent =
      body === undefined
        ? { method: 'GET', path, notation: 'edn' }
        : { method: 'POST', path, notation: 'edn', body: writeEdn(body) }
    const { status, text } = await this.got(sent)
    return ednAnswer(text, status, this.place)
  }
}

export async function openManagement(env: Env, options: ManagementOptions): Promise<Management> {
  const { data, system: given, url, ...shown } = options
  if (url !== undefined) return new RemoteManagement(env, url, shown)
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

class LocalManagement extends Door {
  protected readonly place: string = 'this folder'
  readonly #system: SystemFolder
  readonly #varve: Varve
  #service: Service | undefined
  #handle: HttpHandler | undefined

  constructor(system: SystemFolder, varve: Varve) {
    super()
    this.#system = system
    this.#varve = varve
  }

  protected async got({ method, path, notation, body }: Sent): Promise<Got> {
    this.#handle ??= await this.#open()
    const bytes = Buffer.from(body ?? '')
    const type = `application/${notation}`
    const response = await this.#handle({
      method,
      target: path,
      headers: new Map([
        ['accept', type],
        ...(body === undefined ? [] : ([['content-type', type]] as const)),
      ]),
      remoteAddress: '',
      readBody: () => Promise.resolve(bytes),
      signal: new AbortController().signal,
    })
    const text = await textOf(response)
    response.onEnd?.(true)
    return { status: response.status, text }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#service?.audit.settled()
    await this.#varve.close()
    await this.#system[Symbol.asyncDispose]()
  }

  async #open(): Promise<HttpHandler> {
    const { catalog, runner, procedures } = this.#varve
    const faults: unknown[] = []
    const onFault = (error: unknown): void => void faults.push(error)
    const version = packageVersion(catalog.env)
    const options = { catalog, runner, procedures, system: this.#system, version, onFault }
    const door = { audit: await this.#system.openAudit(), access: OPEN_ACCESS, isLoopback: false }
    this.#service = createService(options, door)
    const handle = createHandler(this.#service)
    return async (request) => {
      const response = await handle(request)
      // There is no log of a server where it could be looked up.
      if (faults.length > 0) throw new AggregateError(faults, 'Varve failed')
      return response
    }
  }
}

export class RemoteManagement extends Door {
  readonly #env: Env
  protected readonly place: string
  readonly #shown: Readonly<Record<string, string>>

  constructor(env: Env, url: string, shown: ShownWords) {
    super()
    this.#env = env
    this.place = url.replace(/\/+$/, '')
    this.#shown = shownHeaders(shown)
  }

  protected async got({ method, path, notation, body }: Sent): Promise<Got> {
    const type = `application/${notation}`
    const headers = {
      accept: type,
      ...(body !== undefined && { 'content-type': type }),
      ...this.#shown,
    }
    let response: Response
    try {
      response = await this.#env.network.fetch(`${this.place}${path}`, {
        method,
        headers,
        ...(body !== undefined && { body }),
      })
    } catch (cause) {
      throw serverUnreachable(this.place, cause)
    }
    return { status: response.status, text: await response.text() }
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

function errorOf(text: string): VarveError {
  const { error } = JSON.parse(text) as { readonly error: Readonly<Record<string, string>> }
  const { code, kind, message, fix, data } = error
  return new VarveError({
    code: String(code),
    kind: kind as ErrorKind,
    message: String(message),
    fix: String(fix),
    data: (data ?? {}) as unknown as Readonly<Record<string, unknown>>,
  })
}
