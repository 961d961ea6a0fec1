// Programs and commands in the README and in the guide ("```ts run", "```sh run"), with what they print ("```text output"
// right behind, if it is there).

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { hasExamples } from '../scripts/check/examples.ts'
import { codeBlocks } from '../scripts/check/markdown.ts'
import { listFiles } from '../scripts/check/source.ts'

export type Example = {
  /** Page and line: `README.md:40`. */
  readonly name: string
  readonly code: string
  /** What it prints, where the page tells. */
  readonly output: string | undefined
}

export const root = join(import.meta.dirname, '..')

export function examplesOf(path: string, language: 'ts' | 'sh'): Example[] {
  const blocks = codeBlocks(readFileSync(join(root, path), 'utf8'))
  return blocks.flatMap((block, index): Example[] => {
    if (block.language !== language || !block.tags.includes('run')) return []
    const next = blocks[index + 1]
    const output = next?.language === 'text' && next.tags.includes('output') ? next.code : undefined
    return [{ name: `${path}:${block.line}`, code: block.code, output }]
  })
}

export function allExamples(): Example[] {
  return pagesWithExamples().flatMap((path) => examplesOf(path, 'ts'))
}

/** The commands of each page that has some, in their order. */
export function allCommands(): { readonly page: string; readonly commands: readonly Example[] }[] {
  return pagesWithExamples()
    .map((page) => ({ page, commands: examplesOf(page, 'sh') }))
    .filter(({ commands }) => commands.length > 0)
}

function pagesWithExamples(): string[] {
  return listFiles(root, '', (path) => path.endsWith('.md') && hasExamples(path))
}
