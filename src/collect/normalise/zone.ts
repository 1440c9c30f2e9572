import { isoTime } from './time.ts'

/** Abbreviations that mean one zone only; minutes east of UTC. `CST` and `IST` mean several, and are not here. */
const ZONES: ReadonlyMap<string, number> = new Map(
  Object.entries({
    UTC: 0,
    GMT: 0,
    Z: 0,
    WET: 0,
    WEST: 60,
    BST: 60,
    CET: 60,
    CEST: 120,
    EET: 120,
    EEST: 180,
    MSK: 180,
    JST: 540,
    KST: 540,
    AEST: 600,
    AEDT: 660,
    NZST: 720,
    NZDT: 780,
    HST: -600,
    AKST: -540,
    AKDT: -480,
    PST: -480,
    PDT: -420,
    MST: -420,
    MDT: -360,
    CDT: -300,
    EST: -300,
    EDT: -240,
  }),
)

/**
 * A time with what PostgreSQL writes behind it: an abbreviation (`JST`), an offset (`+09`, `-0330`, `+05:30`), or nothing.
 * An abbreviation that could mean several zones is taken for the source's.
 */
export function zonedTime(text: string, zone: string | undefined, sourceZone: number): number | undefined {
  return isoTime(text, minutesOf(zone) ?? sourceZone)
}

function minutesOf(zone: string | undefined): number | undefined {
  if (zone === undefined) return undefined
  const offset = /^([+-])(\d\d)(?::?(\d\d))?$/.exec(zone)
  if (offset === null) return ZONES.get(zone)
  return (offset[1] === '-' ? -1 : 1) * (Number(offset[2]) * 60 + Number(offset[3] ?? 0))
}
