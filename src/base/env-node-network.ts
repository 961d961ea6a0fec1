// HTTP of this machine, over node:http: requests and answers in the plain shapes of env.ts.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'

import type { HttpHandler, HttpRequest, HttpResponse, HttpServer, ListenOptions, Network } from './env.ts'
import { bodyTooLarge, certificateBroken, listenFailed, portInUse, systemCode } from './file-errors.ts'

/** How long requests that run may go on when the server is disposed. */
const CLOSING_MS_MAX = 5_000
const CONNECTION_COUNT_MAX = 10_000
/** Longer than clients keep idle connections, so that they close them first and no request meets a closed one. */
const IDLE_MS_MAX = 65_000
/** How long a client may take to send a request, and stay silent while an answer goes out. */
const REQUEST_MS_MAX = 300_000
const SILENCE_MS_MAX = 60_000

export const nodeNetwork: Network = {
  listen,
  fetch: (url, init) => fetch(url, init),
}

function listen(options: ListenOptions): Promise<HttpServer> {
  const { host, port, handle, tls } = options
  let isClosing = false
  const take = (request: IncomingMessage, response: ServerResponse): void => {
    response.once('close', () => {
      // Its connection is idle from now on, and would be kept.
      if (isClosing) server.closeIdleConnections()
    })
    void answer(handle, request, response)
  }
  let server: Server
  try {
    server =
      tls === undefined ? createServer(take) : createTlsServer({ cert: tls.certificate, key: tls.key }, take)
  } catch (cause) {
    return Promise.reject(certificateBroken(cause))
  }
  server.maxConnections = options.connectionCountMax ?? CONNECTION_COUNT_MAX
  server.keepAliveTimeout = IDLE_MS_MAX
  server.requestTimeout = REQUEST_MS_MAX
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      reject(
        systemCode(cause) === 'EADDRINUSE' ? portInUse(host, port, cause) : listenFailed(host, port, cause),
      )
    })
    server.listen({ host, port }, () => {
      const { port: taken } = server.address() as AddressInfo
      resolve({
        host,
        port: taken,
        [Symbol.asyncDispose]: () =>
          new Promise((closed) => {
            isClosing = true
            const patience = setTimeout(() => server.closeAllConnections(), CLOSING_MS_MAX)
            server.close(() => {
              clearTimeout(patience)
              closed()
            })
            server.closeIdleConnections()
          }),
      })
    })
  })
}

async function answer(
  handle: HttpHandler,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const gone = new AbortController()
  outgoing.once('close', () => {
    if (!outgoing.writableFinished) gone.abort(new Error('The client went away'))
  })
  // A connection that breaks while it is written to is the client's; `close` follows.
  outgoing.on('error', () => undefined)
  try {
    const response = await handle(requestOf(incoming, gone.signal))
    const { onEnd } = response
    if (onEnd !== undefined) {
      if (outgoing.closed) onEnd(false)
      else outgoing.once('close', () => onEnd(outgoing.writableFinished))
    }
    await send(outgoing, response)
  } catch {
    if (outgoing.headersSent) outgoing.destroy()
    else outgoing.writeHead(500).end()
  }
}

function requestOf(incoming: IncomingMessage, signal: AbortSignal): HttpRequest {
  const headers = new Map<string, string>()
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (value !== undefined) headers.set(name, typeof value === 'string' ? value : value.join(', '))
  }
  return {
    method: incoming.method ?? 'GET',
    target: incoming.url ?? '/',
    headers,
    remoteAddress: incoming.socket.remoteAddress ?? '',
    readBody: (byteCountMax) => readBody(incoming, byteCountMax),
    signal,
  }
}

/** What comes beyond the bound is read and thrown away, so that the client gets the answer, not a broken connection. */
function readBody(incoming: IncomingMessage, byteCountMax: number): Promise<Uint8Array> {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>()
  const chunks: Uint8Array[] = []
  let byteCount = 0
  incoming.on('data', (chunk: Uint8Array) => {
    byteCount += chunk.byteLength
    if (byteCount <= byteCountMax) chunks.push(chunk)
    else {
      chunks.length = 0
      reject(bodyTooLarge(byteCountMax))
    }
  })
  incoming.once('end', () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)))
  incoming.once('error', reject)
  return promise
}

async function send(outgoing: ServerResponse, response: HttpResponse): Promise<void> {
  const { status, headers = {}, body, trailers } = knowsTrailers(outgoing) ? response : untrailed(response)
  outgoing.setTimeout(SILENCE_MS_MAX, () => outgoing.destroy())
  if (body === undefined || typeof body === 'string' || body instanceof Uint8Array) {
    const bytes = typeof body === 'string' ? Buffer.from(body) : body
    if (trailers !== undefined) {
      outgoing.writeHead(status, headers)
      if (bytes !== undefined) outgoing.write(bytes)
      outgoing.addTrailers(trailers)
      outgoing.end()
      return
    }
    outgoing.writeHead(status, { ...headers, 'content-length': bytes?.byteLength ?? 0 })
    outgoing.end(bytes)
    return
  }
  outgoing.writeHead(status, headers)
  for await (const chunk of body) {
    if (outgoing.destroyed) return
    if (!outgoing.write(chunk)) await drained(outgoing)
  }
  if (trailers !== undefined) outgoing.addTrailers(trailers)
  outgoing.end()
}

/** Trailers stand behind the last of the chunks, of which HTTP/1.0 and an answer to HEAD have none. */
function knowsTrailers({ req }: ServerResponse): boolean {
  return req.httpVersion !== '1.0' && req.method !== 'HEAD'
}

function untrailed({ trailers: _trailers, headers = {}, ...response }: HttpResponse): HttpResponse {
  const { trailer: _names, ...rest } = headers
  return { ...response, headers: rest }
}

function drained(outgoing: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const proceed = (): void => {
      outgoing.off('drain', proceed)
      outgoing.off('close', proceed)
      resolve()
    }
    outgoing.on('drain', proceed)
    outgoing.on('close', proceed)
  })
}
