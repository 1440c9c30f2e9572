import { join } from 'node:path'
import { assignmentsOf, findAccountByName } from '../access/queries.ts'
import { rolesIn } from '../access/roles.ts'
import { countSessions, endSessions } from '../access/sessions/queries.ts'
import type { AccessTables } from '../access/tables.ts'
import { openGeo } from '../collect/enrich/geo.ts'
import { type StoredDetail, summaryOf } from '../detect/alerts-view.ts'
import { indicatorsLike } from '../detect/ioc/queries.ts'
import type { IocTables } from '../detect/ioc/tables.ts'
import { sendMail } from '../detect/notify/mail.ts'
import { storedMailServer } from '../detect/notify/queries.ts'
import { mailRouteOf } from '../detect/notify/secrets.ts'
import type { NotifyTables } from '../detect/notify/tables.ts'
import { alertById } from '../detect/queries.ts'
import type { DetectTables } from '../detect/tables.ts'
import type { Action } from '../kernel/action.ts'
import type { AgentCommands } from '../kernel/agent-command.ts'
import { KanpekiError } from '../kernel/error.ts'
import type { JsonObject } from '../kernel/json.ts'
import { readJson } from '../platform/state/columns.ts'
import { recordEvidence } from '../platform/state/outbox.ts'
import type { Custody } from '../prove/custody/custody.ts'
import { artefactsOf } from '../prove/custody/queries.ts'
import type { ProveTables } from '../prove/tables.ts'
import { actions } from '../respond/actions/registry.ts'
import type { ActionDeps } from '../respond/actions-support/deps.ts'
import { probe } from '../respond/actions-support/probe.ts'
import { createConnections } from '../respond/connections/connections.ts'
import type { ConnectionDeps } from '../respond/connections/routes.ts'
import type { Services } from './services.ts'
import { sessionPolicy } from './sign-in-deps.ts'

/** Where lists for `kanpeki waf --deny-list` lie, below the data folder. */
const WAF_FOLDER = 'waf-denied'
/** Two artefacts of one step would need so many others of the same alert between them. */
const MOST_ARTEFACTS = 200

/** Every response action, wired to what other rooms keep. */
export function responseActions(
  services: Services,
  { agents, custody }: { readonly agents: AgentCommands; readonly custody: Custody },
): ReadonlyMap<string, Action> {
  const { outgoing, dir } = services
  return actions({
    connections: createConnections(services),
    outgoing,
    wafFolder: join(dir.root, WAF_FOLDER),
    agents,
    mail: mailer(services),
    sessions: sessionKeeper(services),
    evidence: evidenceKeeper(services, custody),
    known: knownFacts(services),
  })
}

/** Finds out whether a connection works. */
export function connectionProbe(services: Services): ConnectionDeps['probe'] {
  const { outgoing, dir } = services
  const deps = {
    connections: createConnections(services),
    outgoing,
    wafFolder: join(dir.root, WAF_FOLDER),
    mail: mailer(services),
  }
  return async (scope, connection, signal) => await probe(deps, scope, connection, signal)
}

function mailer({ state, sealer, outgoing }: Services): NonNullable<ActionDeps['mail']> {
  return async ({ to, subject, text }, id) => {
    const server = await storedMailServer(state.tables<NotifyTables>())
    if (server === undefined)
      throw new KanpekiError('no_connection', 'No mail server is set up.', { remedy: 'Set one up under Settings.' })
    await sendMail(outgoing, mailRouteOf(server, sealer), to, id, { subject, text })
  }
}

function sessionKeeper({ state, clock, config, drainer }: Services): NonNullable<ActionDeps['sessions']> {
  const known = async (db: ReturnType<typeof state.tables<AccessTables>>, scope: string, name: string) => {
    const account = await findAccountByName(db, name)
    if (account === undefined) return undefined
    return rolesIn(await assignmentsOf(db, account.id), scope).length === 0 ? undefined : account
  }
  return {
    async count(scope, name) {
      const db = state.tables<AccessTables>()
      const account = await known(db, scope, name)
      if (account === undefined) return undefined
      const now = clock.now()
      return (await countSessions(db, now, now - sessionPolicy(config).idleMs)).get(account.id) ?? 0
    },
    async end(scope, name, by) {
      const ended = await state.transaction<AccessTables, number | undefined>(async (trx) => {
        const account = await known(trx, scope, name)
        if (account === undefined) return undefined
        const count = await endSessions(trx, account.id, undefined)
        const now = clock.now()
        const body: JsonObject = {
          action: 'session.end',
          by: { id: 'kanpeki', name: by },
          target: account.name,
          account: account.id,
          ended: count,
        }
        if (count > 0) await recordEvidence(trx, [{ type: 'admin', scope, observed: now, received: now, body }], clock)
        return count
      })
      drainer.poke()
      return ended
    },
  }
}

function evidenceKeeper({ state, lake }: Services, custody: Custody): NonNullable<ActionDeps['evidence']> {
  const alertOf = async (scope: string, id: string) => await alertById(state.scoped<DetectTables>(scope), id)
  return {
    async look(scope, id) {
      const row = await alertOf(scope, id)
      return row === undefined ? undefined : { events: readJson<StoredDetail>(row.detail).eventIds.length }
    },
    async keep(scope, id, name, by) {
      const row = await alertOf(scope, id)
      if (row === undefined) throw new KanpekiError('not_found', `There is no alert ${id}.`)
      const { eventIds } = readJson<StoredDetail>(row.detail)
      const events = await lake.getMany(scope, [...eventIds])
      const lines = [{ alert: summaryOf(row) }, ...events.map(({ doc }) => doc)]
      const about = {
        name,
        kind: 'report' as const,
        source: by,
        alert: id,
        note: `${events.length} of ${eventIds.length} events`,
      }
      const source = (async function* () {
        for (const line of lines) yield Buffer.from(`${JSON.stringify(line)}\n`)
      })()
      return await custody.add({ id: 'kanpeki', name: by, scope }, about, source)
    },
    async find(scope, name) {
      const rows = await artefactsOf(state.tables<ProveTables>(), { scope, kind: 'report', limit: MOST_ARTEFACTS })
      return rows.find((row) => row.name === name)
    },
  }
}

function knownFacts({ state, clock, config }: Services): NonNullable<ActionDeps['known']> {
  let geo: ReturnType<typeof openGeo> | null = null
  return {
    async indicators(scope, value) {
      const rows = await indicatorsLike(state.scoped<IocTables>(scope), { q: value, limit: 100 })
      const now = clock.now()
      return rows
        .filter((row) => row.value === value && (row.until === null || row.until > now))
        .map(({ list_id: list, kind, confidence, note }) => ({ list, kind, confidence, note }))
    },
    place(address) {
      // Opened by whoever asks first: databases are large, and few ask.
      if (geo === null) geo = openGeo(config.values.geoip)
      return geo?.placeOf(address) as JsonObject | undefined
    },
  }
}
