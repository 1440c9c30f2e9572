import { randomUUID } from 'node:crypto'
import type { Evidence } from '../../kernel/evidence.ts'
import type { JsonObject } from '../../kernel/json.ts'
import { jsonText } from '../../platform/state/columns.ts'
import type { ProveArtefactRow } from '../tables.ts'
import type { ArtefactScan, NewArtefact } from './schema.ts'

/** Who does something, and in which scope. */
export interface Actor {
  readonly id: string
  readonly name: string
  readonly scope: string
}

/** A new artefact's row. */
export function rowOf(
  actor: Actor,
  about: NewArtefact,
  content: { readonly sha256: string; readonly bytes: number },
  scan: ArtefactScan,
  now: number,
): ProveArtefactRow {
  return {
    id: randomUUID(),
    scope: actor.scope,
    outbox: 0,
    kind: about.kind,
    name: about.name,
    sha256: content.sha256,
    bytes: content.bytes,
    source: about.source,
    note: about.note ?? null,
    alert: about.alert ?? null,
    by_id: actor.id,
    by_name: actor.name,
    observed: about.observed === undefined ? now : Date.parse(about.observed),
    received: now,
    keep_until: timeOf(about.keepUntil ?? null),
    valid_until: timeOf(about.validUntil ?? null),
    hold_at: null,
    hold_by: null,
    hold_for: null,
    scan: jsonText(scan),
    removed_at: null,
    removed_for: null,
  }
}

/** What the ledger is told of it. @param stored SHA-256 of the file on the disk. */
export function saidOf(about: NewArtefact, row: ProveArtefactRow, stored: string, scan: ArtefactScan): JsonObject {
  const { kind, sha256, bytes, source } = row
  return {
    kind,
    sha256,
    stored,
    bytes,
    source,
    scan: 'rules' in scan ? { rules: scan.rules } : { unscanned: scan.unscanned },
    ...(about.note === undefined ? {} : { note: about.note }),
    ...(row.keep_until === null ? {} : { keepUntil: textOf(row.keep_until) }),
    ...(row.valid_until === null ? {} : { validUntil: textOf(row.valid_until) }),
  }
}

/** What is done with an artefact, as the ledger keeps it: found by the artefact, and by its alert. */
export function deed(actor: Actor, row: ProveArtefactRow, action: string, now: number, more: JsonObject): Evidence {
  const by = { id: actor.id, name: actor.name }
  const body = { action, id: row.id, name: row.name, by, ...(row.alert === null ? {} : { alert: row.alert }), ...more }
  const observed = action === 'artefact.add' ? row.observed : now
  return { type: 'artefact', scope: row.scope, observed, received: now, body }
}

export function timeOf(text: string | null): number | null {
  return text === null ? null : Date.parse(text)
}

export function textOf(time: number | null): string | null {
  return time === null ? null : new Date(time).toISOString()
}
