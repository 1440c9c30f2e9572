import { randomUUID } from 'node:crypto'
import type { z } from 'zod'
import { KanpekiError } from '../../kernel/error.ts'
import type { JsonObject } from '../../kernel/json.ts'
import type { Caller } from '../../platform/http/route.ts'
import type { Sealer } from '../../platform/secrets/sealer.ts'
import { flag, jsonText, readJson } from '../../platform/state/columns.ts'
import { recordEvidence } from '../../platform/state/outbox.ts'
import { connectionContext } from './connections.ts'
import {
  type ConnectionDb,
  changeConnection,
  connectionById,
  connectionByName,
  deleteConnection,
  insertConnection,
} from './queries.ts'
import {
  CONNECTION_KINDS,
  type ConnectionChange,
  type ConnectionKind,
  type ConnectionTest,
  type NewConnection,
} from './schema.ts'
import type { ConnectionsTable } from './tables.ts'

type Who = Pick<Caller, 'id' | 'name' | 'scope' | 'permissions'>
type Values = Readonly<Record<string, string>>

/** @throws KanpekiError `invalid_input`, `conflict`, `forbidden` where it reaches into this host. */
export async function createConnection(
  db: ConnectionDb,
  asked: NewConnection,
  sealer: Sealer,
  by: Who,
  now: number,
): Promise<ConnectionsTable> {
  refuseLocal(asked.kind, by)
  if ((await connectionByName(db, asked.name)) !== undefined)
    throw new KanpekiError('conflict', `There is a connection ${asked.name} already.`, { remedy: 'Choose another name.' })
  const id = randomUUID()
  const settings = checked(asked.kind, 'settings', asked.settings)
  const secrets = checked(asked.kind, 'secrets', asked.secrets)
  const row: ConnectionsTable = {
    id,
    scope: by.scope,
    name: asked.name,
    kind: asked.kind,
    settings: jsonText(settings),
    ...sealedFields(id, secrets, sealer),
    enabled: 1,
    by_name: by.name,
    created: now,
    updated: now,
  }
  await insertConnection(db, row)
  await tell(db, 'connection.create', row, by, now, { after: { ...settings } })
  return row
}

/**
 * Secrets stay where the address does; another address needs them anew, so that nobody can have a stored secret sent elsewhere.
 * @throws KanpekiError `not_found`, `invalid_input`, `forbidden`.
 */
export async function alterConnection(
  db: ConnectionDb,
  id: string,
  asked: ConnectionChange,
  sealer: Sealer,
  by: Who,
  now: number,
): Promise<ConnectionsTable> {
  const row = await known(db, id)
  refuseLocal(row.kind, by)
  const before = readJson<Values>(row.settings)
  const settings = asked.settings === undefined ? before : checked(row.kind, 'settings', asked.settings)
  const given = asked.secrets !== undefined && Object.keys(asked.secrets).length > 0
  if (!given && row.secret !== null && jsonText(settings) !== jsonText(before))
    throw new KanpekiError('invalid_input', 'Changed settings need the secrets again.', {
      remedy: 'Enter them once more: a stored secret is sent nowhere but where it was meant for.',
    })
  const fields = given ? sealedFields(id, checked(row.kind, 'secrets', asked.secrets ?? {}), sealer) : {}
  const change = {
    settings: jsonText(settings),
    ...fields,
    ...(asked.enabled === undefined ? {} : { enabled: flag(asked.enabled) }),
    updated: now,
  }
  await changeConnection(db, id, change)
  const after = { ...row, ...change }
  await tell(db, 'connection.change', row, by, now, {
    before: { ...before, enabled: row.enabled === 1 },
    after: { ...settings, enabled: after.enabled === 1, ...(given ? { secrets: 'new' } : {}) },
  })
  return after
}

export async function removeConnection(db: ConnectionDb, id: string, by: Who, now: number): Promise<void> {
  const row = await known(db, id)
  refuseLocal(row.kind, by)
  await deleteConnection(db, id)
  await tell(db, 'connection.delete', row, by, now, {})
}

/** That somebody used its secrets to find out whether it works, and what came of it. @throws KanpekiError `forbidden`. */
export async function recordTest(
  db: ConnectionDb,
  row: ConnectionsTable,
  { works, told, problem }: ConnectionTest,
  by: Who,
  now: number,
): Promise<void> {
  await tell(db, 'connection.test', row, by, now, { works, told, ...(problem === null ? {} : { code: problem.code }) })
}

/** @throws KanpekiError `forbidden` for what reaches into this host, unless it is an administrator of the installation who asks. */
export function refuseLocal(kind: ConnectionKind, by: Who): void {
  if (!CONNECTION_KINDS[kind].local || by.permissions.has('installation')) return
  throw new KanpekiError('forbidden', 'This reaches into the host that Kanpeki runs on.', {
    remedy: 'Ask an administrator of the installation to set it up.',
  })
}

/** As the kind wants it, its defaults filled in. */
function checked(kind: ConnectionKind, part: 'settings' | 'secrets', values: Values): Values {
  const parsed = (CONNECTION_KINDS[kind][part] as z.ZodType<Values>).safeParse(values)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new KanpekiError('invalid_input', `${issue?.message ?? 'A value is wrong'}.`.replace(/\.\.$/, '.'), {
    place: { field: [part, ...(issue?.path ?? [])].join('.') },
  })
}

function sealedFields(id: string, secrets: Values, sealer: Sealer): Pick<ConnectionsTable, 'secret' | 'sealed'> {
  const names = Object.keys(secrets)
  return {
    secret: names.length === 0 ? null : sealer.seal(jsonText(secrets), connectionContext(id)),
    sealed: jsonText(names),
  }
}

async function known(db: ConnectionDb, id: string): Promise<ConnectionsTable> {
  const row = await connectionById(db, id)
  if (row === undefined) throw new KanpekiError('not_found', 'There is no such connection.')
  return row
}

async function tell(
  db: ConnectionDb,
  action: string,
  row: ConnectionsTable,
  by: Who,
  now: number,
  more: JsonObject,
): Promise<void> {
  const body: JsonObject = {
    action,
    by: { id: by.id, name: by.name },
    name: row.name,
    kind: row.kind,
    connection: row.id,
    ...more,
  }
  await recordEvidence(db, [{ type: 'admin', scope: by.scope, observed: now, received: now, body }], { now: () => now })
}
