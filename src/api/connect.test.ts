// What `connect` takes beside a URL.

import { describe, expect, it } from 'vitest'
import { connect } from './connect.ts'

describe('connect', () => {
  it('has a number of workers that can be', async () => {
    for (const workers of [0, 65, 1.5, NaN]) {
      await expect(connect('memory:', { workers })).rejects.toMatchObject({
        code: 'varve.error/worker-count-invalid',
      })
    }
    await (await connect('memory:', { workers: 64 })).close()
  })
})
