// Reads frames from the files of a log, wherever they stand, each verified before it is handed on. It knows
// nothing of publication: the caller says how far to read.

import type { Env, File } from '../base/env.ts'
import type { T } from '../fact/attribute.ts'
import { logCorrupt } from './errors.ts'
import { decodeFrameHeader, FRAME_HEADER_BYTES, FRAME_MAGIC } from './frame.ts'
import type { LogPart } from './log-folder.ts'
import { frameOf, FRAMES_START, walkFrames, type FramePlace } from './log-file.ts'
import { readSealedFrames } from './sealed-file.ts'
import type { Frame } from './transaction-log.ts'

/** Places remembered per file are this far apart, so that a read from any t begins near it. */
const MARK_BYTES = 256 * 1024

/** Frames this far before a wanted one are walked over. */
const NEAR_BYTES = 64 * 1024
/** Looked through at once for the beginning of a frame. */
const WINDOW_BYTES = 8 * 1024
const ZEROS = Buffer.alloc(WINDOW_BYTES)
/** From a frame at least this large the next one is found by its length; smaller ones are as quickly read. */
const STEP_BYTES_MIN = 4 * 1024
/** So many frames are passed over in that way at most: to look for one in their midst costs half a frame. */
const STEP_COUNT_MAX = 32

export class FrameReader {
  readonly #env: Env
  /** Per path, ascending places where frames begin. */
  readonly #marks = new Map<string, FramePlace[]>()
  /** Where the last read ended: a follower goes on from there. */
  #cursor: { readonly path: string; readonly place: FramePlace } | undefined

  constructor(env: Env) {
    this.#env = env
  }

  /** Frames of one file that hold transactions of `[fromT, limitT)`. Throws `varve.error/log-corrupt`. */
  *read(part: LogPart, fromT: T, limitT: T): Generator<Frame> {
    using file = this.#env.files.open(part.path, 'read')
    if (part.kind === 'sealed') {
      for (const frame of readSealedFrames(file, part.header, fromT)) {
        if (frame.firstT >= limitT) return
        yield frame
      }
      return
    }
    const near = this.#placeBefore(part, fromT)
    const start = placeNear(file, part.header.salt, near, part.end ?? file.byteCount(), fromT)
    let { offset, nextT } = start
    const marks = this.#marksOf(part)
    for (const placed of walkFrames(file, part.header.salt, start, part.end ?? file.byteCount())) {
      const { firstT, lastT } = placed.header
      if (firstT >= limitT) return
      if (placed.offset - (marks.at(-1)?.offset ?? 0) >= MARK_BYTES) {
        marks.push({ offset: placed.offset, nextT: firstT })
      }
      offset = placed.offset + placed.byteCount
      nextT = lastT + 1
      this.#cursor = { path: part.path, place: { offset, nextT } }
      if (lastT >= fromT) yield frameOf(placed)
    }
    // What is asked for was durable. In the middle of the log the file must reach its recorded end.
    const isWhole = part.end === undefined ? nextT >= limitT : offset === part.end
    if (!isWhole) throw logCorrupt(part.path, offset, nextT, 'a frame is damaged or missing')
  }

  /** Forgets files that are gone. */
  keepOnly(parts: readonly LogPart[]): void {
    const paths = new Set(parts.map(({ path }) => path))
    for (const path of this.#marks.keys()) if (!paths.has(path)) this.#marks.delete(path)
  }

  #marksOf(part: LogPart): FramePlace[] {
    let marks = this.#marks.get(part.path)
    if (marks === undefined) {
      marks = [{ offset: FRAMES_START, nextT: part.header.firstT }]
      this.#marks.set(part.path, marks)
    }
    return marks
  }

  #placeBefore(part: LogPart, t: T): FramePlace {
    const marks = this.#marksOf(part)
    let best = marks[0]!
    for (const mark of marks) if (mark.nextT <= t) best = mark
    const cursor = this.#cursor
    if (cursor?.path === part.path && cursor.place.nextT <= t && cursor.place.nextT > best.nextT) {
      best = cursor.place
    }
    return best
  }
}

/** Where a frame stands, and how long it says it is. */
type FrameSpan = FramePlace & { readonly byteCount: number }

/**
 * A place at or before `t` that is not far from it, found by halving: a frame's header can be told from all other
 * bytes, by its checksum that begins with the file's salt, so it can be found from anywhere in the file. Among a few
 * large frames the way goes from header to header.
 */
function placeNear(file: File, salt: number, from: FramePlace, end: number, t: T): FramePlace {
  if (from.nextT === t) return from
  let low = frameAt(file, salt, from.offset)
  if (low === undefined) return from
  let high = end
  while (high - low.offset > Math.max(NEAR_BYTES, STEP_COUNT_MAX * low.byteCount)) {
    const middle = low.offset + Math.floor((high - low.offset) / 2)
    const found = firstFrameFrom(file, salt, middle, high)
    // Taking an earlier place than needed costs time alone.
    if (found === undefined || found.nextT > t) high = middle
    else low = found
  }
  for (let step = 0; step < STEP_COUNT_MAX && low.byteCount >= STEP_BYTES_MIN; step++) {
    const next = frameAt(file, salt, low.offset + low.byteCount)
    if (next === undefined || next.nextT > t) break
    low = next
  }
  return low
}

/** The frame whose header begins at `offset`, if one does. */
function frameAt(file: File, salt: number, offset: number): FrameSpan | undefined {
  const bytes = new Uint8Array(FRAME_HEADER_BYTES)
  file.read(offset, bytes)
  return spanOf(bytes, salt, offset)
}

function spanOf(bytes: Uint8Array, salt: number, offset: number): FrameSpan | undefined {
  const header = decodeFrameHeader(bytes, salt)
  if (header === undefined) return undefined
  return { offset, nextT: header.firstT, byteCount: FRAME_HEADER_BYTES + header.payloadBytes }
}

/** The first frame that begins in `[offset, limit)`; none where zeros begin, which were written ahead. */
function firstFrameFrom(file: File, salt: number, offset: number, limit: number): FrameSpan | undefined {
  const window = Buffer.alloc(WINDOW_BYTES)
  // Windows overlap by all but one byte of a header, so that each header lies whole in one of them.
  for (let start = offset; start < limit; start += WINDOW_BYTES - FRAME_HEADER_BYTES + 1) {
    const bytes = window.subarray(0, file.read(start, window))
    if (bytes.equals(ZEROS)) return undefined
    for (let at = bytes.indexOf(FRAME_MAGIC); at >= 0; at = bytes.indexOf(FRAME_MAGIC, at + 1)) {
      const found = spanOf(bytes.subarray(at), salt, start + at)
      if (found !== undefined) return found.offset < limit ? found : undefined
    }
  }
  return undefined
}

/** The part that holds `t`, if any does. */
export function partOf(parts: readonly LogPart[], t: T): LogPart | undefined {
  return parts.findLast(({ id }) => id.firstT <= t)
}
