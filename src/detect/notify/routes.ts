import type { Clock } from '../../kernel/clock.ts'
import { type Caller, type Route, route } from '../../platform/http/route.ts'
import type { Outgoing } from '../../platform/outgoing/outgoing.ts'
import type { Sealer } from '../../platform/secrets/sealer.ts'
import { keptError } from '../../platform/state/kept-error.ts'
import { scopedTo } from '../../platform/state/scope.ts'
import type { State } from '../../platform/state/state.ts'
import { orNull, rfc3339 } from '../alerts-view.ts'
import { channels, deliveryCounts, type NotifyDb, storedMailServer } from './queries.ts'
import { refuseUnsafe } from './refuse-unsafe.ts'
import {
  type ChannelView,
  channelChange,
  channelList,
  channelParams,
  channelView,
  mailServer,
  mailServerView,
  newChannel,
  newChannelReply,
} from './schema.ts'
import { shownOf } from './secrets.ts'
import type { ChannelsTable, NotifyTables } from './tables.ts'
import {
  alterChannel,
  createChannel,
  removeChannel,
  renewSecret,
  retryChannel,
  sendTest,
  setMailServer,
  unsetMailServer,
} from './write.ts'

export interface NotifyDeps {
  readonly state: State
  readonly clock: Clock
  readonly sealer: Sealer
  readonly outgoing: Pick<Outgoing, 'addressesOf'>
  /** There may be something to send, and something to write into the ledger. */
  readonly changed: () => void
}

/** Whom alerts are told, and how mail goes out. */
export function notifyRoutes(deps: NotifyDeps): Route[] {
  const { state, clock, sealer } = deps
  const db = (caller: Caller): NotifyDb => state.scoped<NotifyTables>(caller.scope)
  const write = async <T>(caller: Caller, work: (trx: NotifyDb, now: number) => Promise<T>): Promise<T> => {
    const done = await state.transaction<NotifyTables, T>((trx) => work(scopedTo(trx, caller.scope), clock.now()))
    deps.changed()
    return done
  }
  /** The mail server is the installation's, whatever scope the caller works in. */
  const writeAnywhere = async (work: (trx: NotifyDb, now: number) => Promise<void>): Promise<void> => {
    await state.transaction<NotifyTables, void>((trx) => work(trx, clock.now()))
    deps.changed()
  }
  const views = async (caller: Caller, rows: readonly ChannelsTable[]): Promise<ChannelView[]> => {
    const counts = await deliveryCounts(db(caller))
    return rows.map((row) => viewOf(row, counts))
  }
  const one = async (caller: Caller, row: ChannelsTable): Promise<ChannelView> => (await views(caller, [row]))[0]!
  return [
    route({
      method: 'GET',
      path: '/api/v1/channels',
      permission: 'alerts:read',
      summary: 'Whom alerts are told, and whether it arrives',
      response: channelList,
      handle: async ({ caller }) => ({
        channels: await views(caller, await channels(db(caller))),
        mail: (await storedMailServer(state.tables<NotifyTables>())) !== undefined,
      }),
    }),
    route({
      method: 'POST',
      path: '/api/v1/channels',
      permission: 'sources:write',
      summary: 'Have alerts told by mail or by a signed webhook',
      body: newChannel,
      response: newChannelReply,
      handle: async ({ body, caller }) => {
        if (body.target.kind === 'webhook') await refuseUnsafe(deps.outgoing, body.target.url)
        const { row, secret } = await write(caller, (trx, now) => createChannel(trx, body, sealer, caller, now))
        return { channel: await one(caller, row), secret }
      },
    }),
    route({
      method: 'PATCH',
      path: '/api/v1/channels/:id',
      permission: 'sources:write',
      summary: 'Change whom and of what is told, or stop it for a while',
      params: channelParams,
      body: channelChange,
      response: channelView,
      handle: async ({ params, body, caller }) =>
        await one(caller, await write(caller, (trx, now) => alterChannel(trx, params.id, body, caller, now))),
    }),
    route({
      method: 'DELETE',
      path: '/api/v1/channels/:id',
      permission: 'sources:write',
      summary: 'Tell nobody there any more; what waits for them goes too',
      params: channelParams,
      handle: ({ params, caller }) => write(caller, (trx, now) => removeChannel(trx, params.id, caller, now)),
    }),
    route({
      method: 'POST',
      path: '/api/v1/channels/:id/test',
      permission: 'sources:write',
      summary: 'Send a test message',
      params: channelParams,
      response: channelView,
      handle: async ({ params, caller }) =>
        await one(caller, await write(caller, (trx, now) => sendTest(trx, params.id, caller, now))),
    }),
    route({
      method: 'POST',
      path: '/api/v1/channels/:id/retry',
      permission: 'sources:write',
      summary: 'Try what waits or was given up at once',
      params: channelParams,
      response: channelView,
      handle: async ({ params, caller }) =>
        await one(caller, await write(caller, (trx, now) => retryChannel(trx, params.id, caller, now))),
    }),
    route({
      method: 'POST',
      path: '/api/v1/channels/:id/secret',
      permission: 'sources:write',
      summary: 'Give a webhook another signing secret, shown once',
      params: channelParams,
      response: newChannelReply,
      handle: async ({ params, caller }) => {
        const { row, secret } = await write(caller, (trx, now) => renewSecret(trx, params.id, sealer, caller, now))
        return { channel: await one(caller, row), secret }
      },
    }),
    route({
      method: 'GET',
      path: '/api/v1/mail-server',
      permission: 'installation',
      summary: 'How mail goes out',
      response: mailServerView,
      handle: async () => await mailView(state.tables<NotifyTables>()),
    }),
    route({
      method: 'PUT',
      path: '/api/v1/mail-server',
      permission: 'installation',
      summary: 'Set how mail goes out',
      body: mailServer,
      response: mailServerView,
      handle: async ({ body, caller }) => {
        await deps.outgoing.addressesOf(body.host)
        await writeAnywhere((trx, now) => setMailServer(trx, body, sealer, caller, now))
        return await mailView(state.tables<NotifyTables>())
      },
    }),
    route({
      method: 'DELETE',
      path: '/api/v1/mail-server',
      permission: 'installation',
      summary: 'Send no mail any more',
      handle: ({ caller }) => writeAnywhere((trx, now) => unsetMailServer(trx, caller, now)),
    }),
  ]
}

async function mailView(db: NotifyDb) {
  const row = await storedMailServer(db)
  if (row === undefined) return { server: null }
  const { host, port, security, user, sender, secret } = row
  return { server: { host, port, security, user, sender, password: secret !== null } }
}

function viewOf(row: ChannelsTable, counts: Awaited<ReturnType<typeof deliveryCounts>>): ChannelView {
  const of = (state: string) => counts.find((one) => one.channel_id === row.id && one.state === state)
  const { to = [], language = 'en', host = null } = shownOf(row)
  return {
    id: row.id,
    name: row.name,
    kind: row.kind,
    to: [...to],
    language,
    host,
    severity: row.severity,
    enabled: row.enabled === 1,
    createdBy: row.by_name,
    createdAt: rfc3339(row.created),
    waiting: of('waiting')?.n ?? 0,
    waitingSince: orNull(of('waiting')?.first),
    failed: of('failed')?.n ?? 0,
    lastSent: orNull(row.last_sent),
    ...keptError(row.error),
  }
}
