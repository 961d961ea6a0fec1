// Two projects: `unit` beside the code, under 30 s in all; `suites` under test/, which may start processes, use the
// registry and take minutes. Two workers, because two cores are what everybody has.

import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

const root = join(import.meta.dirname, '..')

// The package's own name means source in a checkout, as `exports` says; the test runner has a resolver of its own.
const resolve = { alias: [{ find: /^varve$/, replacement: join(root, 'src/api/index.ts') }] }

const setupFiles = join(import.meta.dirname, 'random-seed.ts')

export default defineConfig({
  root,
  test: {
    maxWorkers: 2,
    projects: [
      {
        resolve,
        root,
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts', 'scripts/**/*.test.ts'],
          pool: 'forks',
          // Far above what any test takes: machines are shared, and a test is judged by what it asserts, not by the clock.
          testTimeout: 120_000,
          setupFiles,
        },
      },
      {
        resolve,
        root,
        test: {
          name: 'suites',
          include: ['test/**/*.test.ts'],
          pool: 'forks',
          testTimeout: 300_000,
          hookTimeout: 300_000,
          setupFiles,
        },
      },
    ],
  },
})
