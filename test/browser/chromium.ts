// A real browser for tests: Chromium as the system has it, without a window. A page that it opens tells what it found by posting
// it to where it came from.

import { spawn } from 'node:child_process'
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome', 'chrome']
const ELSEWHERE = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
]
/** Said in the name of a test that is left out. */
export const BROWSER_WANTED = 'needs Chromium: apt-get install chromium, or its path as CHROME_PATH'

/** Where the browser is; undefined where there is none (an error with CI set). */
export function browserPath(): string | undefined {
  const given = process.env['CHROME_PATH']
  if (given !== undefined) return given
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  const paths = [...folders.flatMap((folder) => NAMES.map((name) => join(folder, name))), ...ELSEWHERE]
  const found = paths.find(isExecutable)
  if (found === undefined && process.env['CI'] !== undefined) throw new Error(`No browser: ${BROWSER_WANTED}`)
  return found
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

export type PageFile = { readonly type: string; readonly body: string | Uint8Array }

/** What pages tell, each by its origin. */
export class Pages implements AsyncDisposable {
  readonly #server: Server
  readonly #told = new Map<string, PromiseWithResolvers<unknown>>()

  /** `fileAt` gives what a path shows. */
  static async serve(fileAt: (path: string) => PageFile | undefined): Promise<Pages> {
    const server = createServer()
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
    return new Pages(server, fileAt)
  }

  private constructor(server: Server, fileAt: (path: string) => PageFile | undefined) {
    this.#server = server
    server.on('request', (request, response) => {
      const { method, url = '/', headers } = request
      if (method === 'POST') {
        const pieces: Buffer[] = []
        request.on('data', (piece: Buffer) => pieces.push(piece))
        request.on('end', () => {
          this.#of(headers.origin!).resolve(JSON.parse(Buffer.concat(pieces).toString()))
          response.end()
        })
        return
      }
      const file = fileAt(url)
      response.writeHead(file === undefined ? 404 : 200, { 'content-type': file?.type ?? 'text/plain' })
      response.end(file?.body)
    })
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** What the page of this origin posts. */
  told(origin: string): Promise<unknown> {
    return this.#of(origin).promise
  }

  #of(origin: string): PromiseWithResolvers<unknown> {
    const known = this.#told.get(origin) ?? Promise.withResolvers<unknown>()
    this.#told.set(origin, known)
    return known
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => void this.#server.close(resolve))
  }
}

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // Containers have little of the memory that it would share otherwise.
  '--disable-dev-shm-usage',
  // Every name of the tests is this machine, so that pages have origins of their own.
  '--host-resolver-rules=MAP *.example 127.0.0.1',
]

/** A browser that shows a page until it is disposed. */
export class Browser implements AsyncDisposable {
  readonly #profile = mkdtempSync(join(tmpdir(), 'varve-browser-'))
  readonly #kill: () => void
  /** Rejects when it ends before it is disposed, with what it printed. */
  readonly ended: Promise<never>
  readonly #closed: Promise<void>

  constructor(path: string, url: string) {
    // A group of its own, so that all of its processes end with it.
    const child = spawn(path, [...FLAGS, `--user-data-dir=${this.#profile}`, url], {
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    this.#kill = () => {
      if (child.exitCode === null && child.signalCode === null) process.kill(-child.pid!, 'SIGKILL')
    }
    // A test that is given up disposes of nothing.
    process.once('exit', this.#kill)
    let printed = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => (printed += text))
    const { promise: ended, reject } = Promise.withResolvers<never>()
    this.ended = ended
    ended.catch(() => undefined)
    this.#closed = new Promise((resolve) => {
      child.once('error', (error) => reject(error))
      child.once('close', () => {
        reject(new Error(`The browser ended:\n${printed}`))
        resolve()
      })
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    process.off('exit', this.#kill)
    this.#kill()
    await this.#closed
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 5 })
  }
}
