import type { LedgerEntry } from '../kernel/evidence.ts'
import { canonicalJson } from '../kernel/json.ts'
import type { OutboxEntry } from '../platform/state/outbox.ts'
import { nativeSha256 } from './batch-root.ts'
import { entryText } from './entry-text.ts'
import { toHex, utf8 } from './verify/bytes.ts'
import { MAX_ENTRY_BYTES, subjectsOf } from './verify/entry.ts'

/**
 * The ledger entry of an outbox row, with its text. A body that no entry can hold is replaced by its hash: one large record must neither stop the
 * log nor leave a gap.
 */
export function entryOf(
  row: OutboxEntry,
  logged: string,
  log: (message: string, detail: Record<string, unknown>) => void,
): { readonly entry: LedgerEntry; readonly text: string } {
  const { type, scope, seq, body } = row
  const times = { observed: new Date(row.observed).toISOString(), received: new Date(row.received).toISOString(), logged }
  const entry: LedgerEntry = { v: 1, type, scope, outbox: seq, ...times, body }
  const whole = entryText(entry)
  if (Buffer.byteLength(whole) <= MAX_ENTRY_BYTES) return { entry, text: whole }
  const text = canonicalJson(body)
  const bytes = Buffer.byteLength(text)
  log('evidence too large for an entry was logged by its hash', { type, seq, bytes })
  const subjects = Object.fromEntries(
    subjectsOf({ type, body })
      .filter(({ kind }) => kind !== 'batch' && kind !== 'segment')
      .map(({ kind, id }) => [body[kind] === id ? kind : 'id', id]),
  )
  const short: LedgerEntry = { ...entry, body: { ...subjects, oversize: { bytes, sha256: toHex(nativeSha256(utf8(text))) } } }
  return { entry: short, text: entryText(short) }
}
