// Which blobs of an index nobody needs any more. A root lists what it dropped and when; what the last publications
// still named stays, for readers that have not looked since (they hold its files open, or come back to this root).
// Blobs that no root ever named are left over from an indexing that was interrupted.

import type { BlobStore } from '../blob/blob-store.ts'
import { KEPT_PUBLICATION_COUNT } from './build.ts'
import { type Root, SEGMENT_PREFIX } from './root.ts'

/** Keys that readers of this root, or of those just before it, may want. */
export function keptKeys(root: Root): ReadonlySet<string> {
  const kept = new Set(root.segments.map(({ key }) => key))
  for (const [key, since] of root.retired)
    if (since > root.publication - KEPT_PUBLICATION_COUNT) kept.add(key)
  return kept
}

/** Deletes what `root`, the newest, lets go; the keys deleted. Only while nobody builds an index. */
export async function collectGarbage(store: BlobStore, root: Root): Promise<readonly string[]> {
  const kept = keptKeys(root)
  const garbage = (await store.list(SEGMENT_PREFIX)).filter((key) => !kept.has(key))
  for (const key of garbage) await store.delete(key)
  return garbage
}
