// The `varve` command as a process of its own, from source: run to its end, or started and spoken to.

import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from './examples.ts'
import { type Finished, runProgram } from './toolchains.ts'

const COMMAND = join(root, 'bin/varve.mjs')

/** A folder that goes with the test. */
export class TestFolder implements Disposable {
  readonly path: string = mkdtempSync(join(tmpdir(), 'varve-test-'));

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true })
  }
}

/** `varve …` to its end. */
export function varve(
  args: readonly string[],
  options: { readonly cwd?: string; readonly stdin?: string } = {},
): Promise<Finished> {
  return runProgram(process.execPath, [COMMAND, ...args], {
    cwd: options.cwd ?? root,
    ...(options.stdin !== undefined && { stdin: options.stdin }),
  })
}

type RunningOptions = {
  /** Words of a program that becomes the command, as `AS_NOBODY`. */
  readonly through?: readonly string[]
  readonly isUrgent?: boolean
  /** It leads a session of its own, as what a service manager starts. */
  readonly isSession?: boolean
}

/** A running `varve …`; killed when disposed. */
export class RunningVarve implements AsyncDisposable {
  readonly child: ChildProcess
  readonly ended: Promise<number | string>
  stdout = ''
  stderr = ''
  #changed: () => void = () => undefined

  /** `environment` is added to the one of the tests. */
  constructor(
    args: readonly string[],
    environment: Readonly<Record<string, string>> = {},
    { through = [], isUrgent = args[0] === 'serve', isSession = false }: RunningOptions = {},
  ) {
    // A reader gives way to whoever else uses the machine, and here that is other tests.
    const urgent = isUrgent ? ['--nice', '0'] : []
    const [program, ...words] = [...through, process.execPath, COMMAND, ...args, ...urgent]
    this.child = spawn(program!, words, {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...environment },
      detached: isSession,
    })
    this.child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text
      this.#changed()
    })
    this.child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text
      this.#changed()
    })
    this.ended = new Promise((resolve) =>
      this.child.once('close', (code, signal) => {
        resolve(code ?? signal ?? 'unknown')
        this.#changed()
      }),
    )
  }

  /** The first match in what was printed, once it is there; throws with all of it if the process ends before. */
  async printed(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this.stdout) ?? pattern.exec(this.stderr)
      if (found !== null) return found
      if (this.child.exitCode !== null || this.child.signalCode !== null)
        throw new Error(`ended before it printed ${pattern}:\n${this.stdout}${this.stderr}`)
      await new Promise<void>((resolve) => (this.#changed = resolve))
    }
  }

  /** The URL that a server prints once it serves. */
  async url(): Promise<string> {
    return (await this.printed(/ at (http:\/\/127\.0\.0\.1:\d+)\n/))[1]!
  }

  /** Asks it to stop, as Ctrl-C does; its exit code. */
  async stop(signal: NodeJS.Signals = 'SIGINT'): Promise<number | string> {
    this.child.kill(signal)
    return this.ended
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill('SIGKILL')
    await this.ended
  }
}

const NOBODY = 65_534

/** Words before a command that make somebody else of it who may only read what the tests wrote; none where root is not at hand. */
export const AS_NOBODY: readonly string[] =
  process.platform === 'linux' && process.getuid?.() === 0
    ? ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', '--bounding-set=-all', '--']
    : []

/** A folder that belongs to whom `AS_NOBODY` makes of a command, in one that others may enter. */
export function folderOfNobody(path: string): string {
  mkdirSync(path, { recursive: true })
  chmodSync(join(path, '..'), 0o755)
  if (AS_NOBODY.length > 0) chownSync(path, NOBODY, NOBODY)
  return path
}
