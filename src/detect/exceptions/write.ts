import { randomUUID } from 'node:crypto'
import { isIP } from 'node:net'
import type { Kysely } from 'kysely'
import { decisionOn } from '../../kernel/duties.ts'
import { KanpekiError } from '../../kernel/error.ts'
import type { Evidence } from '../../kernel/evidence.ts'
import type { JsonObject } from '../../kernel/json.ts'
import type { Caller } from '../../platform/http/route.ts'
import { jsonText, readJson } from '../../platform/state/columns.ts'
import { recordEvidence } from '../../platform/state/outbox.ts'
import { rfc3339 } from '../alerts-view.ts'
import type { DetectTables } from '../tables.ts'
import { changeException, exceptionById, insertException } from './queries.ts'
import type { ExceptionCondition, ExceptionPreview, NewException } from './schema.ts'
import type { ExceptionsTable } from './tables.ts'

type Db = Kysely<DetectTables>
type Who = Pick<Caller, 'id' | 'name' | 'account' | 'scope'>

const DAY_MS = 86_400_000

/** @throws KanpekiError `invalid_input` for an address block that is none. */
export function checkConditions(conditions: readonly ExceptionCondition[]): void {
  for (const { field, op, values } of conditions) {
    const wrong = op === 'cidr' ? values.find((value) => !isNetwork(value)) : undefined
    if (wrong !== undefined)
      throw new KanpekiError('invalid_input', `${wrong} is not an address block.`, {
        place: { field },
        remedy: 'Write 192.0.2.0/24 or 2001:db8::/32.',
      })
  }
}

function isNetwork(text: string): boolean {
  const [base = '', bits = '', more] = text.split('/')
  const most = isIP(base) === 4 ? 32 : isIP(base) === 6 ? 128 : -1
  return more === undefined && /^\d{1,3}$/.test(bits) && Number(bits) <= most
}

/** Keeps a proposal: nothing is hidden until another person approves it. */
export async function proposeException(
  db: Db,
  asked: NewException,
  titles: { readonly title: string; readonly titleJa: string },
  preview: ExceptionPreview,
  by: Who,
  now: number,
): Promise<ExceptionsTable> {
  checkConditions(asked.conditions)
  const row: ExceptionsTable = {
    id: randomUUID(),
    scope: by.scope,
    rule_id: asked.rule,
    rule_title: titles.title,
    rule_title_ja: titles.titleJa,
    conditions: jsonText(asked.conditions),
    reason: asked.reason,
    owner: asked.owner ?? by.name,
    state: 'waiting',
    author_account: by.account,
    author_name: by.name,
    created: now,
    expires: now + asked.days * DAY_MS,
    decided_account: null,
    decided_name: null,
    decided: null,
    hidden: 0,
    last_hidden: null,
    last_events: '[]',
    preview: jsonText(preview),
  }
  await insertException(db, row)
  const { alerts, hidden, verdicts } = preview
  await tell(db, row, 'propose', by, now, { preview: { days: preview.days, alerts, hidden, true: verdicts.true } })
  return row
}

/**
 * Approves or refuses a proposal. What was asked for runs from the approval on, as many days as were asked for.
 * @throws KanpekiError `not_found`, `conflict` where it was decided already, `own_approval`.
 */
export async function decideException(
  db: Db,
  id: string,
  decision: 'approve' | 'refuse',
  note: string,
  by: Who,
  now: number,
): Promise<ExceptionsTable> {
  const row = await known(db, id)
  const change = decisionOn(row, decision, by, now)
  await changeException(db, id, change)
  await tell(db, { ...row, ...change }, decision, by, now, { author: row.author_name, ...(note === '' ? {} : { note }) })
  return { ...row, ...change }
}

/** Ends one at once: hiding less needs nobody else. */
export async function endException(db: Db, id: string, by: Who, now: number): Promise<ExceptionsTable> {
  const row = await known(db, id)
  if (row.state !== 'active' && row.state !== 'waiting') throw new KanpekiError('conflict', 'It is not in force any more.')
  const change = { state: 'ended' as const, decided: row.decided ?? now, decided_name: row.decided_name ?? by.name }
  await changeException(db, id, change)
  await tell(db, { ...row, ...change }, 'end', by, now, { hidden: row.hidden })
  return { ...row, ...change }
}

async function known(db: Db, id: string): Promise<ExceptionsTable> {
  const row = await exceptionById(db, id)
  if (row === undefined) throw new KanpekiError('not_found', 'There is no such exception.')
  return row
}

async function tell(
  db: Db,
  row: ExceptionsTable,
  deed: 'propose' | 'approve' | 'refuse' | 'end',
  by: Who,
  now: number,
  more: JsonObject,
): Promise<void> {
  const body: JsonObject = {
    action: `exception.${deed}`,
    by: { id: by.id, name: by.name },
    exception: row.id,
    name: row.rule_title,
    rule: row.rule_id,
    conditions: readJson<JsonObject[]>(row.conditions),
    reason: row.reason,
    owner: row.owner,
    expires: rfc3339(row.expires),
    ...more,
  }
  const evidence: Evidence = { type: 'admin', scope: row.scope, observed: now, received: now, body }
  await recordEvidence(db, [evidence], { now: () => now })
}
