// The little that checks and tests need to know of Markdown: fenced blocks and code spans.

export type CodeBlock = {
  readonly language: string
  /** Words after the language: `run` in "```ts run". */
  readonly tags: readonly string[]
  readonly code: string
  /** Line of the opening fence, from 1. */
  readonly line: number
}

export function codeBlocks(text: string): CodeBlock[] {
  const blocks: CodeBlock[] = []
  const lines = text.split('\n')
  for (let index = 0; index < lines.length; index++) {
    const fence = /^(\s*)(`{3,}|~{3,})\s*(.*)$/.exec(lines[index]!)
    if (fence === null) continue
    const [, indent = '', marks = '', info = ''] = fence
    let end = index + 1
    while (end < lines.length && lines[end]!.trim() !== marks) end++
    const [language = '', ...tags] = info.trim().split(/\s+/)
    const code = lines.slice(index + 1, end).map((line) => line.replace(new RegExp(`^${indent}`), ''))
    blocks.push({ language, tags, code: code.join('\n') + '\n', line: index + 1 })
    index = end
  }
  return blocks
}

/** The text with fenced blocks and code spans blanked, every other character in its place. */
export function codeMask(text: string): string {
  const blank = (match: string): string => match.replace(/[^\n]/g, ' ')
  return text
    .replace(/^\s*(`{3,}|~{3,})[^\n]*\n[\s\S]*?^\s*\1\s*$/gm, blank)
    .replace(/(`+)(?!`)[^\n]*?[^`\n]\1(?!`)/g, blank)
}
