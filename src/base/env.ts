// Everything the system does to the world outside its memory: clock, chance, timers, files, processes, network.
// It comes in through one `Env`, so that the same code runs on a machine (env-node.ts) and, from a seed, in a
// simulator that cuts power at any step (testing/simulated-env.ts). Paths are the caller's; failures of the
// world arrive as `VarveError`s (file-errors.ts).

export type Env = {
  readonly clock: Clock
  readonly random: Random
  readonly timers: Timers
  readonly files: Files
  readonly processes: Processes
  readonly network: Network
}

export interface Clock {
  /** Milliseconds since 1970; may go backwards. */
  nowMs(): number
  /** Milliseconds since some moment, with fractions; never goes backwards. */
  monotonicMs(): number
}

export interface Random {
  /** At least 0, less than 1. */
  next(): number
  /** Bytes that nobody can guess (on a real machine). */
  bytes(count: number): Uint8Array
}

export interface Timers {
  /** Resolves after `ms`; rejects with the signal's reason as soon as it aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
  /** Calls `work` every `ms` until disposed; does not keep the process alive. */
  repeat(ms: number, work: () => void): Disposable
}

/**
 * read: must exist. write: must exist, to read and write. create: must not exist. secret: the same, and nobody but this
 * user may read it. replace: made or emptied.
 */
export type OpenMode = 'read' | 'write' | 'create' | 'secret' | 'replace'

/** An open file. Reads and writes are synchronous and meet the page cache; only `sync` makes bytes durable. */
export interface File extends Disposable {
  readonly path: string
  byteCount(): number
  /** Fills `target` from `position`; the number of bytes read, less than asked only at the end of the file. */
  read(position: number, target: Uint8Array): number
  /** Writes all of `bytes` or throws; when it throws, some may have been written. */
  write(position: number, bytes: Uint8Array): void
  /** Makes everything written before this call durable. After a failure nothing is known: never retry it. */
  sync(): Promise<void>
  truncate(byteCount: number): void
  close(): void
}

export type FileStatus = {
  readonly kind: 'file' | 'folder'
  readonly byteCount: number
  readonly modifiedMs: number
}

/** What went through `Files` since the environment began. */
export type FileCounts = {
  readonly readBytes: number
  readonly readCount: number
  readonly writtenBytes: number
  readonly syncCount: number
}

export interface Files {
  open(path: string, mode: OpenMode): File
  /** Names in a folder, sorted; none if the folder is missing. */
  list(folder: string): readonly string[]
  /** Whether something is at `path`, at the least cost; false also where it cannot be looked at: `stat` tells why. */
  exists(path: string): boolean
  /** Undefined if there is nothing at `path`. */
  stat(path: string): FileStatus | undefined
  /** Makes the folder and those above it where missing. Durable only with `syncFolder` of each parent. */
  makeFolder(path: string): void
  /** Makes a fresh folder for files that need not last, and gives its path. */
  makeTemporaryFolder(name: string): string
  /** Replaces what is at `to` in one step. Durable only with `syncFolder`. */
  rename(from: string, to: string): void
  /** Gives a file a second name, in one step. Throws `varve.error/file-exists` if `to` is taken. */
  link(from: string, to: string): void
  /** Removes a file, or a folder with all that is in it; nothing happens if it is missing. */
  remove(path: string): void
  /** Makes creations, renames and removals in the folder durable. */
  syncFolder(folder: string): Promise<void>
  /**
   * Takes the exclusive lock whose holder is named in the file `path`, for as long as this process lives.
   * Throws `varve.error/folder-locked`, naming the holder. A dead process holds nothing.
   */
  lock(path: string, options?: LockOptions): Promise<FileLock>
  readonly counts: FileCounts
}

export type LockOptions = {
  readonly takeOver?: TakeOver
}

/**
 * Whether a lock is taken from a holder that is still alive: never, from any, or from one that hangs, which shows by its not
 * having renewed its sign for half a minute. It is the epoch in storage that stops that holder, should it go on.
 */
export type TakeOver = boolean | 'silent'

export type LockHolder = {
  readonly pid: number
  readonly host: string
  /** When it took the lock: an ISO instant. */
  readonly since: string
}

/** Dispose to release. */
export interface FileLock extends AsyncDisposable {
  readonly holder: LockHolder
}

export type Memory = {
  /** Resident set of this process. */
  readonly residentBytes: number
  readonly heapBytes: number
  /** Of the machine, or of the container if it is bounded. */
  readonly totalBytes: number
}

export interface Processes {
  readonly pid: number
  readonly host: string
  readonly cpuCount: number
  /** Names this run of the machine's kernel; another id means that the machine was restarted. */
  bootId(): string
  /** A variable of the environment that this process was started in. */
  environment(name: string): string | undefined
  memory(): Memory
  /**
   * All threads and processes that this one has, and those that they begin, give way to others of the machine: 0 to none more
   * than usual, 19 to all. So does its session, if it leads one. It is not taken back. Nothing happens where the machine does
   * not let it.
   */
  giveWay(niceness: number): void
  /** Starts a worker thread that runs the module; `data` arrives there as its `workerData`. */
  startWorker(module: URL, options: WorkerOptions): WorkerThread
  /** As a worker thread, in a process of its own: a crash in there, or whatever it opens, stays there. */
  startProcess(module: URL, options: Pick<WorkerOptions, 'name' | 'data'>): WorkerThread
  /** Joins the threads of this process that joined a channel of the same name. */
  joinChannel(name: string): ThreadChannel
}

export type WorkerOptions = {
  readonly name: string
  readonly data?: unknown
  readonly heapBytesMax?: number
  /** The process may end while it is there: of threads that nobody closes. */
  readonly isBackground?: boolean
}

export interface WorkerThread extends AsyncDisposable {
  post(message: unknown, transfer?: readonly ArrayBuffer[]): void
  /** One handler at a time; called for every message. */
  onMessage(handler: (message: unknown) => void): void
  /** Settles when the thread ends: resolves if it was stopped or finished, rejects if it failed. */
  readonly ended: Promise<void>
  /** Ends the thread at once, whatever it does. Disposing does the same. */
  stop(): Promise<void>
}

/** The other end of a `WorkerThread`, inside it (`workerPort` and `processPort` of env-node.ts). */
export interface WorkerPort {
  readonly data: unknown
  post(message: unknown, transfer?: readonly ArrayBuffer[]): void
  onMessage(handler: (message: unknown) => void): void
}

/** What a thread posts reaches all others of the channel that are there. Shared memory arrives as the same memory. */
export interface ThreadChannel extends Disposable {
  post(message: unknown): void
  /** One handler at a time; called for every message that `receive` did not take. */
  onMessage(handler: (message: unknown) => void): void
  /** The oldest message that waits, for a thread that is in the midst of its work; undefined for none. */
  receive(): unknown
}

export interface Network {
  /** Serves HTTP until the server is disposed. Port 0 takes a free one. Throws `varve.error/port-in-use`. */
  listen(options: ListenOptions): Promise<HttpServer>
  fetch(url: string, init?: RequestInit): Promise<Response>
}

export type ListenOptions = {
  readonly host: string
  readonly port: number
  readonly handle: HttpHandler
  /** Texts of a certificate chain and its key, PEM: HTTPS. */
  readonly tls?: { readonly certificate: string; readonly key: string }
  /** Open connections beyond this are closed at once. */
  readonly connectionCountMax?: number
}

/** Answers one request. A rejected promise becomes a bare 500: the handler formats its own errors. */
export type HttpHandler = (request: HttpRequest) => Promise<HttpResponse>

export type HttpRequest = {
  readonly method: string
  /** Path and query as sent: `/v1/query?x=1`. */
  readonly target: string
  /** Names in lower case; repeated headers joined by ', '. */
  readonly headers: ReadonlyMap<string, string>
  readonly remoteAddress: string
  /** Reads the body. Throws `varve.error/body-too-large` beyond the bound. */
  readBody(byteCountMax: number): Promise<Uint8Array>
  /** Aborts when the client goes away before the answer is complete. */
  readonly signal: AbortSignal
}

export type HttpResponse = {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  /** An async iterable is sent chunk by chunk, as fast as the client reads. */
  readonly body?: string | Uint8Array | AsyncIterable<string | Uint8Array>
  /** Called once: when the last byte was handed to the network, or when the client went away before. */
  readonly onEnd?: (isWhole: boolean) => void
  /** Sent behind the body, which then goes out in chunks; clients of HTTP/1.0 never see them. */
  readonly trailers?: Readonly<Record<string, string>>
}

/** Disposing stops listening, lets running requests finish (bounded), and closes idle connections. */
export interface HttpServer extends AsyncDisposable {
  readonly host: string
  readonly port: number
}
