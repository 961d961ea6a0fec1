// Places, workers and those who wait for either, at random: what the service promises whoever comes.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Timers } from '../base/env.ts'
import { FairQueue, type Share } from '../query/fair-queue.ts'
import type { Pool } from '../query/waiting-scans.ts'
import { Admission } from './admission.ts'

const PLACE_COUNT = 5
const WAITING_COUNT_MAX = 4
const WORKER_COUNT = 2
const QUEUE_COUNT_MAX = 3
const LOOK_COUNT = 12
const NAMES = ['ada', 'bob'] as const
type Name = (typeof NAMES)[number]

type Operation =
  | { readonly kind: 'come'; readonly is: 'point' | 'scan'; readonly name: Name }
  | { readonly kind: 'done'; readonly at: number }
  | { readonly kind: 'gone'; readonly at: number }
  | { readonly kind: 'look' }

const operation = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('come'),
      is: fc.constantFrom('point', 'scan'),
      name: fc.constantFrom(...NAMES),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('done'), at: fc.nat(PLACE_COUNT) }) },
  fc.record({ kind: fc.constant('gone'), at: fc.nat(PLACE_COUNT + WAITING_COUNT_MAX) }),
  fc.constant({ kind: 'look' }),
) as fc.Arbitrary<Operation>

type Request = {
  readonly gone: AbortController
  place: 'outside' | 'waiting for a worker' | 'inside' | 'ended'
  /** Ends what is being done for it. */
  finish: () => void
  endings: string[]
}

/** Workers without work: a scan has one until it is finished. */
class Workers implements Pool {
  readonly #queue = new FairQueue<{ start: () => void; fail: (why: string) => void }>(QUEUE_COUNT_MAX)
  #freeCount = WORKER_COUNT
  lastShed = true

  get waitingCount(): number {
    return this.#queue.count
  }

  shed(): boolean {
    const shed = this.#queue.shed()
    shed?.fail('shed')
    this.lastShed = shed !== undefined
    return this.lastShed
  }

  async take(share: Share, signal: AbortSignal): Promise<void> {
    if (this.#freeCount > 0) {
      this.#freeCount--
      return this.#queue.begin(share)
    }
    const { promise, resolve: start, reject: fail } = Promise.withResolvers<void>()
    const item = { start, fail }
    this.#queue.add(share, item)?.fail('no room in the queue')
    const leave = (): void => fail('gone')
    signal.addEventListener('abort', leave)
    await promise.finally(() => {
      signal.removeEventListener('abort', leave)
      this.#queue.delete(share.name, item)
    })
  }

  give(share: Share): void {
    this.#queue.end(share)
    const next = this.#queue.next()
    if (next === undefined) this.#freeCount++
    else next.item.start()
  }
}

class World {
  readonly workers = new Workers()
  readonly requests: Request[] = []
  #look: () => void = () => undefined
  readonly #timers: Timers = {
    sleep: () => Promise.resolve(),
    repeat: (_ms, work) => {
      this.#look = work
      return { [Symbol.dispose]: () => (this.#look = () => undefined) }
    },
  }
  readonly admission = new Admission(this.#timers, {
    runningCountMax: PLACE_COUNT,
    waitingCountMax: WAITING_COUNT_MAX,
    scans: this.workers,
  })

  at(place: readonly Request['place'][]): readonly Request[] {
    return this.requests.filter((each) => place.includes(each.place))
  }

  do(operation: Operation): void {
    if (operation.kind === 'look') return this.#look()
    if (operation.kind === 'done') return this.at(['inside'])[operation.at]?.finish()
    if (operation.kind === 'gone')
      return this.at(['outside', 'inside', 'waiting for a worker'])[operation.at]?.gone.abort('gone')
    const request: Request = {
      gone: new AbortController(),
      place: 'outside',
      finish: () => undefined,
      endings: [],
    }
    this.requests.push(request)
    const end = (how: string): void => {
      request.place = 'ended'
      request.endings.push(how)
    }
    this.#answer(request, operation).then(
      () => end('answered'),
      (why: unknown) => end(typeof why === 'string' ? why : (why as { code: string }).code),
    )
  }

  async #answer(request: Request, { is, name }: Extract<Operation, { kind: 'come' }>): Promise<void> {
    const { signal } = request.gone
    await this.admission.enter(signal)
    try {
      if (is === 'point') return await this.#work(request)
      const share: Share = { name, workerCountMax: Infinity }
      request.place = 'waiting for a worker'
      await this.workers.take(share, signal)
      await this.#work(request).finally(() => this.workers.give(share))
    } finally {
      this.admission.leave()
    }
  }

  #work(request: Request): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    request.place = 'inside'
    request.finish = resolve
    const { signal } = request.gone
    if (signal.aborted) reject(signal.reason)
    signal.addEventListener('abort', () => reject(signal.reason))
    return promise
  }
}

/** Whoever waits is looked at until the oldest have waited too long. */
function repeated(operation: Operation): readonly Operation[] {
  return operation.kind === 'look' ? Array.from({ length: LOOK_COUNT }, () => operation) : [operation]
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('a service that is asked more than it can answer', () => {
  it('is bounded, ends each request once, and refuses none that comes while a scan waits', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { maxLength: 40 }), async (operations) => {
        const world = new World()
        let refusedCount = 0
        for (const each of operations.flatMap(repeated)) {
          world.workers.lastShed = true
          world.do(each)
          await settled()
          const refused = world.requests.filter(({ endings }) => endings.includes('varve.error/service-busy'))
          if (refused.length > refusedCount) expect(world.workers.lastShed).toBe(false)
          refusedCount = refused.length
          expect(world.at(['inside', 'waiting for a worker']).length).toBeLessThanOrEqual(PLACE_COUNT)
          expect(world.admission.waitingCount).toBeLessThanOrEqual(WAITING_COUNT_MAX)
          expect(world.workers.waitingCount).toBeLessThanOrEqual(QUEUE_COUNT_MAX)
        }
        // Whoever is inside is answered; who waits follows.
        for (let all = world.at(['inside']); all.length > 0; all = world.at(['inside'])) {
          for (const { finish } of all) finish()
          await settled()
        }
        expect(world.requests.map(({ endings }) => endings.length)).toEqual(world.requests.map(() => 1))
        expect([world.admission.waitingCount, world.workers.waitingCount]).toEqual([0, 0])
        for (let i = 0; i < PLACE_COUNT; i++)
          expect(world.admission.enter(new AbortController().signal), 'every place is free again').toBe(
            undefined,
          )
      }),
    )
  })

  it('gives whoever comes the place of a scan that waits, of the caller who has most', async () => {
    const world = new World()
    const scan = (name: Name): void => world.do({ kind: 'come', is: 'scan', name })
    for (const name of ['ada', 'ada', 'ada', 'ada', 'bob'] as const) {
      scan(name)
      await settled()
    }
    world.do({ kind: 'come', is: 'point', name: 'bob' })
    await settled()
    expect(world.requests.map(({ place, endings }) => endings[0] ?? place)).toEqual([
      'inside',
      'inside',
      'waiting for a worker',
      'shed',
      'waiting for a worker',
      'inside',
    ])
  })
})
