import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'

import { crc32, sha256, sha256Hex } from './checksum.ts'
import type { File } from './env.ts'
import { nodeEnv } from './env-node.ts'
import { fileFailed, fileTooShort, shortWrite } from './file-errors.ts'

const env = nodeEnv()
let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'varve-env-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function code(work: () => unknown): unknown {
  try {
    work()
  } catch (error) {
    return error instanceof Error && 'code' in error ? error.code : error
  }
  return 'nothing thrown'
}

function contents(file: File): string {
  const bytes = new Uint8Array(file.byteCount())
  file.read(0, bytes)
  return Buffer.from(bytes).toString()
}

describe('files of this machine', () => {
  it('writes, syncs, reads back and cuts', async () => {
    const path = join(folder, 'a')
    const before = env.files.counts.writtenBytes
    using file = env.files.open(path, 'create')
    file.write(3, Buffer.from('def'))
    file.write(0, Buffer.from('abc'))
    await file.sync()
    expect(contents(file)).toBe('abcdef')
    file.truncate(2)
    expect(contents(file)).toBe('ab')
    expect(file.read(1, new Uint8Array(9))).toBe(1)
    expect(env.files.counts.writtenBytes - before).toBe(6)
  })

  it('lets timers run between syncs, however fast they are', async () => {
    // In memory, where there is such a folder: there syncs are as fast as they can be.
    const quick = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : folder, 'varve-syncs-'))
    onTestFinished(() => rmSync(quick, { recursive: true, force: true }))
    using file = env.files.open(join(quick, 'syncs'), 'create')
    const syncOnce = async (): Promise<void> => {
      file.write(0, Buffer.from('x'))
      await file.sync()
    }
    // Until the file has shown how fast its syncs are.
    for (let i = 0; i < 100; i++) await syncOnce()
    let hasFired = false
    setTimeout(() => (hasFired = true), 1)
    const untilMs = performance.now() + 500
    for (let i = 0; !hasFired && (i < 200 || performance.now() < untilMs); i++) await syncOnce()
    expect(hasFired).toBe(true)
  })

  it('opens in the four modes', () => {
    const path = join(folder, 'modes')
    expect(code(() => env.files.open(path, 'read'))).toBe('varve.error/file-missing')
    expect(code(() => env.files.open(path, 'write'))).toBe('varve.error/file-missing')
    env.files.open(path, 'create').close()
    expect(code(() => env.files.open(path, 'create'))).toBe('varve.error/file-exists')
    using written = env.files.open(path, 'write')
    written.write(0, Buffer.from('x'))
    using replaced = env.files.open(path, 'replace')
    expect(replaced.byteCount()).toBe(0)
    expect(code(() => env.files.open(join(path, 'below'), 'create'))).toBe('varve.error/wrong-file-kind')
  })

  it('lists, renames and removes', async () => {
    const { files } = env
    files.makeFolder(join(folder, 'deep/er'))
    files.open(join(folder, 'deep/b'), 'create').close()
    files.rename(join(folder, 'deep/b'), join(folder, 'deep/a'))
    await files.syncFolder(join(folder, 'deep'))
    expect(files.list(join(folder, 'deep'))).toEqual(['a', 'er'])
    expect(files.stat(join(folder, 'deep'))?.kind).toBe('folder')
    expect(files.exists(join(folder, 'deep'))).toBe(true)
    files.remove(join(folder, 'deep'))
    files.remove(join(folder, 'deep'))
    expect(files.stat(join(folder, 'deep'))).toBeUndefined()
    expect(files.exists(join(folder, 'deep'))).toBe(false)
    expect(files.list(join(folder, 'deep'))).toEqual([])
  })

  it.each([
    ['ENOSPC', 'varve.error/disk-full', 'unavailable'],
    ['EDQUOT', 'varve.error/disk-full', 'unavailable'],
    ['EACCES', 'varve.error/no-permission', 'forbidden'],
    ['EROFS', 'varve.error/no-permission', 'forbidden'],
    ['EIO', 'varve.error/disk-broken', 'fault'],
    ['EMFILE', 'varve.error/too-many-files', 'unavailable'],
    ['EWHATEVER', 'varve.error/file-failed', 'fault'],
  ])('says what %s means', (errno, meaning, kind) => {
    const cause = Object.assign(new Error('system'), { code: errno })
    const error = fileFailed('write to', '/x/y', cause)
    expect(error).toMatchObject({ code: meaning, kind, data: { path: '/x/y', errno } })
    expect(fileFailed('again', '/z', error)).toBe(error)
  })

  it('tells how much of a write arrived, and where a file ends', () => {
    expect(shortWrite('/x', 10, 4)).toMatchObject({ code: 'varve.error/short-write' })
    expect(fileTooShort('/x', 10, 4)).toMatchObject({ code: 'varve.error/file-too-short' })
  })
})

describe('the lock of this machine', () => {
  it('names the holder to the second, and is free again after the first', async () => {
    const path = join(folder, 'lock')
    const first = await env.files.lock(path)
    await expect(env.files.lock(path)).rejects.toMatchObject({
      code: 'varve.error/folder-locked',
      kind: 'conflict',
      data: { holder: { pid: process.pid, host: env.processes.host } },
    })
    await first[Symbol.asyncDispose]()
    await first[Symbol.asyncDispose]()
    await using second = await env.files.lock(path)
    expect(second.holder.pid).toBe(process.pid)
  })

  it('takes over from a dead process', async () => {
    const path = join(folder, 'lock')
    const holder = { pid: 2 ** 22 + 5, host: env.processes.host, since: 'then', started: '1' }
    writeFileSync(path, JSON.stringify({ ...holder, bootId: env.processes.bootId() }))
    await using lock = await env.files.lock(path)
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ pid: lock.holder.pid })
  })

  it('leaves a holder on another machine alone as long as it renews its file', async () => {
    const path = join(folder, 'lock')
    writeFileSync(path, JSON.stringify({ pid: 1, host: 'elsewhere', since: 'then', started: '', bootId: '' }))
    await expect(env.files.lock(path)).rejects.toMatchObject({ code: 'varve.error/folder-locked' })
    rmSync(path)
  })

  it('takes over from the living when told to, and their release leaves the file of the new holder', async () => {
    const path = join(folder, 'lock')
    const first = await env.files.lock(path)
    writeFileSync(path, readFileSync(path, 'utf8').replace(`"pid":${process.pid}`, '"pid":1'))
    const second = await env.files.lock(path, { takeOver: true })
    writeFileSync(path, readFileSync(path, 'utf8').replace(/"since":"[^"]*"/, '"since":"later"'))
    await first[Symbol.asyncDispose]()
    expect(readFileSync(path, 'utf8')).toContain('later')
    await second[Symbol.asyncDispose]()
    rmSync(path)
  })
})

describe('time, chance and threads of this machine', () => {
  it('sleeps until the signal says otherwise', async () => {
    await env.timers.sleep(0)
    const reason = new Error('enough')
    await expect(env.timers.sleep(1e6, AbortSignal.abort(reason))).rejects.toBe(reason)
  })

  it('knows the machine', () => {
    expect(env.processes.bootId()).not.toBe('')
    expect(env.processes.memory().residentBytes).toBeGreaterThan(1e6)
    expect(env.processes.environment('PATH')).toBe(process.env['PATH'])
    expect(env.processes.environment('VARVE_NOWHERE_SET')).toBeUndefined()
    expect(env.random.bytes(7)).toHaveLength(7)
    expect(env.random.next()).toBeLessThan(1)
    expect(env.clock.monotonicMs()).toBeLessThanOrEqual(env.clock.monotonicMs())
  })

  it('talks to a worker thread and stops it', async () => {
    const module = new URL(
      `data:text/javascript,import{parentPort,workerData}from'node:worker_threads';parentPort.on('message',x=>parentPort.postMessage([workerData,x]))`,
    )
    await using worker = env.processes.startWorker(module, { name: 'echo', data: 'hello' })
    const heard = new Promise((resolve) => worker.onMessage(resolve))
    worker.post(7)
    expect(await heard).toEqual(['hello', 7])
    await worker.stop()
    await worker.ended
  })
})

describe('HTTP of this machine', () => {
  it('answers, bounds bodies, streams, and survives a handler that throws', async () => {
    await using server = await env.network.listen({
      host: '127.0.0.1',
      port: 0,
      handle: async (request) => {
        if (request.target === '/throw') throw new Error('broken')
        if (request.target === '/stream') {
          return {
            status: 200,
            body: (async function* () {
              yield 'a'
              yield Buffer.from('b')
            })(),
          }
        }
        try {
          const body = await request.readBody(5)
          const kind = request.headers.get('content-type') ?? ''
          return {
            status: 200,
            headers: { 'x-kind': kind },
            body: Buffer.from(body).toString().toUpperCase(),
          }
        } catch (error) {
          return { status: 400, body: JSON.stringify(error) }
        }
      },
    })
    const url = `http://127.0.0.1:${server.port}`
    const headers = { 'content-type': 'text/plain', connection: 'close' }
    const answer = await env.network.fetch(url, { method: 'POST', body: 'hello', headers })
    expect(answer.headers.get('x-kind')).toBe('text/plain')
    expect(await answer.text()).toBe('HELLO')
    const refused = await env.network.fetch(url, { method: 'POST', body: 'too long', headers })
    expect(refused.status).toBe(400)
    expect(await refused.json()).toMatchObject({ code: 'varve.error/body-too-large' })
    expect((await env.network.fetch(`${url}/throw`, { headers })).status).toBe(500)
    expect(await (await env.network.fetch(`${url}/stream`, { headers })).text()).toBe('ab')
    const { port } = server
    const handle = async (): Promise<{ status: number }> => ({ status: 200 })
    await expect(env.network.listen({ host: '127.0.0.1', port, handle })).rejects.toMatchObject({
      code: 'varve.error/port-in-use',
    })
    await expect(env.network.listen({ host: '203.0.113.7', port: 0, handle })).rejects.toMatchObject({
      code: 'varve.error/listen-failed',
    })
  })

  it('tells when an answer has left, whole or not', async () => {
    const ends: boolean[] = []
    await using server = await env.network.listen({
      host: '127.0.0.1',
      port: 0,
      handle: async ({ target }) => ({
        status: 200,
        // More than the network buffers, or one piece.
        body: target === '/long' ? repeated(Buffer.alloc(1 << 20), 256) : 'short',
        onEnd: (isWhole) => ends.push(isWhole),
      }),
    })
    const url = `http://127.0.0.1:${server.port}`
    await (await env.network.fetch(url)).text()
    await vi.waitFor(() => expect(ends).toEqual([true]))
    const client = new AbortController()
    await env.network.fetch(`${url}/long`, { signal: client.signal })
    client.abort()
    await vi.waitFor(() => expect(ends).toEqual([true, false]))
  })

  it('tells the handler that the client went away', async () => {
    let signal: AbortSignal | undefined
    const client = new AbortController()
    await using server = await env.network.listen({
      host: '127.0.0.1',
      port: 0,
      handle: async (request) => {
        signal = request.signal
        client.abort()
        await once(request.signal, 'abort')
        return { status: 200 }
      },
    })
    await expect(
      env.network.fetch(`http://127.0.0.1:${server.port}`, { signal: client.signal }),
    ).rejects.toThrow()
    expect(signal).toBeDefined()
  })
})

describe('checksums', () => {
  it('are the standard ones', () => {
    expect(crc32(Buffer.from('123456789'))).toBe(0xcbf43926)
    expect(crc32(Buffer.from('6789'), crc32(Buffer.from('12345')))).toBe(0xcbf43926)
    const abc = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'
    expect(sha256Hex('abc')).toBe(abc)
    expect(Buffer.from(sha256(Buffer.from('abc'))).toString('hex')).toBe(abc)
  })
})

async function* repeated(piece: Uint8Array, count: number): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < count; i++) yield piece
}
