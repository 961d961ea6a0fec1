// The checks that other programs do: types, lint, formatting. Each runs as a process of its own, beside the rest.

import { spawn } from 'node:child_process'

export type Tool = { readonly name: string; readonly args: readonly string[]; readonly fix: string }

export const TOOLS: readonly Tool[] = [
  {
    name: 'types',
    args: ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.json', '--pretty', 'false'],
    fix: 'Mend the types; `npm run types` shows them alone',
  },
  {
    name: 'lint',
    args: ['node_modules/oxlint/bin/oxlint', '--type-aware', '--deny-warnings', '-f', 'unix'],
    fix: 'Follow the rule; rules stand in .oxlintrc.json',
  },
  {
    name: 'formatting',
    args: ['node_modules/oxfmt/bin/oxfmt', '--check', '.'],
    fix: 'Run `npm run format`',
  },
]

export type ToolResult = { readonly isPassed: boolean; readonly output: string }

export function runTool(root: string, tool: Tool): Promise<ToolResult> {
  const child = spawn(process.execPath, tool.args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
  const chunks: string[] = []
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => chunks.push(chunk))
  }
  return new Promise((resolve) => {
    child.on('error', (error) => resolve({ isPassed: false, output: error.message }))
    child.on('close', (code) => resolve({ isPassed: code === 0, output: chunks.join('').trim() }))
  })
}
