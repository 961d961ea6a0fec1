// Random inputs follow from one seed, the same in every run: a change is judged by its own effect, never by the luck of
// a draw. `VARVE_SEED=7 npm test` draws others; `npm run torture` draws new ones each time.

import fc from 'fast-check'

const FIXED_SEED = 20_261_125

fc.configureGlobal({ seed: Number(process.env['VARVE_SEED'] ?? FIXED_SEED) })
