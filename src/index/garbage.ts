// Which blobs of an index nobody needs any more. A root lists what it dropped and when; what the last publications
// still named stays, for readers that have not looked since (they hold its files open, or come back to this root).
// Blobs that no root ever named are left over from an indexing that was interrupted.
//
// Proof that a writer which was stopped and replaced, and goes on here with a root that is not the newest any more,
// deletes nothing that is wanted: it deletes blobs of epochs up to its own which its root lets go. Later roots
// follow from that root, so of these blobs they name only what it names; all else of theirs has a later epoch.

import { isPlanted } from '../base/planted.ts'
import type { BlobStore } from '../blob/blob-store.ts'
import { KEPT_PUBLICATION_COUNT } from './build.ts'
import { epochOfSegment, type Root, SEGMENT_PREFIX } from './root.ts'

/** Keys that readers of this root, or of those just before it, may want. */
export function keptKeys(root: Root): ReadonlySet<string> {
  const kept = new Set(root.segments.map(({ key }) => key))
  for (const [key, since] of root.retired)
    if (since > root.publication - KEPT_PUBLICATION_COUNT) kept.add(key)
  return kept
}

/** Deletes what `root`, which was published, lets go; the keys deleted. Only while its writer builds no index. */
export async function collectGarbage(store: BlobStore, root: Root): Promise<readonly string[]> {
  const kept = keptKeys(root)
  const garbage = (await store.list(SEGMENT_PREFIX)).filter(
    (key) =>
      !kept.has(key) && (epochOfSegment(key) <= root.epoch || isPlanted('index-collect-of-later-epochs')),
  )
  for (const key of garbage) await store.delete(key)
  return garbage
}
