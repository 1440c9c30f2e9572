import { join } from 'node:path'
import type { SecureContextOptions } from 'node:tls'
import { checkForgery, createAuthenticator } from '../access/authenticate.ts'
import { refuseUnconfirmed } from '../access/confirm.ts'
import { withMachines } from '../access/machines/authenticate.ts'
import { type Authority, openAuthority } from '../access/machines/authority.ts'
import { machineRoutes } from '../access/machines/routes.ts'
import { routes as accessRoutes } from '../access/routes.ts'
import type { AccessDeps } from '../access/routes-deps.ts'
import { partRoutes } from '../access/routes-parts.ts'
import { scimRoutes } from '../access/scim/routes.ts'
import { createSetupLink } from '../access/setup.ts'
import { ssoRoutes } from '../access/sso/routes.ts'
import type { AccessTables } from '../access/tables.ts'
import { type Assessing, startAssessing } from '../app/assessing.ts'
import { createOwnMetrics, type OwnMetrics } from '../app/care/own-metrics.ts'
import { careRoutes } from '../app/care/routes.ts'
import { type Collecting, createCollecting, openGelf, openSyslog, openSyslogTls } from '../app/collecting.ts'
import { type Declaring, startDeclaring } from '../app/declaring.ts'
import { sendTestAttack, TEST_SCENARIOS } from '../app/demo/test-attack.ts'
import { createEntityTimeline } from '../app/entity-timeline.ts'
import { erasureRoutes } from '../app/erasure/routes.ts'
import { PACKAGING } from '../app/evidence-package.ts'
import { firstWeekRoutes } from '../app/first-week/routes.ts'
import { frameworkChecks } from '../app/framework-checks.ts'
import { type Hosting, startHosting } from '../app/hosting.ts'
import { type Indicators, startIndicators } from '../app/indicators.ts'
import { type KeptArtefacts, keepArtefacts } from '../app/keeping-artefacts.ts'
import { startMissing } from '../app/missing.ts'
import { type Notifying, startNotifying } from '../app/notifying.ts'
import {
  CONSOLE,
  CONTENT,
  cardFolders,
  pipelineFolders,
  ruleFile,
  ruleFolders,
  scenarioFolders,
  sourceFiles,
} from '../app/places.ts'
import { type Reads, startReads } from '../app/reads/reads.ts'
import { readRoutes } from '../app/reads/routes.ts'
import type { Repeating } from '../app/repeat.ts'
import { replayRoutes } from '../app/replay/routes.ts'
import { type Responding, startResponding } from '../app/responding.ts'
import { retentionRoutes } from '../app/retention/routes.ts'
import { startReviewing } from '../app/reviewing.ts'
import { rotateLedgerKeyRoute } from '../app/rotate-ledger-key.ts'
import { searchRoutes } from '../app/searches/routes.ts'
import { type Selftest, startSelftest } from '../app/selftest.ts'
import { type Services, startServices, WRITER } from '../app/services.ts'
import { sessionPolicy, signInDeps } from '../app/sign-in-deps.ts'
import { sourceTls } from '../app/source-tls.ts'
import { VERSION } from '../app/version.ts'
import { startReviewMailing } from '../app/weekly/mailing.ts'
import { weeklyRoutes } from '../app/weekly/routes.ts'
import { weeklyDeps } from '../app/weekly/wire.ts'
import { startYaraBodies, type YaraBodies } from '../app/yara-bodies.ts'
import { routes as assessRoutes } from '../assess/inventory/routes.ts'
import type { AssessTables } from '../assess/inventory/tables.ts'
import { waitingWaivers } from '../assess/work/exceptions.ts'
import type { Addresses } from '../collect/addresses.ts'
import { maskingRoutes } from '../collect/masking/routes.ts'
import { routes as collectRoutes } from '../collect/routes.ts'
import { createIngestHandler } from '../collect/sources/http/handler.ts'
import { compatTarget, mainTarget } from '../collect/sources/http/target.ts'
import { frameworkRoutes } from '../declare/frameworks/routes.ts'
import { routes as declareRoutes } from '../declare/routes.ts'
import type { DeclareDeps } from '../declare/routes-deps.ts'
import type { DeclareTables } from '../declare/tables.ts'
import { waitingCards } from '../declare/waiting.ts'
import { waitingExceptions } from '../detect/exceptions/waiting.ts'
import { iocRoutes } from '../detect/ioc/routes.ts'
import { notifyRoutes } from '../detect/notify/routes.ts'
import { quarantineRoutes } from '../detect/quarantine/routes.ts'
import { routes as detectRoutes } from '../detect/routes.ts'
import { ruleDetailRoutes } from '../detect/routes-rule-detail.ts'
import { loadScenarios, type Scenarios } from '../detect/scenarios/load.ts'
import { scenarioRoutes } from '../detect/scenarios/routes.ts'
import type { DetectTables } from '../detect/tables.ts'
import { KanpekiError, messageOf } from '../kernel/error.ts'
import { DEFAULT_SCOPE } from '../kernel/event.ts'
import type { Config } from '../platform/config.ts'
import type { Route } from '../platform/http/route.ts'
import { RawReply, route } from '../platform/http/route.ts'
import type { Log } from '../platform/log.ts'
import { recordEvidence } from '../platform/state/outbox.ts'
import { isWildcard } from '../platform/tls/loopback.ts'
import { urlHost } from '../platform/tls/names.ts'
import { openServerTls, type ServerTls } from '../platform/tls/server-tls.ts'
import { usesTls } from '../platform/tls/uses-tls.ts'
import { protectRoutes } from '../protect/routes.ts'
import type { Custody } from '../prove/custody/custody.ts'
import { custodyRoutes } from '../prove/custody/routes.ts'
import { ledgerPlaces } from '../prove/queries.ts'
import { routes as proveRoutes } from '../prove/routes.ts'
import type { ProveTables } from '../prove/tables.ts'
import { connectionRoutes } from '../respond/connections/routes.ts'
import type { PlaybookTables } from '../respond/playbooks/tables.ts'
import { waitingPlaybooks } from '../respond/playbooks/waiting.ts'
import { recordCertificate } from './certificate-evidence.ts'
import { startCompatServer } from './compat-server.ts'
import { eventRoutes } from './events-routes.ts'
import { startHttpServer } from './http-server.ts'
import { ingestDeps } from './ingest-deps.ts'
import { createLive, type Live } from './live.ts'
import { overviewRoute } from './overview.ts'
import { createRateLimit } from './rate-limit.ts'
import { demoReplySchema } from './schema.ts'
import { securityTxtRoute } from './security-txt.ts'

export interface Kanpeki {
  readonly url: string
  /** Sets the administrator's password while there is none, otherwise the sign-in page. */
  readonly signInUrl: string
  /** The compatibility listener, if there is one. */
  readonly compatUrl: string | undefined
  /** Where senders reach us, as the snippets say. */
  readonly addresses: () => Addresses
  readonly services: Services
  readonly collecting: Collecting
  readonly declaring: Declaring
  readonly selftest: Selftest
  /** Every mounted route, for the tests that walk them. */
  readonly routes: readonly Route[]
  stop(): Promise<void>
}

export interface ServeOptions {
  /** Folders of cards instead of our own and the user's. */
  readonly cards?: readonly string[]
}

/** Starts everything and answers when work is accepted. */
export async function serve(config: Config, log: Log, options: ServeOptions = {}): Promise<Kanpeki> {
  const { host } = config.values
  const secure = usesTls(config.values)
  const live = createLive()
  let notifying: Notifying | undefined
  let reads: Reads | undefined
  const services = await startServices(config, log, {
    progressed: ({ alerts }) => {
      live.publish('sources')
      live.publish('ledger')
      declaring?.poke()
      if (alerts > 0) {
        live.publish('alerts')
        notifying?.poke()
        responding?.poke()
      }
    },
  })
  let collecting: Collecting | undefined
  let declaring: Declaring | undefined
  let assessing: Assessing | undefined
  let reviewing: Repeating | undefined
  let weekly: Repeating | undefined
  let missing: Repeating | undefined
  let selftest: Selftest | undefined
  let indicators: Indicators | undefined
  let yara: YaraBodies | undefined
  let responding: Responding | undefined
  let artefacts: KeptArtefacts | undefined
  let hosting: Hosting | undefined
  let tls: ServerTls | undefined
  const open: { close(): Promise<void> }[] = []
  try {
    const syslogTlsPort = config.values['syslog-tls-port']
    const syslogTlsHost = config.values['syslog-tls-host'] ?? host
    tls = secure || syslogTlsPort !== null ? await openTls(services, secure ? host : syslogTlsHost) : undefined
    const { state, clock, lake, pipeline, drainer, attack, rules } = services
    const db = state.tables<AccessTables>()
    const authority = await openAuthority({ db, record: recorder(services), sealer: services.sealer, clock })
    if (tls !== undefined) await authority.ensure()
    const listenerTls = tls === undefined ? undefined : sourceTls({ tls, authority, db, clock })
    collecting = createCollecting({ state, lake, pipeline, clock, log, refusal: sourceFiles(config), tls: listenerTls })
    const scenarios = loadScenarios(scenarioFolders(config), (file) => file.replace(CONTENT, ''))
    for (const { file, reason } of scenarios.refused) log.warn('scenario refused', { place: file, reason })
    declaring = await startDeclaring({
      state,
      lake,
      clock,
      log,
      outgoing: services.outgoing,
      sealer: services.sealer,
      attack,
      rules: () => rules.loaded,
      scenarios: () => scenarios.scenarios,
      folders: options.cards ?? cardFolders(config),
      changed: () => {
        drainer.poke()
        live.publish('cards')
      },
    })
    assessing = startAssessing({ state, clock, log, data: services.dir.root, changed: drainer.poke })
    const stopAll = async (): Promise<void> => {
      tls?.close()
      await weekly?.stop()
      await reviewing?.stop()
      await missing?.stop()
      await indicators?.stop()
      await hosting?.stop()
      await artefacts?.stop()
      await yara?.stop()
      await responding?.stop()
      await notifying?.stop()
      await reads?.stop()
      await selftest?.stop()
      await collecting?.stop()
      await assessing?.stop()
      await declaring?.stop()
      await services.stop()
    }
    notifying = startNotifying(services, () => url)
    reads = startReads({ ...services, changed: drainer.poke })
    reviewing = startReviewing({ record: recorder(services), clock }, log)
    const { measures } = declaring
    weekly = startReviewMailing(
      weeklyDeps(services, { measures: () => measures, statusOf: collecting.statusOf, ownUrl: () => url }),
    )
    missing = startMissing(services, collecting)
    indicators = startIndicators(services, () => live.publish('alerts'))
    const bodies = { ...services, writer: WRITER, folder: services.dir.yara }
    yara = await startYaraBodies({ ...bodies, raised: () => live.publish('alerts') })
    for (const { file, line, reason } of yara.refused) log.warn('YARA rule refused', { place: `${file}:${line}`, reason })
    artefacts = await keepArtefacts(services, yara.scan)
    hosting = await startHosting(services)
    responding = await startResponding(services, {
      origin: () => (config.values['public-url'] ?? url).replace(/\/$/, ''),
      changed: () => live.publish('incidents'),
      agents: hosting.commands,
      custody: artefacts.custody,
      told: () => notifying?.poke(),
    })
    selftest = startSelftest({
      ...services,
      scenarios: () => scenarios,
      every: config.values['selftest-every'],
      zoneMinutes: config.values.zone,
      done: () => live.publish('rules'),
    })
    const authenticate = withMachines(createAuthenticator(db, clock, sessionPolicy(config)), db, authority, clock)
    let stopping = false
    const metrics = createOwnMetrics({ ...services, version: VERSION, root: services.dir.root })
    let url = ''
    const listening: { -readonly [K in Exclude<keyof Addresses, 'url'>]?: Addresses[K] } = {}
    const addresses = (): Addresses => ({ url, syslog: undefined, ...listening })
    const ingest = ingestDeps(
      services,
      authenticate,
      () => (stopping ? new KanpekiError('stopping', 'Kanpeki is stopping.') : undefined),
      declaring.poke,
    )
    const httpTls = secure ? tls : undefined
    const context = httpTls === undefined ? {} : { tls: tlsContext(httpTls, authority) }
    const http = await startHttpServer(
      {
        version: VERSION,
        console: CONSOLE,
        healthy: () => !stopping && services.healthy(),
        answered: metrics.answered,
        authenticate,
        checkForgery,
        limit: createRateLimit({ strangers: config.values['rate-strangers'], callers: config.values['rate-callers'] }, clock),
        refused: (code, request, caller) =>
          log.warn('a request was refused', {
            code,
            method: request.method,
            path: request.url?.split('?', 1)[0],
            by: caller === undefined || caller.kind === 'anonymous' ? null : `${caller.kind} ${caller.name}`,
            address: request.socket.remoteAddress,
          }),
        report: (error, request) =>
          log.error('a request failed', { path: request.url?.split('?', 1)[0], reason: messageOf(error), stack: stackOf(error) }),
        hot: createIngestHandler({ ...ingest, targetOf: mainTarget }),
        routes: allRoutes({
          services,
          collecting,
          declaring,
          assessing,
          indicators,
          yara,
          custody: artefacts.custody,
          hosting,
          selftest,
          scenarios,
          notifying,
          responding,
          reads,
          live,
          addresses,
          secure,
          authority,
          metrics,
          stopping: () => stopping,
        }),
        ...context,
      },
      host,
      config.values.port,
    )
    open.push(http)
    const origin = `${secure ? 'https' : 'http'}://${urlHost(httpTls?.announced ?? host)}`
    url = `${origin}:${http.port}`
    const compatPort = config.values['compat-port']
    const compat =
      compatPort === null
        ? undefined
        : await startCompatServer(
            { hot: createIngestHandler({ ...ingest, targetOf: compatTarget }), answered: metrics.answered, ...context },
            host,
            compatPort,
          )
    if (compat !== undefined) {
      open.push(compat)
      listening.compat = `${origin}:${compat.port}`
      log.info('the compatibility listener takes events', { url: listening.compat })
    }
    for (const source of [tls, authority])
      source?.onChange(() => {
        http.refreshTls()
        compat?.refreshTls()
      })
    const syslogPort = config.values['syslog-port']
    if (syslogPort !== null) listening.syslog = await openSyslog(collecting.manager, config.values['syslog-host'], syslogPort)
    if (syslogTlsPort !== null)
      listening.syslogTls = await openSyslogTls(
        collecting.manager,
        syslogTlsHost,
        syslogTlsPort,
        config.values['syslog-tls-clients'],
      )
    const gelfPort = config.values['gelf-port']
    if (gelfPort !== null) listening.gelf = await openGelf(collecting.manager, config.values['gelf-host'], gelfPort)
    await collecting.manager.startAll()
    if (httpTls === undefined) services.announce(url)
    else services.announce(`https://${localHost(host)}:${http.port}`, httpTls.servedFile)
    const setup = await createSetupLink(db, DEFAULT_SCOPE, clock.now())
    return {
      url,
      signInUrl: setup === undefined ? `${url}/sign-in` : `${url}/setup?token=${setup}`,
      compatUrl: listening.compat,
      addresses,
      services,
      collecting,
      declaring,
      selftest,
      routes: http.routes,
      async stop() {
        stopping = true
        await Promise.all(open.map((one) => one.close()))
        await stopAll()
      },
    }
  } catch (error) {
    await Promise.all(open.map((one) => one.close()))
    tls?.close()
    await weekly?.stop()
    await reviewing?.stop()
    await missing?.stop()
    await indicators?.stop()
    await hosting?.stop()
    await artefacts?.stop()
    await yara?.stop()
    await responding?.stop()
    await notifying?.stop()
    await reads?.stop()
    await selftest?.stop()
    await collecting?.stop()
    await assessing?.stop()
    await declaring?.stop()
    await services.stop()
    throw error
  }
}

export interface RouteDeps {
  readonly services: Services
  readonly collecting: Collecting
  readonly declaring: Declaring
  readonly assessing: Assessing
  readonly indicators: Indicators
  readonly yara: YaraBodies
  readonly custody: Custody
  readonly hosting: Hosting
  readonly selftest: Selftest
  readonly scenarios: Scenarios
  readonly notifying: Notifying
  readonly responding: Responding
  readonly reads: Reads
  readonly live: Live
  readonly addresses: () => Addresses
  /** Whether the server speaks TLS. */
  readonly secure: boolean
  readonly authority: Authority
  readonly metrics: OwnMetrics
  readonly stopping: () => boolean
}

/** Every route of every room; the list that the permission test and OpenAPI read. */
export function allRoutes(deps: RouteDeps): Route[] {
  const {
    services,
    collecting,
    declaring,
    assessing,
    indicators,
    yara,
    custody,
    hosting,
    selftest,
    scenarios,
    notifying,
    responding,
    reads,
    live,
    addresses,
    secure,
    authority,
    metrics,
    stopping,
  } = deps
  const {
    state,
    clock,
    lake,
    ledger,
    cosigning,
    witness,
    anchoring,
    drainer,
    pipeline,
    attack,
    rules,
    config,
    retention,
    keeper,
  } = services
  const { statusOf, manager, unknownsOf, sendTest } = collecting
  const record = recorder(services)
  const places = (outbox: readonly number[]): Promise<ReadonlyMap<number, number>> =>
    ledgerPlaces(state.tables<ProveTables>(), outbox)
  const declare: DeclareDeps = {
    state,
    clock,
    measures: declaring.measures,
    ledgerIndexes: places,
    ledgerHead: async () => ({ size: ledger.head.size, root: Buffer.from(ledger.head.checkpoint.root).toString('base64') }),
    organisation: config.values.organisation,
    signer: {
      // The key may change while we run.
      get publicKey() {
        return ledger.key.publicKey
      },
      signDigests: (digests) => ledger.signDigests(digests),
    },
    origin: () => config.values['public-url'] ?? addresses().url,
    sealer: services.sealer,
    problems: () => declaring.problems,
    figuresCame: declaring.poke,
    changed: () => {
      drainer.poke()
      live.publish('cards')
    },
  }
  const access: AccessDeps = {
    db: state.tables<AccessTables>(),
    record,
    clock,
    organisation: config.values.organisation,
    version: VERSION,
    secure,
    tokenLife: { days: config.values['token-days'], maxDays: config.values['token-max-days'] },
    ...signInDeps(services, collecting, () => addresses().url),
  }
  const weekly = {
    ...weeklyDeps(services, { measures: () => declaring.measures, statusOf, ownUrl: () => addresses().url }),
    changed: drainer.poke,
  }
  return reads.watched([
    ...accessRoutes(access),
    ...partRoutes({
      ...access,
      assetsChanged: async () => void (await pipeline.ask({ kind: 'known' })),
      waiting: [
        (scope) => waitingCards(state.scoped<DeclareTables>(scope)),
        (scope) => waitingExceptions(state.scoped<DetectTables>(scope)),
        (scope) => waitingPlaybooks(state.scoped<PlaybookTables>(scope)),
        (scope) => waitingWaivers(state.scoped<AssessTables>(scope)),
      ],
    }),
    ...ssoRoutes({ ...access, fetch: services.outgoing.fetch }),
    ...scimRoutes(access),
    ...machineRoutes({ db: state.tables<AccessTables>(), record, clock, authority }),
    securityTxtRoute({ contacts: config.values['security-contact'], origin: config.values['public-url'], clock }),
    ...eventRoutes({ lake, folder: join(services.dir.lake, 'exports') }),
    ...searchRoutes({ state, clock }),
    ...retentionRoutes({ state, clock, policy: retention, changed: drainer.poke }),
    ...erasureRoutes({
      lake,
      state,
      clock,
      root: services.dir.root,
      drain: () => drainer.drain(),
      asked: () => {
        drainer.poke()
        void keeper.now()
      },
    }),
    ...notifyRoutes({
      state,
      clock,
      sealer: services.sealer,
      outgoing: services.outgoing,
      changed: () => {
        drainer.poke()
        notifying.poke()
      },
    }),
    ...protectRoutes({ state, lake, clock, changed: drainer.poke }),
    ...connectionRoutes({ state, clock, sealer: services.sealer, outgoing: services.outgoing, changed: drainer.poke }),
    ...detectRoutes({
      state,
      clock,
      attack,
      rules: () => ({ loaded: [...rules.loaded, ...yara.rules], refused: [...rules.refused, ...yara.refused] }),
      scenarios: () => scenarios,
      changed: () => {
        drainer.poke()
        notifying.poke()
        live.publish('alerts')
      },
      docsOf: async (scope, ids) => new Map((await lake.getMany(scope, ids)).map(({ id, doc }) => [id, doc])),
      entityTimeline: createEntityTimeline(lake),
      ledgerIndexes: places,
    }),
    ...ruleDetailRoutes({
      state,
      clock,
      rules: () => rules,
      scenarios: () => scenarios,
      pathOf: (rule) => ruleFile(config, rule.file),
      newest: async (scope, limit) => (await lake.search({ scope, query: { kind: 'all' }, limit })).events.map(({ doc }) => doc),
    }),
    ...scenarioRoutes({
      state,
      clock,
      attack,
      rules: () => rules,
      scenarios: () => scenarios,
      ledgerIndexes: places,
      execute: selftest.execute,
      schedule: selftest.schedule,
    }),
    ...responding.routes,
    ...iocRoutes({ state, clock, sealer: services.sealer, outgoing: services.outgoing, changed: indicators.changed }),
    ...quarantineRoutes({
      release: async (rule, by) => {
        const released = await pipeline.ask({ kind: 'release', rule, by })
        drainer.poke()
        return released
      },
    }),
    ...maskingRoutes({ state, rules: services.masking }),
    ...collectRoutes({ state, manager, statusOf, clock, unknownsOf, sendTest, addresses }),
    ...declareRoutes(declare),
    ...assessRoutes({
      state,
      clock,
      feeds: assessing.feeds,
      policy: assessing.policy,
      version: VERSION,
      changed: drainer.poke,
    }),
    ...frameworkRoutes({ ...declare, frameworks: declaring.frameworks, checks: frameworkChecks({ state, clock, ledger }) }),
    overviewRoute({
      state,
      ledger,
      clock,
      measures: declaring.measures,
      statusOf,
      refusedRules: () => rules.refused.length,
      startedAt: services.startedAt,
    }),
    ...firstWeekRoutes(weekly),
    ...weeklyRoutes(weekly),
    ...careRoutes({ services, version: VERSION, metrics, stopping }),
    rotateLedgerKeyRoute({ ledger, state, drainer, clock }),
    ...hosting.routes(custody),
    ...custodyRoutes({ custody, ledger, state, clock, confirm: refuseUnconfirmed }),
    ...proveRoutes({
      ledger,
      cosigning,
      witness,
      anchoring,
      state,
      drainer,
      lake,
      clock,
      packaging: PACKAGING,
      entryBundles: 'ledger:read',
    }),
    route({
      method: 'GET',
      path: '/api/v1/status',
      permission: 'sources:read',
      summary: 'What waits for the rules, and which rules run',
      handle: async () => {
        const status = await pipeline.ask({ kind: 'status' })
        return {
          version: VERSION,
          lag: { events: status.waitingEvents, catchingUp: status.catchingUp },
          rules: { loaded: status.rules.loaded.length, refused: status.rules.refused },
          correlations: status.correlations,
        }
      },
    }),
    route({
      method: 'POST',
      path: '/api/v1/demo/attack',
      permission: 'sources:write',
      summary: 'Send a test attack through the real ingest path',
      response: demoReplySchema,
      handle: async ({ caller }) => {
        const sent = await sendTestAttack({ pipeline, manager, clock }, caller)
        await selftest.execute(TEST_SCENARIOS)
        await declaring.evaluate()
        return { sent }
      },
    }),
    route({
      method: 'GET',
      path: '/api/v1/live',
      permission: 'alerts:read',
      summary: 'Server-sent events: what changed',
      handle: async ({ signal }) =>
        new RawReply('text/event-stream', live.stream(signal), { 'cache-control': 'no-store', 'x-accel-buffering': 'no' }),
    }),
    ...readRoutes({ state, flush: reads.flush }),
    ...replayRoutes({
      lake: services.lakeAddress,
      sealed: services.dir.sealed,
      rules: ruleFolders(config),
      pipelines: pipelineFolders(config),
      clock,
      known: (id) => rules.loaded.some((rule) => rule.id === id),
    }),
  ])
}

/** @param host the bind that the certificate is for. */
async function openTls({ config, dir, sealer, clock, log, state, drainer }: Services, host: string): Promise<ServerTls> {
  const { 'tls-cert': certFile, 'tls-key': keyFile, 'tls-names': more, 'public-url': publicUrl } = config.values
  const names = publicUrl === null ? more : [...more, new URL(publicUrl).hostname.replaceAll(/[[\]]/g, '')]
  const tls = await openServerTls({ host, certFile, keyFile, names }, { folder: dir.keys, sealer, clock, log })
  await recordCertificate(state, clock, tls)
  tls.onChange(() => {
    recordCertificate(state, clock, tls)
      .then(() => drainer.poke())
      .catch((error: unknown) => log.error('a new certificate left no evidence', { reason: messageOf(error) }))
  })
  return tls
}

/** Clients are told which authorities we know, so that browsers offer people no certificate of another. */
function tlsContext(tls: ServerTls, authority: Authority): () => SecureContextOptions {
  return () => ({ ...tls.context(), ca: authority.trusted().map(({ pem }) => pem) })
}

/** Runs a change of the access room and the evidence of it in one transaction. */
function recorder({ state, clock, drainer }: Pick<Services, 'state' | 'clock' | 'drainer'>): AccessDeps['record'] {
  return async (work) => {
    const result = await state.transaction<AccessTables, Awaited<ReturnType<typeof work>>['result']>(async (trx) => {
      const done = await work(trx)
      await recordEvidence(trx, done.evidence, clock)
      return done.result
    })
    drainer.poke()
    return result
  }
}

/** Where programs on this host reach a bind. */
function localHost(host: string): string {
  if (!isWildcard(host)) return urlHost(host)
  return host === '0.0.0.0' ? '127.0.0.1' : '[::1]'
}

function stackOf(error: unknown): string | undefined {
  return error instanceof Error && !(error instanceof KanpekiError) ? error.stack : undefined
}
