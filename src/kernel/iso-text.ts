const SECOND = 1000
/** 0000-01-01 to 9999-12-31: their years are written with four digits. */
const FIRST = -62_167_219_200_000
const LAST = 253_402_300_799_999

let second = Number.NaN
let prefix = ''

/**
 * As `Date.toISOString`, which takes longer than all else that is set on an event: events that follow each other lie in the same
 * second mostly. @param ms milliseconds UTC. @throws RangeError beyond what a Date holds.
 */
export function isoText(ms: number): string {
  if (!(ms >= FIRST && ms <= LAST) || !Number.isInteger(ms)) return new Date(ms).toISOString()
  const its = Math.floor(ms / SECOND)
  if (its !== second) {
    prefix = new Date(its * SECOND).toISOString().slice(0, 20)
    second = its
  }
  const rest = ms - its * SECOND
  return `${prefix}${rest < 10 ? '00' : rest < 100 ? '0' : ''}${rest}Z`
}
