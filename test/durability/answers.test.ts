// Every point of a life, transactions against their model, flipped bits: a hundredth of what `npm run torture` does.

import { quickTiers } from '../torture/quick.ts'

quickTiers('points', 'transactions', 'flips')
