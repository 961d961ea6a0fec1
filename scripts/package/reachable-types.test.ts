import { expect, it } from 'vitest'
import { reachableTypes } from './reachable-types.ts'

it('follows every way in which a declaration names another, in circles too, and nothing else', () => {
  const files: Readonly<Record<string, string>> = {
    'api/index.d.ts': `export { a } from './a.ts'\nexport type { B } from "../base/b.ts"\nimport 'node:fs'`,
    'api/a.d.ts': `export declare const a: import('../fact/c.ts').C; import './side.js'`,
    'api/side.d.ts': '',
    'base/b.d.ts': `import type { A } from '../api/index.ts'\nexport type B = typeof import("./gone.ts")`,
    'fact/c.d.ts': `// from './commented.ts'\nexport type C = 'from ./text.ts'`,
    'fact/commented.d.ts': '',
    'other.d.ts': '',
  }
  const reached = reachableTypes('api/index.d.ts', (path) => files[path])
  expect([...reached].sort()).toEqual([
    'api/a.d.ts',
    'api/index.d.ts',
    'api/side.d.ts',
    'base/b.d.ts',
    'fact/c.d.ts',
    // More than is needed is harmless.
    'fact/commented.d.ts',
  ])
})
