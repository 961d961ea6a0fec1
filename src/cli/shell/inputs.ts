// A text as the inputs of a shell: a line each, or as many lines as it takes until the brackets are closed.

import { isAllClosed, openParts } from './brackets.ts'
import type { ShellInput } from './state.ts'

export async function* inputsOf(
  lines: Iterable<string> | AsyncIterable<string>,
  source: string,
): AsyncGenerator<ShellInput> {
  let lineCount = 0
  let begun: string[] = []
  let open = openParts('')
  const finished = (): ShellInput => ({
    text: begun.join('\n'),
    source,
    firstLine: lineCount - begun.length + 1,
  })
  for await (const line of lines) {
    lineCount++
    begun.push(line)
    open = openParts(line, open)
    if (!isAllClosed(open)) continue
    yield finished()
    begun = []
    open = openParts('')
  }
  // What is not closed is refused by whoever reads it.
  if (begun.length > 0) yield finished()
}
