import { createHash, randomUUID } from 'node:crypto'
import type { Clock } from '../../kernel/clock.ts'
import { decisionOn, type WaitingApproval } from '../../kernel/duties.ts'
import { KanpekiError } from '../../kernel/error.ts'
import type { JsonObject } from '../../kernel/json.ts'
import type { Caller } from '../../platform/http/route.ts'
import { jsonText, readJson } from '../../platform/state/columns.ts'
import { recordEvidence } from '../../platform/state/outbox.ts'
import type { State } from '../../platform/state/state.ts'
import type { Cause } from '../inventory/causes.ts'
import { packageOf } from '../inventory/judge.ts'
import type { Db } from '../inventory/queries.ts'
import type { AssessTables, ExceptionsTable } from '../inventory/tables.ts'
import { latestOn, silences, type VexStatement } from '../vex/statement.ts'
import { markPlaces } from '../weighing/queries.ts'
import { changeException, exceptionById, exceptionsOf, insertException, overdueExceptions } from './queries.ts'

type Who = Pick<Caller, 'name' | 'account' | 'scope'>

const DAY_MS = 86_400_000

export interface Proposal {
  readonly kind: ExceptionsTable['kind']
  readonly asset: string | null
  readonly title: string
  readonly statements: readonly VexStatement[]
  readonly reason: string
  readonly days: number
}

/** Keeps a proposal: nothing leaves the list until another person approves it. */
export async function proposeException(db: Db, asked: Proposal, by: Who, now: number): Promise<ExceptionsTable> {
  const row: ExceptionsTable = {
    scope: by.scope,
    id: randomUUID(),
    asset: asked.asset,
    title: asked.title,
    kind: asked.kind,
    statements: jsonText(asked.statements),
    sha256: createHash('sha256').update(jsonText(asked.statements)).digest('hex'),
    reason: asked.reason,
    state: 'waiting',
    author_account: by.account,
    author_name: by.name,
    created: now,
    expires: now + asked.days * DAY_MS,
    decided_account: null,
    decided_name: null,
    decided: null,
  }
  await insertException(db, row)
  await tell(db, row, 'propose', by, now, {})
  return row
}

/**
 * Approves or refuses. What was asked for runs from the approval on.
 * @throws KanpekiError `not_found`, `conflict` where it was decided already, `own_approval`, `forbidden` for who is no person's.
 */
export async function decideException(
  db: Db,
  id: string,
  decision: 'approve' | 'refuse',
  note: string,
  by: Caller,
  now: number,
): Promise<ExceptionsTable> {
  const row = await known(db, id)
  const change = decisionOn(row, decision, by, now)
  await changeException(db, id, change)
  await tell(db, { ...row, ...change }, decision, by, now, { author: row.author_name, ...(note === '' ? {} : { note }) })
  return { ...row, ...change }
}

/** Ends one at once: what it held back is open again. */
export async function endException(db: Db, id: string, by: Who, now: number): Promise<ExceptionsTable> {
  const row = await known(db, id)
  if (row.state !== 'active' && row.state !== 'waiting') throw new KanpekiError('conflict', 'It is not in force any more.')
  const change = { state: 'ended' as const, decided: row.decided ?? now, decided_name: row.decided_name ?? by.name }
  await changeException(db, id, change)
  await tell(db, { ...row, ...change }, 'end', by, now, {})
  return { ...row, ...change }
}

/** Writes down which exceptions are over: what they held back counts as open from their last moment on, run or not. */
export async function expireExceptions(state: State, clock: Clock): Promise<number> {
  const now = clock.now()
  return await state.transaction<AssessTables, number>(async (trx) => {
    const over = await overdueExceptions(trx, now)
    for (const row of over) {
      await changeException(trx, row.id, { state: 'expired' })
      await tell(trx, row, 'expire', { name: 'kanpeki', account: null, scope: row.scope }, now, {})
    }
    return over.length
  })
}

async function known(db: Db, id: string): Promise<ExceptionsTable> {
  const row = await exceptionById(db, id)
  if (row === undefined) throw new KanpekiError('not_found', 'There is no such exception.')
  return row
}

type Deed = 'propose' | 'approve' | 'refuse' | 'end' | 'expire'

async function tell(db: Db, row: ExceptionsTable, deed: Deed, by: Who, now: number, more: JsonObject): Promise<void> {
  if (deed !== 'propose') await markPlaces(db, placesOf(row), row.asset)
  const { id, title, asset, kind, sha256, reason, expires } = row
  const body = {
    action: `weakness-exception.${deed}`,
    by: by.name,
    account: by.account,
    target: title,
    asset,
    ...{ id, kind, sha256, reason, expires: new Date(expires).toISOString() },
    ...more,
  }
  await recordEvidence(db, [{ type: 'admin', scope: row.scope, observed: now, received: now, body }])
}

/** Where what an exception speaks of may stand: packages without their versions. */
function placesOf({ statements }: ExceptionsTable): readonly string[] {
  const purls = readJson<VexStatement[]>(statements).flatMap(({ purls: all }) => all)
  return [...new Set(purls.flatMap((purl) => [purl, packageOf({ purl, name: purl })]))]
}

/** Exceptions that wait for a second person. */
export async function waitingWaivers(db: Db): Promise<readonly WaitingApproval[]> {
  return (await exceptionsOf(db))
    .filter((row) => row.state === 'waiting')
    .map((row) => ({
      kind: 'weakness-exception',
      id: row.id,
      version: '',
      title: { en: row.title, ja: row.title },
      author: { account: row.author_account, name: row.author_name },
      since: row.created,
      needed: 1,
      accepts: (person) => person.permissions.has('alerts:approve'),
    }))
}

/** A statement, and the exception that carries it. */
export interface Waiver extends VexStatement {
  readonly exception: ExceptionsTable
}

/** The statements in force at a moment, by what each is about: for asking about many causes. */
export function waiversAt(rows: readonly ExceptionsTable[], now: number): (cause: Cause) => Waiver | undefined {
  const byName = new Map<string, Waiver[]>()
  for (const row of rows) {
    if (row.state !== 'active' || row.expires <= now) continue
    for (const statement of readJson<VexStatement[]>(row.statements)) {
      for (const name of statement.names) {
        const list = byName.get(name)
        if (list === undefined) byName.set(name, [{ ...statement, exception: row }])
        else list.push({ ...statement, exception: row })
      }
    }
  }
  return ({ names, row }) => {
    const candidates = names
      .flatMap((name) => byName.get(name) ?? [])
      .filter(({ exception: { asset } }) => asset === null || asset.toLowerCase() === row.asset.toLowerCase())
    if (candidates.length === 0) return undefined
    const own = new Set(names)
    const latest = (among: readonly Waiver[]): Waiver | undefined =>
      (row.purl === null ? undefined : latestOn({ names: own, purl: row.purl }, among)) ??
      latestOn({ names: own, purl: row.package }, among)
    const accepted = latest(candidates.filter(({ exception }) => exception.kind === 'accept'))
    if (accepted !== undefined) return accepted
    // The last word counts: who said not affected and later affected takes the first back.
    const said = latest(candidates.filter(({ exception }) => exception.kind !== 'accept'))
    return said !== undefined && silences(said) ? said : undefined
  }
}
