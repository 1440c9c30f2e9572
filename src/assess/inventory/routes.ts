import type { z } from 'zod'
import { type Route, route } from '../../platform/http/route.ts'
import type { Feeds } from '../feeds/load.ts'
import { isExposed } from '../prioritise/risk.ts'
import { resultRoutes } from '../results/routes.ts'
import { readSbom } from '../sbom/read.ts'
import { inRange, readRange } from '../vers/range.ts'
import { workRoutes } from '../work/routes.ts'
import type { AssessDeps } from './deps.ts'
import { allInventories, componentsNamed } from './queries.ts'
import {
  componentsQuery,
  componentsReply,
  type FeedsView,
  inventoryBody,
  inventoryReply,
  STEPS,
  type Step,
  type VulnerabilityState,
  vulnerabilitiesQuery,
  vulnerabilitiesReply,
} from './schema.ts'
import type { AssessTables } from './tables.ts'
import { takeIn } from './take-in.ts'
import { isOpen, time, viewOf, type Weighed } from './view.ts'
import { weighAll } from './weigh-all.ts'

/** More components than this of one name are counted, not read. */
const MOST_COMPONENTS = 20_000

/** What is installed, what of it is weak, and where a package is. */
export function routes(deps: AssessDeps): Route[] {
  const { state, clock, feeds, policy, changed } = deps
  return [
    ...workRoutes(deps),
    ...resultRoutes(deps),
    route({
      method: 'POST',
      path: '/api/v1/inventories',
      permission: 'assets:write',
      summary: 'Take in what is installed on an asset (a bill of materials, or a list of components), and judge it',
      body: inventoryBody,
      response: inventoryReply,
      handle: async ({ body, caller }) => {
        const { asset, source } = body
        const bom = body.document === undefined ? undefined : await readSbom(Buffer.from(body.document), asset)
        const components = bom?.components.map((one) => ({ ...one, place: '' })) ?? body.components ?? []
        const all = await feeds.current()
        const judged = await takeIn(
          state,
          {
            scope: caller.scope,
            asset,
            source,
            format: bom === undefined ? 'components' : `${bom.format} ${bom.version}`,
            components,
            inUse: body.inUse,
            by: { name: caller.name, account: caller.account },
          },
          all,
          clock,
          (await policy.current()).policy,
        )
        changed()
        return {
          asset,
          source,
          components: components.length,
          unjudged: judged.unjudged,
          open: judged.open,
          found: judged.found.length,
          regressed: judged.regressed.length,
          gone: judged.gone.length,
          feeds: feedsView(all),
        }
      },
    }),
    route({
      method: 'GET',
      path: '/api/v1/vulnerabilities',
      permission: 'assets:read',
      summary: 'Vulnerabilities of what is installed, gravest first, with the funnel and the age of the feeds',
      query: vulnerabilitiesQuery,
      response: vulnerabilitiesReply,
      handle: async ({ query, caller }) => {
        const now = clock.now()
        const [{ weighed, feeds: all, policyProblem }, inventories] = await Promise.all([
          // What one source sees another may have closed: a cause is judged by all of its rows.
          weighAll(deps, caller.scope, query.state === 'gone' ? ['open', 'gone'] : ['open']),
          allInventories(state.scoped<AssessTables>(caller.scope)),
        ])
        const open = weighed.filter((one) => isOpen(one.state))
        const { steps, within } = funnelOf(open, all.kev !== null)
        const wanted = weighed.filter(
          (one) => ofState(one.state, query.state) && within(one, query.step) && matches(one, query, now),
        )
        return {
          funnel: steps,
          waived: weighed.filter(({ state: one }) => ofState(one, 'waived')).length,
          overdue: open.filter(({ due }) => due !== undefined && due.at < now).length,
          assets: new Set(inventories.map(({ asset }) => asset)).size,
          components: inventories.reduce((sum, { components }) => sum + components, 0),
          unjudged: inventories.reduce((sum, { unjudged }) => sum + unjudged, 0),
          oldest: inventories.length === 0 ? null : time(Math.min(...inventories.map(({ received }) => received))),
          feeds: feedsView(all),
          policyProblem,
          items: wanted.slice(0, query.limit).map((one) => viewOf(one, now)),
          total: wanted.length,
        }
      },
    }),
    route({
      method: 'GET',
      path: '/api/v1/components',
      permission: 'assets:read',
      summary: 'Where a package is installed: by a part of its name, and a range of versions',
      query: componentsQuery,
      response: componentsReply,
      handle: async ({ query, caller }) => {
        const range = query.range === undefined ? undefined : readRange(query.range)
        const found = await componentsNamed(state.scoped<AssessTables>(caller.scope), query.name.toLowerCase(), MOST_COMPONENTS)
        const wanted = range === undefined ? found : found.filter(({ version }) => version !== null && inRange(version, range))
        return {
          items: wanted
            .slice(0, query.limit)
            .map(({ asset, source, name, version, purl, place }) => ({ asset, source, name, version, purl, place })),
          assets: new Set(wanted.map(({ asset }) => asset)).size,
          total: wanted.length,
        }
      },
    }),
  ]
}

function feedsView({ advisories, kev, epss, problems }: Feeds): FeedsView {
  return {
    advisories: advisories.size,
    ecosystems: Object.fromEntries([...advisories.ecosystems].sort()),
    newest: advisories.newest,
    kev: kev?.released ?? null,
    epss: epss?.date ?? null,
    problems: problems.length,
  }
}

type Asked = z.infer<typeof vulnerabilitiesQuery>

function ofState(state: VulnerabilityState, wanted: Asked['state']): boolean {
  if (wanted === 'open') return isOpen(state)
  return wanted === 'waived' ? state === 'accepted' || state === 'not-affected' : state === 'fixed' || state === 'withdrawn'
}

/** Each step is cut of the one before; what nobody knows cuts nothing and says so by null. */
function funnelOf(open: readonly Weighed[], withKev: boolean) {
  const used = open.some(({ subject }) => subject.around.inUse !== null)
  const labelled = open.some(({ subject }) => subject.around.exposure !== null)
  const tests: Readonly<Record<Step, (one: Weighed) => boolean>> = {
    all: () => true,
    fixable: ({ subject }) => subject.fixable,
    // What nobody looked at may run.
    inUse: ({ subject }) => !used || subject.around.inUse !== false,
    exposed: ({ subject }) => !labelled || isExposed(subject.around.exposure),
    exploited: ({ subject }) => subject.weakness.exploited !== null,
  }
  const within = (one: Weighed, step: Step): boolean => STEPS.slice(0, STEPS.indexOf(step) + 1).every((name) => tests[name](one))
  const count = (step: Step): number => open.filter((one) => within(one, step)).length
  const steps = {
    all: open.length,
    fixable: count('fixable'),
    inUse: used ? count('inUse') : null,
    exposed: labelled ? count('exposed') : null,
    exploited: withKev ? count('exploited') : null,
  }
  return { steps, within }
}

function matches({ cause, subject, owner, due }: Weighed, query: Asked, now: number): boolean {
  const { row, names } = cause
  if (query.asset !== undefined && row.asset !== query.asset) return false
  if (query.kind !== undefined && row.kind !== query.kind) return false
  if (query.decision !== undefined && subject.risk.decision !== query.decision) return false
  if (query.owner !== undefined && owner !== query.owner) return false
  if (query.overdue !== undefined && !(due !== undefined && due.at < now)) return false
  if (query.q === undefined || query.q.trim() === '') return true
  const text = `${names.join(' ')} ${row.name} ${row.package} ${row.summary} ${row.asset} ${owner ?? ''}`.toLowerCase()
  return query.q
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word))
}
