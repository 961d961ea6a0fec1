import { expect, it } from 'vitest'
import { WaitForecast } from './wait-forecast.ts'

it('a wait is as many medians as go before, shared by the workers, and nothing where nothing is known', () => {
  const forecast = new WaitForecast()
  expect(forecast.waitMs(10, 1)).toBe(0)
  for (const ms of [10, 60_000, 20]) forecast.add(ms)
  expect([forecast.waitMs(0, 1), forecast.waitMs(3, 2)]).toEqual([20, 40])
  // Those of long ago are forgotten.
  for (let i = 0; i < 16; i++) forecast.add(5)
  expect(forecast.waitMs(1, 1)).toBe(10)
})
