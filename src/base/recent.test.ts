import { expect, it } from 'vitest'
import { Recent } from './recent.ts'

it('keeps what is asked for, however many others come once', () => {
  const recent = new Recent<string, number>(8)
  recent.set('often', 1)
  for (let i = 0; i < 1_000; i++) {
    recent.set(`once ${i}`, i)
    expect(recent.get('often')).toBe(1)
    expect(recent.count).toBeLessThanOrEqual(8)
  }
  expect(recent.get('once 999')).toBe(999)
  expect(recent.get('once 0')).toBeUndefined()
})

it('forgets what nobody asks for', () => {
  const recent = new Recent<string, number>(8)
  recent.set('rare', 1)
  for (let i = 0; i < 8; i++) recent.set(`other ${i}`, i)
  expect(recent.get('rare')).toBeUndefined()
})

it('shows the value that was set last', () => {
  const recent = new Recent<string, number>(4)
  recent.set('a', 1)
  recent.set('b', 2)
  recent.set('c', 3)
  recent.set('a', 4)
  expect([recent.get('a'), recent.get('b'), recent.get('c')]).toEqual([4, 2, 3])
})
