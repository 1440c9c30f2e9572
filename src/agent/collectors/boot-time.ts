import { readFileSync } from 'node:fs'

/** The kernel's USER_HZ: what /proc counts in, on every architecture that Node runs on. */
const TICKS_A_SECOND = 100

/** When the host booted, milliseconds UTC; the kernel says it in whole seconds. */
export function bootTime(root: string): number {
  const [, seconds] = /^btime ([0-9]+)$/m.exec(readFileSync(`${root}/stat`, 'utf8')) ?? []
  return Number(seconds ?? 0) * 1_000
}

/** When a process started, milliseconds UTC, from its clock ticks after boot. */
export const startedAt = (boot: number, ticks: number): number => boot + Math.round((ticks * 1_000) / TICKS_A_SECOND)
