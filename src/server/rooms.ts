import { type Authority, openAuthority } from '../access/machines/authority.ts'
import type { AccessTables } from '../access/tables.ts'
import { type Assessing, startAssessing } from '../app/assessing.ts'
import { type Collecting, createCollecting } from '../app/collecting.ts'
import { type Declaring, startDeclaring } from '../app/declaring.ts'
import { type Hosting, startHosting } from '../app/hosting.ts'
import { type Indicators, startIndicators } from '../app/indicators.ts'
import { type KeptArtefacts, keepArtefacts } from '../app/keeping-artefacts.ts'
import { startMissing } from '../app/missing.ts'
import { type Notifying, startNotifying } from '../app/notifying.ts'
import { CONTENT, cardFolders, scenarioFolders, sourceFiles } from '../app/places.ts'
import { type Reads, startReads } from '../app/reads/reads.ts'
import type { Repeating } from '../app/repeat.ts'
import { type RepeatedWrites, startRepeatedWrites } from '../app/repeated-writes/repeated-writes.ts'
import { type Responding, startResponding } from '../app/responding.ts'
import { startReviewing } from '../app/reviewing.ts'
import { type Selftest, startSelftest } from '../app/selftest.ts'
import { type Services, startServices, WRITER } from '../app/services.ts'
import { sourceTls } from '../app/source-tls.ts'
import { startReviewMailing } from '../app/weekly/mailing.ts'
import { weeklyDeps } from '../app/weekly/wire.ts'
import { startYaraBodies, type YaraBodies } from '../app/yara-bodies.ts'
import { loadScenarios, type Scenarios } from '../detect/scenarios/load.ts'
import type { Config } from '../platform/config.ts'
import type { Log } from '../platform/log.ts'
import type { ServerTls } from '../platform/tls/server-tls.ts'
import type { Live } from './live.ts'
import { openOwnTls } from './own-tls.ts'
import { recorder } from './recorder.ts'

/** All that runs behind the doors. */
export interface Rooms {
  readonly services: Services
  /** Our certificate, where a door speaks TLS. */
  readonly tls: ServerTls | undefined
  readonly authority: Authority
  readonly scenarios: Scenarios
  readonly collecting: Collecting
  readonly declaring: Declaring
  readonly assessing: Assessing
  readonly notifying: Notifying
  readonly reads: Reads
  readonly repeatedWrites: RepeatedWrites
  readonly reviewing: Repeating
  readonly weekly: Repeating
  readonly missing: Repeating
  readonly indicators: Indicators
  readonly yara: YaraBodies
  readonly artefacts: KeptArtefacts
  readonly hosting: Hosting
  readonly responding: Responding
  readonly selftest: Selftest
}

export interface RoomOptions {
  /** Folders of cards instead of our own and the user's. */
  readonly cards: readonly string[] | undefined
  readonly live: Live
  /** Where we are reached, once the doors are open. */
  readonly url: () => string
}

/** First what acts by itself, then what takes in, at last what all of them stand on. */
const STOPPED = [
  'weekly',
  'reviewing',
  'missing',
  'indicators',
  'hosting',
  'artefacts',
  'yara',
  'responding',
  'notifying',
  'reads',
  'repeatedWrites',
  'selftest',
  'collecting',
  'assessing',
  'declaring',
  'services',
] as const satisfies readonly (keyof Rooms)[]

/** Starts every room, each with what it needs of the others. If one fails, those already started are stopped before the error goes on. */
export async function startRooms(config: Config, log: Log, { cards, live, url }: RoomOptions): Promise<Rooms> {
  const started: { -readonly [K in keyof Rooms]?: Rooms[K] } = {}
  try {
    const services = await startServices(config, log, {
      progressed: ({ alerts }) => {
        live.publish('sources')
        live.publish('ledger')
        started.declaring?.poke()
        if (alerts > 0) {
          live.publish('alerts')
          started.notifying?.poke()
          started.responding?.poke()
        }
      },
    })
    started.services = services
    const { state, clock, lake, pipeline, drainer, attack, rules } = services
    const tls = await openOwnTls(services)
    started.tls = tls
    const db = state.tables<AccessTables>()
    const record = recorder(services)
    const authority = await openAuthority({ db, record, sealer: services.sealer, clock })
    if (tls !== undefined) await authority.ensure()
    const listenerTls = tls === undefined ? undefined : sourceTls({ tls, authority, db, clock })
    const collecting = createCollecting({
      state,
      lake,
      pipeline,
      clock,
      log,
      refusal: sourceFiles(config),
      tls: listenerTls,
    })
    started.collecting = collecting
    const scenarios = loadScenarios(scenarioFolders(config), (file) => file.replace(CONTENT, ''))
    for (const { file, reason } of scenarios.refused) log.warn('scenario refused', { place: file, reason })
    const declaring = await startDeclaring({
      state,
      lake,
      clock,
      log,
      outgoing: services.outgoing,
      sealer: services.sealer,
      attack,
      rules: () => rules.loaded,
      scenarios: () => scenarios.scenarios,
      folders: cards ?? cardFolders(config),
      changed: () => {
        drainer.poke()
        live.publish('cards')
      },
    })
    started.declaring = declaring
    const assessing = startAssessing({ state, lake, clock, log, data: services.dir.root, changed: drainer.poke })
    started.assessing = assessing
    const notifying = startNotifying(services, url)
    started.notifying = notifying
    const reads = startReads({ ...services, changed: drainer.poke })
    started.reads = reads
    const repeatedWrites = startRepeatedWrites(services)
    started.repeatedWrites = repeatedWrites
    const reviewing = startReviewing({ record, clock }, log)
    started.reviewing = reviewing
    const { measures } = declaring
    const weekly = startReviewMailing(
      weeklyDeps(services, { measures: () => measures, statusOf: collecting.statusOf, ownUrl: url }),
    )
    started.weekly = weekly
    const missing = startMissing(services, collecting)
    started.missing = missing
    const indicators = startIndicators(services, () => live.publish('alerts'))
    started.indicators = indicators
    const bodies = { ...services, writer: WRITER, folder: services.dir.yara }
    const yara = await startYaraBodies({ ...bodies, raised: () => live.publish('alerts') })
    started.yara = yara
    for (const { file, line, reason } of yara.refused) log.warn('YARA rule refused', { place: `${file}:${line}`, reason })
    const artefacts = await keepArtefacts(services, yara.scan)
    started.artefacts = artefacts
    const hosting = await startHosting(services, () => pipeline.ask({ kind: 'host-rules' }), yara.source)
    started.hosting = hosting
    const responding = await startResponding(services, {
      origin: () => (config.values['public-url'] ?? url()).replace(/\/$/, ''),
      changed: () => live.publish('incidents'),
      agents: hosting.commands,
      custody: artefacts.custody,
      told: notifying.poke,
    })
    started.responding = responding
    const selftest = startSelftest({
      ...services,
      scenarios: () => scenarios,
      every: config.values['selftest-every'],
      zoneMinutes: config.values.zone,
      done: () => live.publish('rules'),
    })
    started.selftest = selftest
    return {
      services,
      tls,
      authority,
      scenarios,
      collecting,
      declaring,
      assessing,
      notifying,
      reads,
      repeatedWrites,
      reviewing,
      weekly,
      missing,
      indicators,
      yara,
      artefacts,
      hosting,
      responding,
      selftest,
    }
  } catch (error) {
    await stopRooms(started)
    throw error
  }
}

/** Stops the rooms that were started. */
export async function stopRooms(started: Partial<Rooms>): Promise<void> {
  started.tls?.close()
  for (const name of STOPPED) await started[name]?.stop()
}
