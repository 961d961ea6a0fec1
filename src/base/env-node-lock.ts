// One writer per folder, told apart from the dead. Node has no file locks, so there are two signs:
//
// - On Linux an abstract socket named after the folder's inode. The kernel frees it when the process ends,
//   however it ends, and two processes can never both hold it.
// - A file that names the holder. It is what the second process shows to its user; it decides alone where there
//   is no such socket, or where the holder lives in another container or on another machine. There a holder
//   counts as alive while it renews the file. Whoever asks for it counts a holder that hangs as dead, too.
//
// Neither is the fence: that is the epoch in storage (log/folder-log.ts).

import * as fs from 'node:fs'
import { createServer, type Server } from 'node:net'
import { hostname } from 'node:os'
import { dirname } from 'node:path'

import type { FileLock, LockHolder, LockOptions } from './env.ts'
import { fileFailed, folderLocked, systemCode } from './file-errors.ts'

const RENEWAL_MS = 10_000
/** A holder that cannot be asked for is taken for dead after this long without a renewal. */
const SILENCE_MS_MAX = 3 * RENEWAL_MS

type Holder = LockHolder & {
  readonly bootId: string
  /** Start of the process in ticks since boot, since process ids are used again; empty where unknown. */
  readonly started: string
}

/** See `Files.lock`. */
export async function lockFile(path: string, options: LockOptions, bootId: string): Promise<FileLock> {
  const { takeOver = false } = options
  const socket = await claimSocket(path)
  const isForced = takeOver === true || (takeOver === 'silent' && isSilent(path))
  if (socket === 'taken' && !isForced) throw folderLocked(path, shown(readHolder(path)))
  try {
    const before = readHolder(path)
    if (before !== undefined && !isForced && isAlive(before, path, bootId)) {
      throw folderLocked(path, shown(before))
    }
    return held(path, socket, {
      pid: process.pid,
      host: hostname(),
      since: new Date().toISOString(),
      bootId,
      started: startOf(process.pid),
    })
  } catch (cause) {
    await release(socket)
    throw fileFailed('lock', path, cause)
  }
}

type Socket = Server | 'taken' | 'none'

function held(path: string, socket: Socket, holder: Holder): FileLock {
  fs.writeFileSync(path, `${JSON.stringify(holder)}\n`)
  // Whoever lost the lock would keep alive the sign of the one who has it now.
  const renewal = setInterval(() => isHolder(path, holder) && renew(path), RENEWAL_MS)
  renewal.unref()
  let isHeld = true
  return {
    holder: shown(holder)!,
    async [Symbol.asyncDispose]() {
      if (!isHeld) return
      isHeld = false
      clearInterval(renewal)
      // Somebody may have taken over; the file is theirs then.
      if (isHolder(path, holder)) fs.rmSync(path, { force: true })
      await release(socket)
    },
  }
}

function claimSocket(path: string): Promise<Socket> {
  if (process.platform !== 'linux') return Promise.resolve('none')
  return new Promise((resolve, reject) => {
    let name: string
    try {
      const folder = fs.statSync(dirname(path))
      name = `\0varve-lock-${folder.dev}-${folder.ino}`
    } catch (cause) {
      reject(fileFailed('lock', path, cause))
      return
    }
    const server = createServer((connection) => connection.destroy())
    server.once('error', (cause) => {
      // Some sandboxes forbid sockets; the file and the epoch remain.
      resolve(systemCode(cause) === 'EADDRINUSE' ? 'taken' : 'none')
    })
    server.listen(name, () => resolve(server.unref()))
  })
}

async function release(socket: Socket): Promise<void> {
  if (typeof socket === 'string') return
  await new Promise((resolve) => socket.close(resolve))
}

function renew(path: string): void {
  try {
    const now = new Date()
    fs.utimesSync(path, now, now)
  } catch {
    // The sign is lost, the fence is not.
  }
}

function readHolder(path: string): Holder | undefined {
  let text: string
  try {
    text = fs.readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
  return parseHolder(text)
}

function parseHolder(text: string): Holder | undefined {
  let form: unknown
  try {
    form = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof form !== 'object' || form === null) return undefined
  const { pid, host, since, bootId, started } = form as Record<string, unknown>
  if (typeof pid !== 'number' || typeof host !== 'string' || typeof since !== 'string') return undefined
  return { pid, host, since, bootId: String(bootId), started: String(started) }
}

function isAlive(holder: Holder, path: string, bootId: string): boolean {
  if (holder.host === hostname()) {
    return holder.bootId === bootId && startOf(holder.pid) === holder.started && isRunning(holder.pid)
  }
  return fs.existsSync(path) && !isSilent(path)
}

/** True where nobody renewed the sign for long; false where there is none, as while a holder is about to write it. */
function isSilent(path: string): boolean {
  const status = fs.statSync(path, { throwIfNoEntry: false })
  return status !== undefined && Date.now() - status.mtimeMs >= SILENCE_MS_MAX
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (cause) {
    return systemCode(cause) === 'EPERM'
  }
}

function startOf(pid: number): string {
  try {
    // The second field is the command in parentheses, with any characters in it: count from its end.
    const status = fs.readFileSync(`/proc/${pid}/stat`, 'latin1')
    return status.slice(status.lastIndexOf(')') + 2).split(' ')[19] ?? ''
  } catch {
    return ''
  }
}

function isHolder(path: string, holder: Holder): boolean {
  const now = readHolder(path)
  return now !== undefined && isSame(now, holder)
}

function isSame(x: Holder, y: Holder): boolean {
  return x.pid === y.pid && x.host === y.host && x.since === y.since && x.started === y.started
}

function shown(holder: Holder | undefined): LockHolder | undefined {
  return holder && { pid: holder.pid, host: holder.host, since: holder.since }
}
