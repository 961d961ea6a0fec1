// Answers in every format as a client meets them: a server process and real sockets, large answers, compression,
// trailers, clients that leave.

import { type IncomingMessage, request as httpRequest } from 'node:http'
import { connect as connectSocket } from 'node:net'
import { join } from 'node:path'
import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { RunningVarve, TestFolder } from './varve-process.ts'

const folder = new TestFolder()
let server: RunningVarve
let url: string

beforeAll(async () => {
  server = new RunningVarve(['dev', '--data', join(folder.path, 'data'), '--port', '0', '--empty'])
  url = await server.url()
  await fetch(`${url}/v1/databases/items`, { method: 'PUT', ...body({ alias: 'it' }) })
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  folder[Symbol.dispose]()
})

function body(fields: object): { readonly headers: Record<string, string>; readonly body: string } {
  return { headers: { 'content-type': 'application/json' }, body: JSON.stringify(fields) }
}

/** Rows of two numbers and a text, so many of them as the square of `side`. */
function square(side: number): string {
  const numbers = Array.from({ length: side }, (_, i) => i).join(' ')
  const many = (name: string): string => `[(ground [${numbers}]) [${name} ...]]`
  return `[:find ?x ?y ?text :where ${many('?x')} ${many('?y')} [$it _ :db/ident :db/doc] [(str "row " ?x " of " ?y) ?text]]`
}

type Got = {
  readonly headers: IncomingMessage['headers']
  readonly trailers: IncomingMessage['trailers']
  readonly bytes: Buffer
}

/** Asks, and takes the answer at its own pace. */
function ask(
  fields: object,
  headers: Readonly<Record<string, string>>,
  onPiece: (received: number, response: IncomingMessage) => void = () => undefined,
): Promise<Got> {
  return new Promise((resolve, reject) => {
    const sent = body(fields)
    const request = httpRequest(
      `${url}/v1/query`,
      { method: 'POST', headers: { ...sent.headers, ...headers } },
      (response) => {
        const pieces: Buffer[] = []
        let received = 0
        response.on('data', (piece: Buffer) => {
          pieces.push(piece)
          onPiece((received += piece.byteLength), response)
        })
        response.on('error', reject)
        response.on('end', () =>
          resolve({ headers: response.headers, trailers: response.trailers, bytes: Buffer.concat(pieces) }),
        )
      },
    )
    request.on('error', reject)
    request.end(sent.body)
  })
}

async function figure(name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text()
  return Number(new RegExp(`^${name} (.*)$`, 'm').exec(text)![1])
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 200 && !(await isSo()); i++) await new Promise((resolve) => setTimeout(resolve, 25))
  expect(await isSo()).toBe(true)
}

const CSV = { accept: 'text/csv' }

describe('an answer over a network', () => {
  it('in CSV is followed by its receipt, compressed or not', async () => {
    const asked = { query: square(100) }
    const plain = await ask(asked, CSV)
    expect(plain.headers).toMatchObject({ 'transfer-encoding': 'chunked', trailer: 'varve-receipt' })
    expect(plain.bytes.toString().split('\r\n')).toHaveLength(10_002)
    const zstd = await ask(asked, { ...CSV, 'accept-encoding': 'zstd' })
    const gzip = await ask(asked, { ...CSV, 'accept-encoding': 'gzip' })
    expect(zstdDecompressSync(zstd.bytes).equals(plain.bytes)).toBe(true)
    expect(gunzipSync(gzip.bytes).equals(plain.bytes)).toBe(true)
    const hashes = [plain, zstd, gzip].map(({ headers, trailers }) => {
      const receipt = JSON.parse(trailers['varve-receipt']!) as Record<string, unknown>
      expect(receipt).toMatchObject({ id: headers['varve-receipt-id'], rowCount: 10_000 })
      return receipt['resultHash']
    })
    expect(new Set(hashes).size).toBe(1)
  })

  it('in few rows has a receipt behind it, too, and is read by whoever knows no trailers', async () => {
    const { bytes, trailers } = await ask({ query: square(1) }, CSV)
    expect(bytes.toString()).toBe('?x,?y,?text\r\n0,0,row 0 of 0\r\n')
    expect(trailers['varve-receipt']).toContain('"rowCount":1')
    const fetched = await fetch(`${url}/v1/query`, {
      method: 'POST',
      ...body({ query: square(1) }),
      headers: { ...CSV, 'content-type': 'application/json' },
    })
    expect(await fetched.text()).toBe(bytes.toString())
  })

  it('goes to a client of HTTP/1.0 without chunks and trailers', async () => {
    const { hostname, port } = new URL(url)
    const { body: text } = body({ query: square(1) })
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connectSocket(Number(port), hostname, () =>
        socket.write(
          `POST /v1/query HTTP/1.0\r\nHost: localhost\r\nAccept: text/csv\r\nContent-Type: application/json\r\nContent-Length: ${text.length}\r\n\r\n${text}`,
        ),
      )
      let received = ''
      socket.setEncoding('utf8').on('data', (piece: string) => (received += piece))
      socket.on('end', () => resolve(received))
      socket.on('error', reject)
    })
    expect(answer).toMatch(/\r\n\r\n\?x,\?y,\?text\r\n0,0,row 0 of 0\r\n$/)
  })

  it('as of a moment is not sent twice to whoever keeps it', async () => {
    const { basis } = (await (
      await fetch(`${url}/v1/query`, { method: 'POST', ...body({ query: square(2) }) })
    ).json()) as { readonly basis: object }
    const asked = { query: square(2), cursors: basis }
    const first = await ask(asked, CSV)
    const again = await ask(asked, { ...CSV, 'if-none-match': String(first.headers.etag) })
    expect([again.bytes.byteLength, again.headers.etag]).toEqual([0, first.headers.etag])
    const named = await fetch(`${url}${first.headers['content-location']!}`, {
      headers: { accept: 'application/edn' },
    })
    const head = await fetch(`${url}${first.headers['content-location']!}`, { method: 'HEAD', headers: CSV })
    expect([head.status, head.headers.get('etag'), await head.text()]).toEqual([200, first.headers.etag, ''])
    expect(await named.text()).toMatch(/^\{:result \[\[0 0 "row 0 of 0"\]/)
  })
})

describe('a receipt', () => {
  it('of one engine is asked again of the other, and has the same hash', async () => {
    const query =
      '[:find ?ident ?type ?e :where [$it ?e :db/ident ?ident] [$it ?e :db/valueType ?t] [$it ?t :db/ident ?type]]'
    const { trailers } = await ask({ query }, CSV)
    const receipt = JSON.parse(trailers['varve-receipt']!) as { readonly rowCount: number }
    expect(receipt.rowCount).toBeGreaterThan(10)
    const response = await fetch(`${url}/v1/receipts/replay`, {
      method: 'POST',
      ...body({ receipt, engine: 'duckdb' }),
    })
    expect(await response.json()).toMatchObject({
      equal: true,
      differences: [{ field: 'engine', receipt: 'native', replay: 'duckdb' }],
    })
  }, 30_000)

  it('is had again by the id that the answer names', async () => {
    const { headers, trailers } = await ask({ query: square(2) }, CSV)
    const [, path] = /^<(.*)>/.exec(String(headers['link']))!
    const { receipt } = (await (await fetch(`${url}${path}`)).json()) as { readonly receipt: object }
    expect(receipt).toEqual(JSON.parse(trailers['varve-receipt']!))
  })
})

describe('a large answer', () => {
  it('of a million rows in CSV goes out as its client reads, in bounded memory', async () => {
    const residentBefore = await figure('varve_process_resident_bytes')
    let residentMax = 0
    let isLooking = false
    const { bytes } = await ask({ query: square(1_000) }, CSV, (_, response) => {
      if (isLooking) return
      isLooking = true
      response.pause()
      void figure('varve_process_resident_bytes').then((resident) => {
        residentMax = Math.max(residentMax, resident)
        response.resume()
        isLooking = false
      })
    })
    let lineCount = 0
    for (let at = bytes.indexOf('\n'); at >= 0; at = bytes.indexOf('\n', at + 1)) lineCount++
    expect(lineCount).toBe(1_000_001)
    expect(bytes.subarray(-25).toString()).toBe('999,999,row 999 of 999\r\n'.padStart(25, '\n'))
    // The answer itself is 24 MB; the rest is what the question took.
    expect(residentMax - residentBefore).toBeLessThan(500 << 20)
    expect(await figure('varve_http_waiting_answer_bytes')).toBe(0)
  }, 60_000)

  it.each(['identity', 'gzip', 'zstd'])(
    'is let go when its client leaves in the middle (%s)',
    async (encoding) => {
      const leaving = ask(
        { query: square(500) },
        { ...CSV, 'accept-encoding': encoding },
        (received, response) => {
          if (received > 100_000) response.destroy(new Error('seen enough'))
        },
      )
      await expect(leaving).rejects.toThrow('seen enough')
      await until(async () => (await figure('varve_http_waiting_answer_bytes')) === 0)
      expect((await ask({ query: square(1) }, CSV)).bytes.byteLength).toBeGreaterThan(0)
      expect(server.stderr).toBe('')
    },
  )
})
