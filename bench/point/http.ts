// A service in a process of its own, on one core where the machine can hold it there, and callers that ask it one
// question after another over connections that stay open.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { join } from 'node:path'

const PROGRAM = join(import.meta.dirname, '../../bin/varve.mjs')
const UNAUDITED = join(import.meta.dirname, '../serve/unaudited.ts')

export type ServedOptions = {
  readonly canWrite?: boolean
  readonly isOnOneCore?: boolean
  /** False leaves the audit out, as no option of the service does. */
  readonly isAudited?: boolean
}

export class ServedFolder implements AsyncDisposable {
  readonly port: number
  /** True where the process was held on one core. */
  readonly isOnOneCore: boolean
  readonly #child: ChildProcess
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 64 })

  private constructor(child: ChildProcess, port: number, isOnOneCore: boolean) {
    this.#child = child
    this.port = port
    this.isOnOneCore = isOnOneCore
  }

  static async start(folder: string, options: ServedOptions = {}): Promise<ServedFolder> {
    const { canWrite = false, isOnOneCore = false, isAudited = true } = options
    const held = isOnOneCore && hasTaskset()
    const varve = isAudited
      ? [process.execPath, PROGRAM, 'serve', '--data', folder, '--port', '0']
      : [process.execPath, UNAUDITED, folder]
    if (canWrite) varve.push('--write')
    const [program, ...args] = held ? ['taskset', '-c', '0', ...varve] : varve
    // In a session of its own, as a service manager starts it.
    const child = spawn(program!, args, { stdio: ['ignore', 'pipe', 'inherit'], detached: true })
    // So that whoever interrupts a benchmark leaves no service behind.
    const end = (): void => void child.kill()
    process.once('exit', end)
    child.once('exit', () => process.off('exit', end))
    const port = await new Promise<number>((resolve, reject) => {
      let text = ''
      child.stdout.setEncoding('utf8').on('data', (part: string) => {
        text += part
        const found = /:(\d+)\n/.exec(text)
        if (found === null) return
        child.stdout.removeAllListeners('data').resume()
        resolve(Number(found[1]))
      })
      child.on('exit', (code) => reject(new Error(`varve serve ended with ${code}`)))
    })
    return new ServedFolder(child, port, held)
  }

  /** The body of the answer. Fails unless it was done. */
  post(path: string, body: string, token?: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const sent = request(
        {
          agent: this.#agent,
          host: '127.0.0.1',
          port: this.port,
          method: 'POST',
          path,
          headers: {
            'content-type': 'application/json',
            'content-length': Buffer.byteLength(body),
            ...(token !== undefined && { authorization: `Bearer ${token}` }),
          },
        },
        (response) => {
          let text = ''
          response.setEncoding('utf8').on('data', (part: string) => (text += part))
          response.on('end', () =>
            response.statusCode! < 300 ? resolve(text) : reject(new Error(`${response.statusCode} ${text}`)),
          )
        },
      )
      sent.on('error', reject)
      sent.end(body)
    })
  }

  /** It does nothing at all until it is told to go on. */
  pause(): void {
    this.#child.kill('SIGSTOP')
  }

  goOn(): void {
    this.#child.kill('SIGCONT')
  }

  get processId(): number {
    return this.#child.pid!
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#agent.destroy()
    const ended = once(this.#child, 'exit')
    this.#child.kill('SIGTERM')
    await ended
  }
}

function hasTaskset(): boolean {
  try {
    execFileSync('taskset', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
