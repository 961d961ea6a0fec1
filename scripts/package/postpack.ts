// After `npm pack`: brings the checkout's package.json back.

import { existsSync, renameSync } from 'node:fs'
import { join } from 'node:path'

/** Where the checkout's package.json waits while npm packs. */
export const KEPT_MANIFEST = '.package.checkout.json'

/** Also undoes a pack that was interrupted; does nothing when there is nothing to bring back. */
export function restoreManifest(root: string): void {
  const kept = join(root, KEPT_MANIFEST)
  if (existsSync(kept)) renameSync(kept, join(root, 'package.json'))
}

if (import.meta.main) restoreManifest(join(import.meta.dirname, '../..'))
