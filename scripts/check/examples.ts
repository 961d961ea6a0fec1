// TypeScript in the README and in the guide runs as tests (test/guide.test.ts), unless it says that it is a part.

import type { Page } from './links.ts'
import { codeBlocks } from './markdown.ts'
import type { Problem } from './problem.ts'

/** `run`: a whole program that the tests run. `part`: lines out of one, shown only. */
const TAGS = ['run', 'part']

/** Whether the tests run the examples of a page. */
export function hasExamples(path: string): boolean {
  return path === 'README.md' || path.startsWith('docs/guide/') || path === 'docs/reference/typescript.md'
}

export function checkExamples(pages: readonly Page[]): Problem[] {
  const checked = pages.filter((page) => hasExamples(page.path))
  const untagged = checked.flatMap((page) =>
    codeBlocks(page.text)
      .filter(({ language, tags }) => language === 'ts' && !tags.some((tag) => TAGS.includes(tag)))
      .map(({ line }): Problem => {
        const fix =
          'Write "```ts run" for a program that the tests run, "```ts part" for lines that only show something'
        return { file: page.path, line, message: 'an example that nothing runs', fix }
      }),
  )
  const readme = checked.find((page) => page.path === 'README.md')
  const hasProgram = codeBlocks(readme?.text ?? '').some(
    ({ language, tags }) => language === 'ts' && tags.includes('run'),
  )
  if (hasProgram) return untagged
  const missing = {
    message: 'no program that the tests run',
    fix: 'Show a ten-line program in a "```ts run" block',
  }
  return [...untagged, { file: 'README.md', line: 1, ...missing }]
}
