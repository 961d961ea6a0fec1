import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'

import { BlockWriter } from './env-node-blocks.ts'
import { nodeEnv } from './env-node.ts'
import { SeededRandom } from './seeded-random.ts'

const FILE_BYTES = 256 << 10
const EXT4 = 0xef53

function fullFile(): { readonly path: string; readonly isDirectKnown: boolean } {
  const folder = fs.mkdtempSync(join(tmpdir(), 'varve-blocks-'))
  onTestFinished(() => fs.rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, 'file')
  fs.writeFileSync(path, new Uint8Array(FILE_BYTES))
  // Other file systems may refuse; this one never does.
  return { path, isDirectKnown: process.platform === 'linux' && fs.statfsSync(folder).type === EXT4 }
}

describe('durable writes', () => {
  it('as whole blocks leave every other byte as it was', () => {
    const { path, isDirectKnown } = fullFile()
    const random = new SeededRandom(7)
    const model = Buffer.alloc(FILE_BYTES)
    const file = fs.openSync(path, 'r+')
    const blocks = BlockWriter.open(file)
    let position = 0
    let doneCount = 0
    for (let i = 0; i < 500 && blocks !== undefined; i++) {
      const bytes = random.bytes(1 + random.below(random.pick([10, 300, 5_000, 70_000])))
      if (random.next() < 0.1) position = random.below(FILE_BYTES)
      if (position + bytes.byteLength > FILE_BYTES) position = 0
      if (!blocks.write(position, bytes)) {
        fs.writeSync(file, bytes, 0, bytes.byteLength, position)
        blocks.forget()
      } else doneCount++
      model.set(bytes, position)
      position += bytes.byteLength
      if (i % 10 === 0) expect(fs.readFileSync(path).equals(model)).toBe(true)
    }
    blocks?.close()
    fs.closeSync(file)
    expect(fs.readFileSync(path).equals(model) || blocks === undefined).toBe(true)
    if (isDirectKnown) expect(doneCount).toBeGreaterThan(300)
  })

  it('take turns with others, at the end of the file too', async () => {
    const { path } = fullFile()
    const random = new SeededRandom(8)
    let model = Buffer.alloc(FILE_BYTES)
    {
      using file = nodeEnv().files.open(path, 'write')
      for (let i = 0; i < 600; i++) {
        const bytes = random.bytes(1 + random.below(3_000))
        const position = random.below(model.byteLength + 1)
        const kind = random.next()
        if (kind < 0.02) {
          file.truncate(position)
          model = Buffer.from(model.subarray(0, position))
          continue
        }
        if (position + bytes.byteLength > model.byteLength) {
          model = Buffer.concat([model, Buffer.alloc(position + bytes.byteLength - model.byteLength)])
        }
        model.set(bytes, position)
        if (kind < 0.2) file.write(position, bytes)
        else await file.writeDurably(position, bytes)
        if (kind > 0.9) await file.sync()
      }
    }
    expect(fs.readFileSync(path).equals(model)).toBe(true)
  })
})
