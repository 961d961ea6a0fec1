// Chance that a seed repeats exactly: that of the demo serves tests too.

export { SeededRandom } from '../base/seeded-random.ts'
