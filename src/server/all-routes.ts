import { join } from 'node:path'
import { refuseUnconfirmed } from '../access/confirm.ts'
import { machineRoutes } from '../access/machines/routes.ts'
import { routes as accessRoutes } from '../access/routes.ts'
import type { AccessDeps } from '../access/routes-deps.ts'
import { partRoutes } from '../access/routes-parts.ts'
import { scimRoutes } from '../access/scim/routes.ts'
import { ssoRoutes } from '../access/sso/routes.ts'
import type { AccessTables } from '../access/tables.ts'
import type { OwnMetrics } from '../app/care/own-metrics.ts'
import { careRoutes } from '../app/care/routes.ts'
import { createEntityTimeline } from '../app/entity-timeline.ts'
import { erasureRoutes } from '../app/erasure/routes.ts'
import { PACKAGING } from '../app/evidence-package.ts'
import { findingTickets } from '../app/finding-tickets.ts'
import { firstWeekRoutes } from '../app/first-week/routes.ts'
import { frameworkChecks } from '../app/framework-checks.ts'
import { pipelineFolders, ruleFile, ruleFolders } from '../app/places.ts'
import { readRoutes } from '../app/reads/routes.ts'
import { replayRoutes } from '../app/replay/routes.ts'
import { connectionProbe } from '../app/response-actions.ts'
import { retentionRoutes } from '../app/retention/routes.ts'
import { rotateLedgerKeyRoute } from '../app/rotate-ledger-key.ts'
import { searchRoutes } from '../app/searches/routes.ts'
import { signInDeps } from '../app/sign-in-deps.ts'
import { VERSION } from '../app/version.ts'
import { weeklyRoutes } from '../app/weekly/routes.ts'
import { weeklyDeps } from '../app/weekly/wire.ts'
import { routes as assessRoutes } from '../assess/inventory/routes.ts'
import type { AssessTables } from '../assess/inventory/tables.ts'
import { waitingWaivers } from '../assess/work/exceptions.ts'
import type { Addresses } from '../collect/addresses.ts'
import { maskingRoutes } from '../collect/masking/routes.ts'
import { routes as collectRoutes } from '../collect/routes.ts'
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
import { scenarioRoutes } from '../detect/scenarios/routes.ts'
import type { DetectTables } from '../detect/tables.ts'
import type { Route } from '../platform/http/route.ts'
import { protectRoutes } from '../protect/routes.ts'
import { custodyRoutes } from '../prove/custody/routes.ts'
import { ledgerPlaces } from '../prove/queries.ts'
import { routes as proveRoutes } from '../prove/routes.ts'
import type { ProveTables } from '../prove/tables.ts'
import { connectionRoutes } from '../respond/connections/routes.ts'
import type { PlaybookTables } from '../respond/playbooks/tables.ts'
import { waitingPlaybooks } from '../respond/playbooks/waiting.ts'
import { eventRoutes } from './events-routes.ts'
import type { Live } from './live.ts'
import { overviewRoute } from './overview.ts'
import { ownRoutes } from './own-routes.ts'
import { recorder } from './recorder.ts'
import type { Rooms } from './rooms.ts'
import { securityTxtRoute } from './security-txt.ts'

export interface RouteDeps {
  readonly rooms: Rooms
  readonly live: Live
  readonly addresses: () => Addresses
  /** Whether the server speaks TLS. */
  readonly secure: boolean
  readonly metrics: OwnMetrics
  readonly stopping: () => boolean
}

/** Every route of every room; the list that the permission test and OpenAPI read. */
export function allRoutes({ rooms, live, addresses, secure, metrics, stopping }: RouteDeps): Route[] {
  const {
    services,
    authority,
    scenarios,
    collecting,
    declaring,
    assessing,
    notifying,
    reads,
    repeatedWrites,
    indicators,
    yara,
    artefacts,
    hosting,
    responding,
    selftest,
  } = rooms
  const { custody } = artefacts
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
  const all = reads.watched([
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
    ...connectionRoutes({
      ...{ state, clock, sealer: services.sealer, outgoing: services.outgoing, changed: drainer.poke },
      probe: connectionProbe(services),
    }),
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
      weigher: assessing.weigher,
      openTicket: findingTickets(responding.actions, clock),
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
    ...ownRoutes(rooms, live),
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
  return repeatedWrites.once(all)
}
