// The same facts as they may lie: all in novelty, all in segments, some here and some there over many small runs.

import { MemoryBlobStore } from '../blob/memory-store.ts'
import { buildIndex } from '../index/build.ts'
import { Index } from '../index/index.ts'
import { IndexedFacts } from '../index/indexed-facts.ts'
import { INDEX_LIMITS, type IndexLimits } from '../index/merge-policy.ts'
import { Novelty } from '../index/novelty.ts'
import type { NaiveFacts } from './naive-facts.ts'
import type { SeededRandom } from './seeded-random.ts'
import { TINY_INDEX } from './simulated-storage.ts'

export const FACT_LAYOUTS = ['novelty', 'segments', 'mixed'] as const
export type FactLayout = (typeof FACT_LAYOUTS)[number]

/** The facts in a layout; chance decides where a mixed one is cut. */
export async function laidOut(
  facts: NaiveFacts,
  layout: FactLayout,
  random: SeededRandom,
): Promise<IndexedFacts> {
  const limits = random.below(2) === 0 ? TINY_INDEX : INDEX_LIMITS
  switch (layout) {
    case 'novelty':
      return indexed(facts, limits, () => false)
    case 'segments':
      return indexed(facts, limits, (t) => t === facts.basisT)
    case 'mixed':
      return indexed(facts, limits, () => random.below(3) === 0)
  }
}

/** The facts with an index that was published after some transactions; what came after the last is novelty. */
export async function indexed(
  facts: NaiveFacts,
  limits: IndexLimits,
  isIndexedAt: (t: number) => boolean,
): Promise<IndexedFacts> {
  const store = new MemoryBlobStore()
  const byT = Map.groupBy(facts.datoms, ({ t }) => t)
  let index = Index.empty('p')
  let novelty = new Novelty(-1)
  for (let t = 0; t <= facts.basisT; t++) {
    novelty.add(t, byT.get(t) ?? [])
    if (!isIndexedAt(t)) continue
    const input = { before: index, novelty, toT: t, schema: facts.schema, epoch: 1 }
    index = await Index.open(store, await buildIndex(store, input, limits), index)
    novelty = novelty.after(t)
  }
  return IndexedFacts.at(index, novelty, facts.schema, facts.basisT)
}
