// Programs put to the compiler as a user's would be.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { root } from './examples.ts'
import { runProgram } from './toolchains.ts'

export type Place = { readonly line: number; readonly column: number }
export type Marked = Place & {
  /** Which of the programs; undefined of a file that is none of them. */
  readonly program: number | undefined
  readonly message: string
}

/** Compiles programs inside the checkout, where `varve` means source; the errors, and the compiler's own figures. */
export async function compile(
  ...programs: readonly string[]
): Promise<{ readonly errors: Marked[]; readonly checkSeconds: number }> {
  mkdirSync(join(root, '.cache'), { recursive: true })
  const folder = mkdtempSync(join(root, '.cache', 'types-'))
  try {
    programs.forEach((program, index) => writeFileSync(join(folder, `program${index}.ts`), program))
    const config = { extends: join(root, 'tsconfig.json'), include: [join(folder, '*.ts')] }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
    const args = [
      join(root, 'node_modules/typescript/bin/tsc'),
      '-p',
      folder,
      '--pretty',
      'false',
      '--diagnostics',
    ]
    const { stdout } = await runProgram(process.execPath, args, { cwd: folder })
    const checkSeconds = Number(/^Check time:\s+([\d.]+)s/m.exec(stdout)?.[1])
    expect(checkSeconds, stdout).toBeGreaterThan(0)
    return { errors: errorsIn(stdout), checkSeconds }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function errorsIn(output: string): Marked[] {
  return [...output.matchAll(/^(.+?)\((\d+),(\d+)\): error TS\d+: (.+)$/gm)].map(
    ([, file = '', line, column, message]) => {
      const [, program] = /^program(\d+)\.ts$/.exec(file) ?? []
      return {
        program: program === undefined ? undefined : Number(program),
        line: Number(line),
        column: Number(column),
        message: message!,
      }
    },
  )
}

/** A text whose wrong parts stand between « and »: the text that is compiled, and where each of them begins. */
export function withoutMarks(
  marked: string,
  firstLine = 1,
): { readonly text: string; readonly places: readonly Place[] } {
  const places: Place[] = []
  let text = ''
  for (const part of marked.split(/(?=«)/)) {
    if (part.startsWith('«')) {
      const lines = text.split('\n')
      places.push({ line: firstLine + lines.length - 1, column: lines.at(-1)!.length + 1 })
    }
    text += part.replace('«', '').replace('»', '')
  }
  return { text, places }
}
