// Unfinished business belongs in an issue or under "Not yet" in ARCHITECTURE.md, where somebody looks for it.

import type { Problem } from './problem.ts'
import type { SourceFile } from './source.ts'

// Letters in brackets, so that this file does not find itself.
const UNFINISHED = /\b(T[O]DO|F[I]XME|X[X]X|H[A]CK)\b/
const SKIPPED_TEST = /\b(describe|it|test)\.(skip|only|todo)\b/

export function checkWords(files: readonly SourceFile[]): Problem[] {
  return files.flatMap((file) => {
    const lines = file.text.split('\n')
    return lines.flatMap((line, index): Problem[] => {
      const at = { file: file.path, line: index + 1 }
      const word = UNFINISHED.exec(line)?.[1]
      if (word !== undefined) {
        return [
          {
            ...at,
            message: `unfinished: ${word}`,
            fix: 'Finish it, or list it under "Not yet" in ARCHITECTURE.md',
          },
        ]
      }
      const skipped = SKIPPED_TEST.exec(line)?.[0]
      if (
        skipped !== undefined &&
        file.path.endsWith('.test.ts') &&
        !file.path.startsWith('scripts/check/')
      ) {
        return [{ ...at, message: `${skipped} keeps tests from running`, fix: 'Run the test, or delete it' }]
      }
      return []
    })
  })
}
