import { readFileSync } from 'node:fs'

/** The kernel's USER_HZ: what /proc counts in, on every architecture that Node runs on. */
const TICKS_A_SECOND = 100

/** What the kernel said before: it reckons from the clock, so that a clock that is set moves the time of boot with it. */
const said = new Set<number>()
const MOST_SAID = 100

/** When the host booted, milliseconds UTC by the clock as it goes now; the kernel says it in whole seconds. */
export function bootTime(root: string): number {
  const [, seconds] = /^btime ([0-9]+)$/m.exec(readFileSync(`${root}/stat`, 'utf8')) ?? []
  const boot = Number(seconds ?? 0) * 1_000
  if (said.size < MOST_SAID) said.add(boot)
  return boot
}

/** Whether a process that started so many ticks after boot may be the one told as started `at`, by the clock as it went at any time since the agent started. */
export const mayHaveStarted = (root: string, ticks: number, at: number, closeMs: number): boolean =>
  [bootTime(root), ...said].some((boot) => Math.abs(startedAt(boot, ticks) - at) <= closeMs)

/** When a process started, milliseconds UTC, from its clock ticks after boot. */
export const startedAt = (boot: number, ticks: number): number => boot + Math.round((ticks * 1_000) / TICKS_A_SECOND)
