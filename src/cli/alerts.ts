import { alertDetail } from '../detect/alerts-detail.ts'
import { alertQueue } from '../detect/alerts-queue.ts'
import { type AlertDetail, type QueueResponse, queueQuery, VERDICTS, type Verdict, verdictBody } from '../detect/schema.ts'
import type { DetectTables } from '../detect/tables.ts'
import { giveVerdict } from '../detect/verdicts.ts'
import { KanpekiError } from '../kernel/error.ts'
import { DEFAULT_SCOPE } from '../kernel/event.ts'
import { scopedTo } from '../platform/state/scope.ts'
import { ledgerPlaces } from '../prove/queries.ts'
import type { ProveTables } from '../prove/tables.ts'
import { alertLines, queueLines } from './alerts-output.ts'
import { command } from './command.ts'
import { type Language, languageOf } from './language.ts'
import { localServer } from './local-server.ts'
import { EXIT, SERVER_OPTIONS, takesAtMost } from './options.ts'
import { checkScopeExists, withState } from './own-state.ts'
import { callApi } from './remote.ts'
import type { ServerRef } from './request.ts'
import type { ScopedServerOptions } from './server-of.ts'

const USAGE = `Usage: kanpeki alerts list  [--state open|closed|all] [--severity 1,2] [--q WORDS] [--limit N]
       kanpeki alerts show  ID
       kanpeki alerts close ID… --verdict true|expected|false [--note TEXT] [--quiet HOURS]
                            [--json] [--lang en|ja] [--scope NAME] [--data DIR | --url URL --token TOKEN [--ca FILE]]

  list   the queue: one entity and its story a line, gravest first, with the alerts below
  show   why one fired, what it weighs, who did what about it
  close  judges alerts; all or none. An id may be cut short as long as it names one alert only.

  --quiet HOURS  what the same rule finds about the same entity is only counted for so long (at most 168)
  --json         list: one JSON document a line and story; show, close: one document`

/** The queue shows at most this many stories at once. */
const MOST = 200
const WHO = { id: 'command line', name: 'command line' }
const TERMINAL_WIDTH = 120

interface Asked {
  readonly state: string
  readonly severity?: string | undefined
  readonly q?: string | undefined
  readonly limit: number
}

/** The alerts of a server, or of a folder that no server runs on. */
interface Alerts {
  queue(asked: Asked): Promise<QueueResponse>
  one(id: string): Promise<AlertDetail>
  judge(ids: readonly string[], verdict: Verdict, note: string, quietHours: number): Promise<void>
}

function remoteAlerts(server: ServerRef, token: string | undefined, scope: string): Alerts {
  return {
    queue: ({ state, severity, q, limit }) => {
      const query = new URLSearchParams({ state, limit: String(limit), ...(severity ? { severity } : {}), ...(q ? { q } : {}) })
      return callApi<QueueResponse>(server, token, 'GET', `/api/v1/alerts?${query}`, undefined, scope)
    },
    one: (id) => callApi<AlertDetail>(server, token, 'GET', `/api/v1/alerts/${encodeURIComponent(id)}`, undefined, scope),
    async judge(ids, verdict, note, quietHours) {
      await callApi(server, token, 'POST', '/api/v1/alerts/verdict', { ids, verdict, note, quietHours }, scope)
    },
  }
}

/** Works on the state alone: what the lake would tell (the entity's timeline) is left out. */
async function withAlerts<T>(values: ScopedServerOptions, work: (alerts: Alerts) => Promise<T>): Promise<T> {
  const { data, url, ca, token, scope } = values
  if (url !== undefined) return await work(remoteAlerts({ url, ca }, token, scope))
  const running = await localServer(data, 'admin', 'kanpeki alerts')
  if (running !== undefined) return await work(remoteAlerts(running, running.token, scope))
  return await withState(data, async (state) => {
    await checkScopeExists(state, scope)
    const db = state.scoped<DetectTables>(scope)
    return await work({
      queue: (asked) => alertQueue(db, queueQuery.parse(asked), WHO.name, Date.now()),
      one: (id) =>
        alertDetail(
          db,
          id,
          {
            entityTimeline: async () => {
              throw new KanpekiError('not_running', 'No server runs on this folder.')
            },
            ledgerIndexes: (outbox) => ledgerPlaces(state.tables<ProveTables>(), outbox),
          },
          Date.now(),
        ),
      async judge(ids, verdict, note, quietHours) {
        await state.transaction<never, unknown>((trx) =>
          giveVerdict(scopedTo(trx, scope), ids, verdict, note, WHO, Date.now(), quietHours),
        )
      },
    })
  })
}

export function alertsCommand(args: readonly string[]): Promise<number> {
  return command(
    args,
    USAGE,
    {
      ...SERVER_OPTIONS,
      scope: { type: 'string', default: DEFAULT_SCOPE },
      state: { type: 'string', default: 'open' },
      severity: { type: 'string' },
      q: { type: 'string' },
      limit: { type: 'string', default: '50' },
      verdict: { type: 'string' },
      note: { type: 'string', default: '' },
      quiet: { type: 'string', default: '0' },
      lang: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
    async ({ values, positionals }) => {
      const language = languageOf(values.lang)
      const [action, ...ids] = positionals
      switch (action) {
        case 'list':
          takesAtMost(0, ids, USAGE)
          return await list(values, values.json, language)
        case 'show':
          return await show(values, ids, values.json, language)
        case 'close':
          return await close(values, ids, values.json)
        default:
          throw usage(action === undefined ? 'What shall be done?' : `There is no 'alerts ${action}'.`)
      }
    },
  )
}

async function list(
  values: ScopedServerOptions & {
    readonly state: string
    readonly severity?: string
    readonly q?: string
    readonly limit: string
  },
  json: boolean,
  language: Language,
): Promise<number> {
  const limit = Number(values.limit)
  if (!Number.isInteger(limit) || limit < 1 || limit > MOST) throw usage(`--limit must be from 1 to ${MOST}.`)
  const { state, severity, q } = values
  const asked = queueQuery.safeParse({ state, severity, q, limit })
  if (!asked.success) throw usage('--state is open, closed or all; --severity is a list such as 1,2.')
  const found = await withAlerts(values, (alerts) => alerts.queue({ state, severity, q, limit }))
  if (json) for (const group of found.groups) process.stdout.write(`${JSON.stringify(group)}\n`)
  else process.stdout.write(queueLines(found, language, process.stdout.columns ?? TERMINAL_WIDTH, Date.now()))
  return EXIT.ok
}

async function show(values: ScopedServerOptions, ids: readonly string[], json: boolean, language: Language): Promise<number> {
  if (ids.length !== 1) throw usage('Which alert? Give one id.')
  const alert = await withAlerts(values, async (alerts) => await alerts.one(await wholeId(alerts, ids[0]!)))
  process.stdout.write(json ? `${JSON.stringify(alert)}\n` : alertLines(alert, language))
  return EXIT.ok
}

async function close(
  values: ScopedServerOptions & { readonly verdict?: string; readonly note: string; readonly quiet: string },
  ids: readonly string[],
  json: boolean,
): Promise<number> {
  if (ids.length === 0) throw usage('Which alerts? Give their ids.')
  const closing = VERDICTS.filter((one) => one !== 'escalated')
  const verdict = closing.find((one) => one === values.verdict)
  if (verdict === undefined) throw usage(`--verdict is one of ${closing.join(', ')}.`)
  const body = verdictBody.safeParse({ verdict, note: values.note, quietHours: Number(values.quiet) })
  if (!body.success) throw usage('--quiet is a number of hours up to 168, and a note has at most 2000 signs.')
  const closed = await withAlerts(values, async (alerts) => {
    const whole = await Promise.all(ids.map((id) => wholeId(alerts, id)))
    await alerts.judge(whole, verdict, body.data.note, body.data.quietHours)
    return whole
  })
  process.stdout.write(json ? `${JSON.stringify({ closed, verdict })}\n` : `${closed.length} closed as ${verdict}.\n`)
  return EXIT.ok
}

const WHOLE_ID = /^[0-9a-f]{32}$/

/** Ids are long; what begins one of the latest alerts only will do. @throws KanpekiError `not_found`, `usage`. */
async function wholeId(alerts: Alerts, given: string): Promise<string> {
  if (WHOLE_ID.test(given) || given.length < 4) return given
  const { groups } = await alerts.queue({ state: 'all', limit: MOST })
  const found = [...new Set(groups.flatMap((group) => group.alerts.map(({ id }) => id)))].filter((id) => id.startsWith(given))
  if (found.length === 1) return found[0]!
  if (found.length > 1) throw usage(`${given} begins ${found.length} ids: ${found.map((id) => id.slice(0, 12)).join(', ')}.`)
  throw new KanpekiError('not_found', `None of the latest alerts begins with ${given}.`, { remedy: 'Give its whole id.' })
}

function usage(message: string): KanpekiError {
  return new KanpekiError('usage', message, { remedy: `\n${USAGE}` })
}
