import { offsetOf } from '../../kernel/zone.ts'
import type { Hours } from './language/form.ts'

const MINUTE_MS = 60_000
const DAY_MINUTES = 1440
const WEEK = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const

/** Whether it is business time; `from` after `to` means over midnight, and belongs to the day on which it begins. */
export function isOpen(hours: Hours, at: number): boolean {
  const local = new Date(at + offsetOf(hours.zone, at) * MINUTE_MS)
  const minute = local.getUTCHours() * 60 + local.getUTCMinutes()
  const today = local.getUTCDay()
  const [from, to] = [minutesOf(hours.from), minutesOf(hours.to)]
  const days: ReadonlySet<string> = new Set(hours.days)
  const on = (day: number): boolean => days.has(WEEK[(day + 7) % 7]!)
  if (from < to) return on(today) && minute >= from && minute < to
  return (on(today) && minute >= from) || (on(today - 1) && minute < to)
}

/** When business time next begins, milliseconds UTC; now where it is business time. */
export function nextOpen(hours: Hours, now: number): number {
  if (isOpen(hours, now)) return now
  // Zones change at full quarters of an hour, so that every beginning is found at one of the minutes.
  let at = Math.ceil(now / MINUTE_MS) * MINUTE_MS
  for (let step = 0; step < 8 * DAY_MINUTES; step++, at += MINUTE_MS) if (isOpen(hours, at)) return at
  return at
}

function minutesOf(clock: string): number {
  const [hour = 0, minute = 0] = clock.split(':').map(Number)
  return hour * 60 + minute
}
