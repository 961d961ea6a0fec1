// Reads frames from the files of a log, wherever they stand, each verified before it is handed on. It knows
// nothing of publication: the caller says how far to read.

import type { Env } from '../base/env.ts'
import type { T } from '../fact/attribute.ts'
import { logCorrupt } from './errors.ts'
import type { LogPart } from './log-folder.ts'
import { frameOf, FRAMES_START, walkFrames, type FramePlace } from './log-file.ts'
import { readSealedFrames } from './sealed-file.ts'
import type { Frame } from './transaction-log.ts'

/** Places remembered per file are this far apart, so that a read from any t begins near it. */
const MARK_BYTES = 256 * 1024

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
    const start = this.#placeBefore(part, fromT)
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

/** The part that holds `t`, if any does. */
export function partOf(parts: readonly LogPart[], t: T): LogPart | undefined {
  return parts.findLast(({ id }) => id.firstT <= t)
}
