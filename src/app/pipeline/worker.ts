/** The writer thread: parsing, the lake's commit, rules and the state transaction, away from the loop that serves people. */
import { setTimeout as pause } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import type { Kysely } from 'kysely'
import { BEHAVIOUR_RULES } from '../../detect/engines/behaviour/rules.ts'
import { openIndicators } from '../../detect/ioc/live-index.ts'
import { INDICATOR_RULES } from '../../detect/ioc/rules.ts'
import { openQuarantine } from '../../detect/quarantine/quarantine.ts'
import type { QuarantineTables } from '../../detect/quarantine/tables.ts'
import { loadRuleSet } from '../../detect/rule-set.ts'
import { hostMatches } from '../../detect/yara/host-matches.ts'
import { systemClock } from '../../kernel/clock.ts'
import { KanpekiError, messageOf } from '../../kernel/error.ts'
import { connectLake } from '../../platform/lake/connect.ts'
import { standBack } from '../../platform/stand-back.ts'
import { openState } from '../../platform/state/state.ts'
import { migrations } from '../migrations.ts'
import { repeatEvery } from '../repeat.ts'
import { openKnown } from './known.ts'
import type { FromWorker, PipelineStatus, Replies, Request, ToWorker, WireError, WorkerSettings } from './messages.ts'
import { rulesOf } from './rules.ts'
import { startStages } from './stages.ts'
import { takeBody } from './take-body.ts'

/** Consequences that cannot be committed do not hold up the end: the lake has their events, and the next start reads them back. */
const STOP_GRACE_MS = 20_000
/** What is known of hosts is written this often; after a crash the rest is read from the lake. */
const FLUSH_EVERY_MS = 10_000
const REFRESH_EVERY_MS = 60_000
const FORGET_RETRY_MS = 200

standBack()
const port = parentPort
if (port === null) throw new Error('pipeline/worker runs as a worker thread')
const settings = workerData as WorkerSettings
const send = (message: FromWorker): void => port.postMessage(message)

const state = await openState(settings.state, migrations)
const lake = await connectLake(settings.lake, { sealed: settings.sealed })
const rules = loadRuleSet(
  settings.rules,
  (file) => {
    const root = settings.roots.find((one) => file.startsWith(one))
    return root === undefined ? file : file.slice(root.length)
  },
  settings.pipelines,
)
const loaded = [...rules.rules, ...INDICATOR_RULES, ...Object.values(BEHAVIOUR_RULES)]
const quarantine = await openQuarantine(state, rules)
const known = await openKnown(state, settings)
const indicators = await openIndicators(state)
const { writer, detector, watch, behaviour, roots, clock } = await startStages({
  state,
  lake,
  clock: systemClock,
  writer: settings.writer,
  rules: rulesOf(rules, (event) => [...rules.foundOnHost(event), ...hostMatches(event), ...indicators.compare(event)]),
  known,
  zoneMinutes: settings.zoneMinutes,
  recordQuarantined: (trx, found, now) => quarantine.record(trx as unknown as Kysely<QuarantineTables>, found, now),
  progressed: ({ quarantined, ...what }) => {
    send({ kind: 'progressed', ...what })
    if (quarantined > 0) send({ kind: 'rules', rules: ruleStatus() })
  },
  failed: (error) => send({ kind: 'trouble', error: wireError(error) }),
})

let flushAt = 0
const flushWatch = async (): Promise<void> => {
  // Looked at while nothing comes in, too: an hour may be sealed meanwhile, and nothing may be received in it any more.
  clock.now()
  if (performance.now() < flushAt) return
  const started = performance.now()
  await watch.flush((work) => state.transaction(work), systemClock.now())
  await behaviour.flush((work) => state.transaction(work))
  // A twentieth of the time at most, however many hosts there are.
  flushAt = performance.now() + 20 * (performance.now() - started)
}
const flushing = repeatEvery(FLUSH_EVERY_MS, flushWatch, (error) => send({ kind: 'trouble', error: wireError(error) }))

// Geo databases are files that change, and people come and go without telling the writer.
const refreshing = repeatEvery(
  REFRESH_EVERY_MS,
  async () => {
    tellOfGeo(await known.refresh())
    await indicators.refresh()
  },
  (error) => send({ kind: 'trouble', error: wireError(error) }),
)

const handlers: { readonly [K in Request['kind']]: (request: Extract<Request, { kind: K }>) => Promise<Replies[K]> } = {
  body: ({ body }) => takeBody(writer, body),
  batch: async ({ batch }) => {
    const { outcomes: _outcomes, ...result } = await writer.submit({
      ...batch,
      request: '',
      mayRepeat: () => true,
      refused: 0,
    })
    return result
  },
  status: async () => ({
    waitingEvents: detector.waiting(),
    catchingUp: detector.catchingUp(),
    rules: ruleStatus(),
    correlations: rules.correlationStats(),
  }),
  'host-rules': async () => rules.forHosts(),
  known: async () => {
    tellOfGeo(await known.refresh())
    await indicators.refresh()
    return null
  },
  release: async ({ rule, by }) => {
    const released = await quarantine.release(rule, by, clock.now())
    if (released) send({ kind: 'rules', rules: ruleStatus() })
    return released
  },
  forget: async ({ scope, names, texts }) => {
    behaviour.forget(scope, (name) => names.includes(name) || texts.some((text) => name.includes(text)))
    while (!behaviour.keep()) await pause(FORGET_RETRY_MS)
    await behaviour.flush((work) => state.transaction(work))
    return null
  },
  settled: async () => {
    await settled()
    return null
  },
  stop: async () => {
    lake.endPatience(STOP_GRACE_MS)
    await Promise.race([settled(), pause(STOP_GRACE_MS, undefined, { ref: false })])
    detector.stop()
    await Promise.all([flushing.stop(), refreshing.stop()])
    flushAt = 0
    behaviour.keep()
    await Promise.race([flushWatch().catch(() => {}), pause(STOP_GRACE_MS, undefined, { ref: false })])
    return null
  },
}

/** What is evaluated: a rule in quarantine is refused, and correlations that stand on it count for nothing. */
function ruleStatus(): PipelineStatus['rules'] {
  const silent = quarantine.silent()
  return {
    loaded: silent.size === 0 ? loaded : loaded.filter(({ id }) => !silent.has(id)),
    refused: [...quarantine.refusals(), ...rules.refused],
    silent: loaded.filter(({ id }) => silent.has(id)),
  }
}

function tellOfGeo(failed: readonly string[]): void {
  for (const reason of failed) {
    const error = new KanpekiError('geoip_unreadable', `A geo database cannot be read and stays as it was: ${reason}.`)
    send({ kind: 'trouble', error: wireError(error) })
  }
}

async function settled(): Promise<void> {
  await writer.settled()
  await detector.idle()
}

port.on('message', async ({ id, request }: ToWorker) => {
  try {
    const handle = handlers[request.kind] as (request: Request) => Promise<Replies[Request['kind']]>
    send({ kind: 'reply', id, value: await handle(request) })
  } catch (error) {
    send({ kind: 'error', id, error: wireError(error) })
  }
  if (request.kind !== 'stop') return
  await roots.stop()
  await lake.close()
  await state.close()
  port.close()
})
send({ kind: 'ready' })

function wireError(error: unknown): WireError {
  if (!(error instanceof KanpekiError)) return { code: 'internal', message: messageOf(error) }
  const { code, message, remedy, place } = error
  return { code, message, ...(remedy === undefined ? {} : { remedy }), ...(place === undefined ? {} : { place }) }
}
