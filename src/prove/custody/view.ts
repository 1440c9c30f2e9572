import { readJson } from '../../platform/state/columns.ts'
import type { ProveArtefactRow } from '../tables.ts'
import type { ArtefactScan, ArtefactView } from './schema.ts'

/** @param entry where the ledger has it, by its outbox sequence. */
export function artefactView(
  row: ProveArtefactRow,
  entry: { readonly index: number; readonly logged: string } | undefined,
  sealed: boolean,
  now: number,
): ArtefactView {
  const { id, scope, kind, name, sha256, bytes, source, note, alert } = row
  return {
    id,
    scope,
    kind,
    name,
    sha256,
    bytes,
    source,
    note,
    alert,
    by: { id: row.by_id, name: row.by_name },
    observed: new Date(row.observed).toISOString(),
    received: new Date(row.received).toISOString(),
    logged: entry?.logged ?? null,
    entry: entry?.index ?? null,
    keepUntil: textOf(row.keep_until),
    validUntil: textOf(row.valid_until),
    valid: row.removed_at === null && (row.valid_until === null || row.valid_until > now),
    hold:
      row.hold_at === null
        ? null
        : { reason: row.hold_for ?? '', by: row.hold_by ?? '', at: new Date(row.hold_at).toISOString() },
    scan: readJson<ArtefactScan>(row.scan),
    sealed,
    removed: row.removed_at === null ? null : { reason: row.removed_for ?? '', at: new Date(row.removed_at).toISOString() },
  }
}

function textOf(time: number | null): string | null {
  return time === null ? null : new Date(time).toISOString()
}
