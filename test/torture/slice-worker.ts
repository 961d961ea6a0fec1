// Runs slices of tiers in a thread of its own, one after another. What a slice throws ends the thread and reaches
// whoever started it.

import { assert } from '../../src/base/assert.ts'
import { workerPort } from '../../src/base/env-node.ts'
import { TIERS } from './tiers.ts'

/** The number of a slice, and the tier that it is of. */
export type SliceOrder = { readonly tier: string; readonly number: number }

const port = workerPort()

port.onMessage((message) => void run(message as SliceOrder))

async function run({ tier, number }: SliceOrder): Promise<void> {
  const found = TIERS.find(({ name }) => name === tier)
  assert(found !== undefined, 'tiers are called by their names')
  port.post(await found.slice(number))
}
