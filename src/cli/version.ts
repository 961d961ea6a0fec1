// The version of this package: package.json lies two folders up, in the checkout and in what was installed.

import { fileURLToPath } from 'node:url'
import type { Env } from '../base/env.ts'

export function packageVersion(env: Env): string {
  using file = env.files.open(fileURLToPath(new URL('../../package.json', import.meta.url)), 'read')
  const bytes = new Uint8Array(file.byteCount())
  file.read(0, bytes)
  const { version } = JSON.parse(new TextDecoder().decode(bytes)) as { readonly version: string }
  return version
}
