// Every program shown in the README and in the guide runs in a checkout, where `import 'varve'` means source.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { allExamples, root } from './examples.ts'
import { runProgram } from './toolchains.ts'

describe('examples', () => {
  it.each(allExamples())('$name runs and prints what it says', async ({ code, output }) => {
    // Inside the checkout, so that the package's own name resolves to it.
    mkdirSync(join(root, '.cache'), { recursive: true })
    const folder = mkdtempSync(join(root, '.cache', 'example-'))
    try {
      const program = join(folder, 'program.ts')
      writeFileSync(program, code)
      const finished = await runProgram(process.execPath, [program], { cwd: folder })
      expect(finished).toMatchObject({ code: 0, stderr: '' })
      expect(finished.stdout).toBe(output ?? finished.stdout)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
