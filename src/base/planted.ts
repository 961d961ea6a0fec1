// Mistakes made on purpose, one at a time, to prove that the tests would notice them. Most are planted from
// outside, by wrapping an interface (testing/planted.ts); here are those that only the code itself can make.
// `npm run check` lets nothing but src/testing arm one, and src/testing is not in the package.

export type PlantedMistake =
  | 'log-publish-before-sync'
  | 'log-trust-cache'
  | 'log-forgive-loss'
  | 'log-take-torn-frames'
  | 'index-collect-of-later-epochs'
  | 'as-of-one-too-late'
  | 'generation-one-too-early'
  | 'writer-show-before-sync'
  | 'writer-forget-keys'
  | 'aggregate-max-least-first'
  | 'aggregate-median-is-the-upper'
  | 'aggregate-mean-is-cut'
  | 'aggregate-variance-of-a-sample'
  | 'batches-without-checks'
  | 'budget-without-bytes'
  | 'closure-forgets-the-way-back'
  | 'closure-never-comes-back'
  | 'domain-without-decimals'
  | 'equality-forgotten-where-it-stays'
  | 'find-forgets-with'
  | 'failures-are-forgotten'
  | 'get-else-takes-false-for-nothing'
  | 'history-without-retractions'
  | 'index-forgets-late-retractions'
  | 'index-names-views-alike'
  | 'index-takes-runs-whole'
  | 'intersect-takes-one-list-for-all'
  | 'intersect-misses-the-last'
  | 'lookup-misses-the-last'
  | 'mask-shows-short-values'
  | 'match-before-rules-end'
  | 'name-found-before-it-is-given'
  | 'order-of-codes'
  | 'pattern-loop-unchecked'
  | 'plan-forgets-blanks'
  | 'pull-one-more-than-the-limit'
  | 'pull-recursion-one-short'
  | 'pull-without-defaults'
  | 'range-takes-its-ends'
  | 'restriction-keeps-masked-order'
  | 'restriction-tells-of-lost-pasts'
  | 'rule-stops-at-the-first-answers'
  | 'pattern-of-any-transaction'
  | 'shares-are-not-compared'
  | 'semi-join-by-one-of-two'
  | 'since-one-too-early'
  | 'split-forgets-the-missing'
  | 'text-order-of-units'
  | 'stored-answers-of-the-row-before'
  | 'twins-need-not-be-equal'

let armed: PlantedMistake | undefined

export function isPlanted(mistake: PlantedMistake): boolean {
  return armed === mistake
}

/** Arms a mistake, or none. For src/testing alone. */
export function plantMistake(mistake: PlantedMistake | undefined): void {
  armed = mistake
}
