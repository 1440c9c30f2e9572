import type { EntryType, LedgerEntry } from '../../kernel/evidence.ts'
import type { JsonObject } from '../../kernel/json.ts'

const START = Date.parse('2026-03-01T09:00:00.000Z')

/** An entry whose times follow its outbox sequence. */
export function entryOf(
  outbox: number,
  body: JsonObject = { note: `entry ${outbox} 記録` },
  type: EntryType = 'admin',
): LedgerEntry {
  const at = (offset: number) => new Date(START + outbox * 1000 + offset).toISOString()
  return { v: 1, type, scope: 'default', outbox, observed: at(0), received: at(200), logged: at(700), body }
}

/** `count` entries from `first` on. */
export function entriesFrom(first: number, count: number): LedgerEntry[] {
  return Array.from({ length: count }, (_, at) => entryOf(first + at))
}
