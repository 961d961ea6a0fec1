// The version of this package: package.json lies two folders up, in the checkout and in what was installed.

import { fileURLToPath } from 'node:url'
import type { Env } from '../base/env.ts'
import { readTextFile } from '../base/text-file.ts'

export function packageVersion(env: Env): string {
  const path = fileURLToPath(new URL('../../package.json', import.meta.url))
  const { version } = JSON.parse(readTextFile(env.files, path)) as { readonly version: string }
  return version
}
