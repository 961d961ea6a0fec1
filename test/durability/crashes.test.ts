// Power cuts, faults, kills and takeovers, simulated and real: a hundredth of what `npm run torture` does.

import { quickTiers } from '../torture/quick.ts'

quickTiers('seeds', 'kills')
