import { randomUUID } from 'node:crypto'
import { KanpekiError } from '../../kernel/error.ts'
import type { Evidence } from '../../kernel/evidence.ts'
import type { JsonObject } from '../../kernel/json.ts'
import type { Caller } from '../../platform/http/route.ts'
import { jsonText } from '../../platform/state/columns.ts'
import { recordEvidence } from '../../platform/state/outbox.ts'
import { type ExclusionPreview, exclusionRule, type NewExclusion, type WafVerdict } from '../schema.ts'
import {
  deleteApplication,
  endExclusionRow,
  exclusionById,
  insertExclusion,
  type ProtectDb,
  saveApplication,
  saveVerdict,
} from './queries.ts'
import type { ApplicationsTable, ExclusionsTable } from './tables.ts'

type Who = Pick<Caller, 'id' | 'name' | 'account' | 'scope'>

const DAY = 86_400_000

/** Writes an exclusion; firewalls take it with their next look. @throws KanpekiError `invalid_input` for what no rule can hold. */
export async function writeExclusion(
  db: ProtectDb,
  asked: NewExclusion,
  preview: ExclusionPreview,
  by: Who,
  now: number,
): Promise<ExclusionsTable> {
  const { rule, path, variable, reason, owner, days, reference } = asked
  if (exclusionRule({ rule, path, variable, until: now + days * DAY }) === undefined)
    throw new KanpekiError('invalid_input', 'This path or parameter has characters that a rule cannot hold.', {
      place: { field: 'path' },
      remedy: 'Exclude the rule by hand, in a file before the rules.',
    })
  const row: ExclusionsTable = {
    ...{ id: randomUUID(), scope: by.scope, rule, path, variable, reason },
    ...{ owner: owner ?? by.name, author_account: by.account, author_name: by.name },
    ...{ created: now, expires: now + days * DAY, ended: null, ended_name: null },
    ...{ reference: reference ?? null, preview: jsonText(preview) },
  }
  await insertExclusion(db, row)
  await tell(db, 'waf-exclusion.write', by, now, { ...about(row), preview: { ...preview } })
  return row
}

/** @throws KanpekiError `not_found`, `conflict` where it is not in force any more. */
export async function endExclusion(db: ProtectDb, id: string, by: Who, now: number): Promise<ExclusionsTable> {
  const row = await exclusionById(db, id)
  if (row === undefined) throw new KanpekiError('not_found', 'There is no such exclusion.')
  if (row.ended !== null || row.expires <= now) throw new KanpekiError('conflict', 'It is not in force any more.')
  await endExclusionRow(db, id, by.name, now)
  await tell(db, 'waf-exclusion.end', by, now, about(row))
  return { ...row, ended: now, ended_name: by.name }
}

export async function declareApplication(
  db: ProtectDb,
  name: string,
  settings: { readonly hosts: readonly string[]; readonly owner: string },
  by: Who,
  now: number,
): Promise<ApplicationsTable> {
  const hosts = [...new Set(settings.hosts)].sort()
  const row = { scope: by.scope, name, hosts: jsonText(hosts), owner: settings.owner, author_name: by.name, created: now }
  await saveApplication(db, row)
  await tell(db, 'application.declare', by, now, { name, hosts, owner: settings.owner })
  return row
}

/** @throws KanpekiError `not_found`. */
export async function withdrawApplication(db: ProtectDb, name: string, by: Who, now: number): Promise<void> {
  if (!(await deleteApplication(db, name))) throw new KanpekiError('not_found', `There is no application ${name}.`)
  await tell(db, 'application.withdraw', by, now, { name })
}

export async function judgeTransaction(
  db: ProtectDb,
  reference: string,
  verdict: WafVerdict,
  rule: number | null,
  by: Who,
  now: number,
): Promise<void> {
  await saveVerdict(db, { scope: by.scope, reference, verdict, rule, author_name: by.name, at: now })
  await tell(db, 'waf-verdict.give', by, now, { name: reference, verdict, ...(rule === null ? {} : { rule }) })
}

function about(row: ExclusionsTable): JsonObject {
  const { id, rule, path, variable, reason, owner, expires, reference } = row
  return {
    exclusion: id,
    name: `${rule} ${variable ?? ''} ${path}`,
    rule,
    path,
    variable,
    reason,
    owner,
    expires: new Date(expires).toISOString(),
    ...(reference === null ? {} : { reference }),
  }
}

async function tell(db: ProtectDb, action: string, by: Who, now: number, more: JsonObject): Promise<void> {
  const body: JsonObject = { action, by: { id: by.id, name: by.name }, ...more }
  const evidence: Evidence = { type: 'admin', scope: by.scope, observed: now, received: now, body }
  await recordEvidence(db, [evidence], { now: () => now })
}
