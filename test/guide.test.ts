// Every program and every command shown in the README and in the guide runs in a checkout, where `import 'varve'` and
// `npx varve` mean source, and prints what the page says.

import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { allCommands, allExamples, root } from './examples.ts'
import { runProgram } from './toolchains.ts'

describe('examples', () => {
  it.each(allExamples())('$name runs and prints what it says', ({ code, output }) =>
    inFolder(async (folder) => {
      const program = join(folder, 'program.ts')
      writeFileSync(program, code)
      const finished = await runProgram(process.execPath, [program], { cwd: folder })
      expect(finished).toMatchObject({ code: 0, stderr: '' })
      expect(finished.stdout).toBe(output ?? finished.stdout)
    }),
  )

  it.each(allCommands())('the commands of $page run and print what it says', ({ commands }) =>
    inFolder(async (folder) => {
      // Pages speak from the top of the checkout; the databases are to lie elsewhere.
      cpSync(join(root, 'test/data'), join(folder, 'test/data'), { recursive: true })
      for (const { name, code, output } of commands) {
        const finished = await runProgram('sh', ['-e', '-c', code], { cwd: folder })
        expect(finished, name).toMatchObject({ code: 0 })
        expect(finished.stdout, name).toBe(output ?? finished.stdout)
      }
    }),
  )
})

/** A fresh folder inside the checkout, so that the package's own name resolves to it. */
async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  mkdirSync(join(root, '.cache'), { recursive: true })
  const folder = mkdtempSync(join(root, '.cache', 'example-'))
  try {
    await work(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
