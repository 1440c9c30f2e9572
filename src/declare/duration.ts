import { KanpekiError } from '../kernel/error.ts'

const FORM = /^P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/
const PART_MS = [7 * 86_400_000, 86_400_000, 3_600_000, 60_000, 1000] as const

/**
 * Milliseconds of an ISO 8601 duration in weeks, days, hours, minutes and seconds. Months and years have no fixed length.
 * @throws KanpekiError `bad_duration`.
 */
export function durationMs(text: string): number {
  const parts = FORM.exec(text)
  if (parts === null || !/\d/.test(text)) {
    throw new KanpekiError('bad_duration', `${text} is not a duration.`, {
      remedy: 'Write it like P30D, PT15M or P1DT12H; months and years have no fixed length.',
    })
  }
  return PART_MS.reduce((sum, ms, index) => sum + ms * Number(parts[index + 1] ?? 0), 0)
}
