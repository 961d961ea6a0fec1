// Answers on their way out: at once where they are short, piece by piece where they are long, compressed where the client
// takes that and it is worth it. All of an answer is known before its first byte leaves: nothing can go wrong any more
// but the connection.

import { promisify } from 'node:util'
import {
  constants,
  createGzip,
  createZstdCompress,
  gzip,
  type Gzip,
  zstdCompress,
  type ZstdCompress,
} from 'node:zlib'
import type { HttpRequest, HttpResponse } from '../base/env.ts'
import { answerTooLarge } from '../query/pieces.ts'
import { acceptedEncoding, type ContentEncoding } from './formats.ts'
import type { WaitingAnswers } from './waiting-answers.ts'

/** A shorter answer is sent at once. */
const ONE_PIECE_BYTES_MAX = 256 << 10
/** A shorter answer fits in one packet as it is. */
const COMPRESSED_BYTES_MIN = 1_400
/** Levels that keep up with a network; the gain of higher ones is small on rows. */
const GZIP = { level: 1 }
const ZSTD = { params: { [constants.ZSTD_c_compressionLevel]: 1 } }

const gzipped = promisify(gzip)
const zstdCompressed = promisify(zstdCompress)

export type Sending = {
  readonly request: HttpRequest
  readonly waiting: WaitingAnswers
  /** Of the body; undefined where that was looked at when it was written. */
  readonly bytesMax?: number
}

export type ToSend = {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly pieces: readonly Uint8Array[]
  /** What follows the body. */
  readonly trailers?: Readonly<Record<string, string>>
}

/** Throws `varve.error/answer-too-large`, before the first byte leaves. */
export async function send(
  { status, headers, pieces, trailers }: ToSend,
  { request, waiting, bytesMax = Infinity }: Sending,
): Promise<HttpResponse> {
  const byteCount = byteCountOf(pieces)
  if (byteCount > bytesMax) throw answerTooLarge(bytesMax)
  const encoding = byteCount < COMPRESSED_BYTES_MIN ? undefined : acceptedEncoding(request)
  const told = {
    ...headers,
    ...(encoding && { 'content-encoding': encoding }),
    ...(trailers && { trailer: Object.keys(trailers).join(', ') }),
  }
  const rest = { status, ...(trailers && { trailers }) }
  if (byteCount <= ONE_PIECE_BYTES_MAX) {
    const whole = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces)
    return {
      ...rest,
      headers: told,
      body: encoding === undefined ? whole : await compressed(whole, encoding),
    }
  }
  // With trailers, where the body ends is told as it goes out.
  const isCounted = encoding === undefined && trailers === undefined
  const sent = waiting.send([...pieces], byteCount, request.signal)
  return {
    ...rest,
    headers: { ...told, ...(isCounted && { 'content-length': String(byteCount) }) },
    body: encoding === undefined ? sent : compressedPieces(sent, encoding),
  }
}

export function byteCountOf(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((count, piece) => count + piece.byteLength, 0)
}

function compressed(bytes: Uint8Array, encoding: ContentEncoding): Promise<Uint8Array> {
  return encoding === 'gzip' ? gzipped(bytes, GZIP) : zstdCompressed(bytes, ZSTD)
}

/** Pieces are taken as the client reads what was made of those before. */
async function* compressedPieces(
  pieces: AsyncIterable<Uint8Array>,
  encoding: ContentEncoding,
): AsyncGenerator<Uint8Array> {
  const stream = encoding === 'gzip' ? createGzip(GZIP) : createZstdCompress(ZSTD)
  // Where it fails, reading the stream fails with it.
  const feeding = feed(pieces, stream).catch((error: Error) => stream.destroy(error))
  try {
    yield* stream as AsyncIterable<Uint8Array>
  } finally {
    stream.destroy()
    await feeding
  }
}

async function feed(pieces: AsyncIterable<Uint8Array>, stream: Gzip | ZstdCompress): Promise<void> {
  for await (const piece of pieces) {
    if (stream.destroyed) return
    if (!stream.write(piece)) await drained(stream)
  }
  stream.end()
}

/** Resolves as well where nobody reads on. */
function drained(stream: Gzip | ZstdCompress): Promise<void> {
  if (stream.destroyed) return Promise.resolve()
  return new Promise((resolve) => {
    const proceed = (): void => {
      stream.off('drain', proceed)
      stream.off('close', proceed)
      resolve()
    }
    stream.on('drain', proceed)
    stream.on('close', proceed)
  })
}
