import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { repeatOrSooner } from './repeat.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

it('works at its pace, soon when poked, and rests between two runs however often it is poked', async () => {
  const runs: number[] = []
  const begun = Date.now()
  const waking = repeatOrSooner(
    10_000,
    1500,
    async () => {
      runs.push(Date.now() - begun)
      await new Promise((resolve) => setTimeout(resolve, 200))
    },
    () => {},
  )
  await vi.advanceTimersByTimeAsync(10_500)
  expect(runs).toEqual([0, 10_200])
  for (let poke = 0; poke < 100; poke++) waking.poke()
  await vi.advanceTimersByTimeAsync(1500)
  expect(runs).toEqual([0, 10_200, 12_000])
  // Poked while it runs: what came in during the run is seen by the next.
  waking.poke()
  await vi.advanceTimersByTimeAsync(1700)
  expect(runs).toEqual([0, 10_200, 12_000, 13_700])
  await vi.advanceTimersByTimeAsync(200)
  await waking.stop()
  waking.poke()
  await vi.advanceTimersByTimeAsync(60_000)
  expect(runs).toHaveLength(4)
})

it('goes on after a failure, and says it', async () => {
  const failures: unknown[] = []
  const waking = repeatOrSooner(
    1000,
    100,
    () => Promise.reject(new Error('once more')),
    (error) => failures.push(error),
  )
  await vi.advanceTimersByTimeAsync(2500)
  expect(failures).toHaveLength(3)
  await waking.stop()
})
