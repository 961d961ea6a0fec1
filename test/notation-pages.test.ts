// The pages about notations and types say what the readers do: their examples, tables and limits.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { codeBlocks } from '../scripts/check/markdown.ts'
import { VALUE_TYPES } from '../src/fact/attribute.ts'
import { readEdn } from '../src/fact/edn-reader.ts'
import { writeEdn } from '../src/fact/edn-writer.ts'
import { ednFromJsonText, type FormMode } from '../src/fact/json-form.ts'
import * as limits from '../src/fact/limits.ts'
import { refusal } from '../src/testing/refusal.ts'

const page = (name: string): string =>
  readFileSync(join(import.meta.dirname, '../docs/reference', name), 'utf8')
const edn = (text: string): string => writeEdn(readEdn(text).value)

/** The rows of the tables below a heading, each as the code spans of its cells. */
function rows(text: string, heading: string): string[][] {
  const section = text.split(/^#+ /m).find((part) => part.startsWith(`${heading}\n`)) ?? ''
  return section.split('\n').flatMap((line) => {
    if (!line.startsWith('| `')) return []
    const cells = line.split(' | ')
    return [cells.map((cell) => /`([^`]+)`/.exec(cell)?.[1] ?? '')]
  })
}

describe('docs/reference/json.md', () => {
  const text = page('json.md')
  const blocks = codeBlocks(text)
  const examples = blocks.flatMap((block, index) => {
    const same = blocks[index + 1]
    if (block.language !== 'json' || same?.tags.includes('same') !== true) return []
    return [[block.line, block.tags[0] as FormMode, block.code, same.code] as const]
  })

  it.each(examples)('line %i: a %s in JSON is the same as in EDN', (_line, mode, json, same) => {
    expect(writeEdn(ednFromJsonText(json, mode))).toBe(edn(same))
  })

  const values = rows(text, 'Values')
  it.each(values)('%s is %s', (json, same) => {
    expect(writeEdn(ednFromJsonText(json, 'value'))).toBe(edn(same))
  })

  it('has all that', () => {
    expect(examples.length).toBeGreaterThanOrEqual(9)
    expect(values).toHaveLength(16)
  })
})

describe('docs/reference/edn.md', () => {
  const text = page('edn.md')
  const read = rows(text, 'What is read').filter(([, same]) => same !== '')
  const refused = rows(text, 'What is refused')
  const recovered = rows(text, 'Brackets')

  it.each(read)('%s is %s', (written, same) => {
    expect(edn(written)).toBe(edn(same))
  })

  it.each(refused)('%s is refused as %s', (written, code) => {
    expect(refusal(() => readEdn(written)).code).toBe(code)
  })

  it.each(recovered)('%s is read as %s', (written, same) => {
    const { value, warnings } = readEdn(written, { recover: true })
    expect(writeEdn(value)).toBe(edn(same))
    expect(warnings).toHaveLength(1)
  })

  it('has all that, and the limits', () => {
    expect([read.length, refused.length, recovered.length]).toEqual([11, 13, 2])
    expect(limits.TEXT_BYTES_MAX).toBe(16 * 2 ** 20)
    const numbers = [
      limits.ELEMENT_COUNT_MAX,
      limits.STRING_LENGTH_MAX,
      limits.BYTES_LENGTH_MAX,
      limits.NUMBER_DIGITS_MAX,
    ]
    for (const limit of numbers) expect(text).toContain(`| ${limit.toLocaleString('en')}`)
    expect(text).toContain(`| ${limits.DEPTH_MAX} |`)
    expect(text).toContain(`| ${limits.DECIMAL_EXPONENT_MAX.toLocaleString('en')}, either way`)
  })
})

describe('docs/reference/data-types.md', () => {
  const types = rows(page('data-types.md'), 'Data types')

  it('has every type in its order', () => {
    expect(types.map(([type]) => type)).toEqual([...VALUE_TYPES])
  })

  it.each(types)('of type %s, %s is %s in EDN and %s in JSON', (_type, _plain, inEdn, inJson) => {
    expect(writeEdn(ednFromJsonText(inJson, 'value'))).toBe(edn(inEdn))
  })
})
