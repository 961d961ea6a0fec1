// The real `Env`: this process, on this machine. Clock, chance, timers, processes and workers stand here;
// files, locks and HTTP in the files beside it.

import { fork } from 'node:child_process'
import { availableParallelism, hostname, setPriority, totalmem } from 'node:os'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { randomBytes } from 'node:crypto'
import { performance } from 'node:perf_hooks'
import { setImmediate as afterOthers, setTimeout as sleepUntil } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import {
  BroadcastChannel,
  isMainThread,
  type MessagePort,
  parentPort,
  receiveMessageOnPort,
  Worker,
  workerData,
} from 'node:worker_threads'

import { assert } from './assert.ts'
import type {
  Clock,
  Env,
  Processes,
  Random,
  ThreadChannel,
  Timers,
  WorkerOptions,
  WorkerPort,
  WorkerThread,
} from './env.ts'
import { nodeFiles } from './env-node-files.ts'
import { nodeNetwork } from './env-node-network.ts'

/** The effects of this process on this machine. */
export function nodeEnv(): Env {
  return { clock, random, timers, files: nodeFiles(bootId), processes, network: nodeNetwork }
}

/** The thread's end of the connection to the one that started it. Only inside a worker thread. */
export function workerPort(): WorkerPort {
  const port = parentPort
  assert(!isMainThread && port !== null, 'workerPort is called inside a worker thread')
  return {
    data: workerData,
    post: (message, transfer = []) => port.postMessage(message, [...transfer]),
    onMessage: (handler) => {
      port.removeAllListeners('message')
      port.on('message', handler)
    },
  }
}

/** The same inside a process that `startProcess` began. It ends, after `atEnd`, when the one that started it is gone. */
export function processPort(atEnd: () => void = () => undefined): WorkerPort {
  const send = process.send?.bind(process)
  assert(send !== undefined, 'processPort is called inside a process that startProcess began')
  process.once('disconnect', () => {
    atEnd()
    process.exit(0)
  })
  return {
    data: JSON.parse(process.argv[2] ?? 'null') as unknown,
    post: (message) => void send(message),
    onMessage: (handler) => {
      process.removeAllListeners('message')
      process.on('message', handler)
    },
  }
}

const clock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
}

const random: Random = {
  next: () => Math.random(),
  bytes: (count) => new Uint8Array(randomBytes(count)),
}

const timers: Timers = {
  async sleep(ms, signal) {
    try {
      const options = signal === undefined ? {} : { signal }
      // A timer of 0 ms waits a whole one: whoever only lets others run need not.
      if (ms === 0) await afterOthers(undefined, options)
      else await sleepUntil(ms, undefined, options)
    } catch (cause) {
      // Node wraps the reason in an AbortError of its own; the contract is the reason itself.
      signal?.throwIfAborted()
      throw cause
    }
  },
  repeat(ms, work) {
    const timer = setInterval(work, ms)
    timer.unref()
    return { [Symbol.dispose]: () => clearInterval(timer) }
  },
}

const processes: Processes = {
  pid: process.pid,
  host: hostname(),
  cpuCount: availableParallelism(),
  bootId,
  environment: (name) => process.env[name],
  memory: () => {
    const constrained = process.constrainedMemory()
    const machine = totalmem()
    return {
      residentBytes: process.memoryUsage.rss(),
      heapBytes: process.memoryUsage().heapUsed,
      totalBytes: constrained > 0 && constrained < Number.MAX_SAFE_INTEGER ? constrained : machine,
    }
  },
  giveWay: (niceness) => {
    for (const thread of threadIds()) {
      try {
        setPriority(thread, niceness)
      } catch {
        // It has ended since it was listed, or its machine lets nobody do this.
      }
    }
    if (leadsSession()) giveWayAsSession(niceness)
  },
  startWorker,
  startProcess,
  joinChannel,
}

/** Linux counts priorities by thread, others by process: 0 is this one. */
function threadIds(): readonly number[] {
  try {
    return readdirSync('/proc/self/task').map(Number)
  } catch {
    return [0]
  }
}

/** True for what a service manager starts; in the session of a shell there are others, who did not ask for it. */
function leadsSession(): boolean {
  try {
    const status = readFileSync('/proc/self/stat', 'utf8')
    // The name of the program may have spaces; fields are counted from behind it.
    const session = status.slice(status.lastIndexOf(')') + 2).split(' ')[3]
    return Number(session) === process.pid
  } catch {
    return false
  }
}

/** Linux shares cores out among sessions first (autogroup), and by the niceness of threads only within one. */
function giveWayAsSession(niceness: number): void {
  try {
    writeFileSync('/proc/self/autogroup', String(niceness), { flag: 'r+' })
  } catch {
    // This machine does not group by session.
  }
}

let knownBootId: string | undefined

// Where the kernel has no such id, all runs of the machine look the same. Readers of a log then trust less after
// a restart, never more.
function bootId(): string {
  knownBootId ??= readBootId()
  return knownBootId
}

function readBootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()
  } catch {
    return 'unknown'
  }
}

function startWorker(module: URL, options: WorkerOptions): WorkerThread {
  const { name, data, heapBytesMax, isBackground = false } = options
  const worker = new Worker(builtModule(module), {
    name,
    workerData: data,
    ...(heapBytesMax === undefined
      ? {}
      : { resourceLimits: { maxOldGenerationSizeMb: Math.ceil(heapBytesMax / 2 ** 20) } }),
  })
  if (isBackground) worker.unref()
  const ended = new Promise<void>((resolve, reject) => {
    worker.once('error', reject)
    worker.once('exit', () => resolve())
  })
  // Whoever awaits `ended` sees the failure; nobody has to.
  ended.catch(() => undefined)
  const stop = async (): Promise<void> => {
    await worker.terminate()
  }
  return {
    post: (message, transfer = []) => worker.postMessage(message, [...transfer]),
    onMessage: (handler) => {
      worker.removeAllListeners('message')
      worker.on('message', handler)
    },
    ended,
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

function startProcess(module: URL, { name, data }: Pick<WorkerOptions, 'name' | 'data'>): WorkerThread {
  const child = fork(fileURLToPath(builtModule(module)), [JSON.stringify(data ?? null)], {
    // Structured clones, as between threads: dates, bytes and bigints arrive as what they are.
    serialization: 'advanced',
    execArgv: [],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
  const ended = new Promise<void>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => {
      if (code === 0 || child.killed) resolve()
      else reject(new Error(`${name} ended with ${signal ?? code}`))
    })
  })
  ended.catch(() => undefined)
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL')
    await ended.catch(() => undefined)
  }
  return {
    post: (message) => void (child.connected && child.send(message as object)),
    onMessage: (handler) => {
      child.removeAllListeners('message')
      child.on('message', handler)
    },
    ended,
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

function joinChannel(name: string): ThreadChannel {
  const channel = new BroadcastChannel(name)
  // Whoever only listens to others does not keep the process alive.
  channel.unref()
  let handle: (message: unknown) => void = () => undefined
  channel.addEventListener('message', (event) =>
    handle((event as unknown as { readonly data: unknown }).data),
  )
  return {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- no window, but threads of this process
    post: (message) => channel.postMessage(message),
    onMessage: (handler) => (handle = handler),
    // Node takes channels as well as ports (documented); its types name ports alone.
    receive: () => receiveMessageOnPort(channel as unknown as MessagePort)?.message as unknown,
    [Symbol.dispose]: () => channel.close(),
  }
}

// Published code is JavaScript: a module that the source names `worker.ts` stands there as `worker.js`.
function builtModule(module: URL): URL {
  if (import.meta.url.endsWith('.ts') || !module.href.endsWith('.ts')) return module
  return new URL(module.href.replace(/\.ts$/, '.js'))
}
