import type { Finding, Words } from '../doctor/check.ts'

/** What one step of a repair found and did. */
export interface Outcome extends Finding {
  readonly id: string
  readonly title: Words
}

/** Figures of a repair, for the ledger: only those that are not zero. */
export type Deeds = Map<
  'partsSetAside' | 'hoursRefilled' | 'eventsRefilled' | 'filesSealedAgain' | 'eventsLost' | 'filesRemoved',
  number
>

export function count(deeds: Deeds, what: Parameters<Deeds['set']>[0], by: number): void {
  if (by > 0) deeds.set(what, (deeds.get(what) ?? 0) + by)
}

export type Step = (id: string, title: Words, work: () => Promise<Finding>) => Promise<boolean>

export function mended(en: string, ja: string): Finding {
  return { verdict: 'mended', says: { en, ja } }
}
