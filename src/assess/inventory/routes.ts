import { type Route, route } from '../../platform/http/route.ts'
import { readJson } from '../../platform/state/columns.ts'
import type { Feeds } from '../feeds/load.ts'
import { resultRoutes } from '../results/routes.ts'
import { installedOf } from '../sbom/installed.ts'
import { readSbom } from '../sbom/read.ts'
import { endedBy } from '../scan/support.ts'
import { weaknessesOf } from '../weighing/asset-weaknesses.ts'
import { pageOf } from '../weighing/page.ts'
import { workRoutes } from '../work/routes.ts'
import { agentInventoryRoutes } from './agent-routes.ts'
import { billRoutes } from './bill-route.ts'
import type { AssessDeps } from './deps.ts'
import { allInventories, componentsNamed } from './queries.ts'
import { rangeOver } from './range-over.ts'
import {
  assetWeaknessesQuery,
  assetWeaknessesReply,
  componentsQuery,
  componentsReply,
  type FeedsView,
  inventoryBody,
  inventoryReply,
  vulnerabilitiesQuery,
  vulnerabilitiesReply,
} from './schema.ts'
import type { AssessTables, InventoriesTable } from './tables.ts'
import { takeIn } from './take-in.ts'
import { time } from './view.ts'

/** More components than this that are so named are not read, and the answer says so. */
const MOST_COMPONENTS = 20_000

/** What is installed, what of it is weak, and where a package is. */
export function routes(deps: AssessDeps): Route[] {
  const { state, clock, feeds, policy, weigher, changed } = deps
  return [
    ...workRoutes(deps),
    ...resultRoutes(deps),
    ...agentInventoryRoutes(deps),
    ...billRoutes(deps),
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
        const components = bom?.components.map((one) => ({ ...installedOf(one), place: '' })) ?? body.components ?? []
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
          feeds,
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
          feeds: feedsView(await feeds.current()),
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
        const db = state.scoped<AssessTables>(caller.scope)
        const pending = await weigher.fresh(caller.scope)
        const [inventories, all, rules] = await Promise.all([allInventories(db), feeds.current(), policy.current()])
        return {
          ...(await pageOf(db, query, { feeds: all, policy: rules.policy, now })),
          pending,
          assets: new Set(inventories.map(({ asset }) => asset)).size,
          components: inventories.reduce((sum, { components }) => sum + components, 0),
          unjudged: inventories.reduce((sum, { unjudged }) => sum + unjudged, 0),
          oldest: inventories.length === 0 ? null : time(Math.min(...inventories.map(({ received }) => received))),
          unsupported: unsupportedIn(inventories, now),
          feeds: feedsView(all),
          policyProblem: rules.problem,
        }
      },
    }),
    route({
      method: 'GET',
      path: '/api/v1/asset-weaknesses',
      permission: 'assets:read',
      summary: 'What is installed on assets and how much of it is weak, by lists, agents and reports',
      query: assetWeaknessesQuery,
      response: assetWeaknessesReply,
      handle: async ({ query, caller }) => {
        const pending = await weigher.fresh(caller.scope)
        return { items: await weaknessesOf(state.scoped<AssessTables>(caller.scope), query.ids, clock.now()), pending }
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
        const within = query.range === undefined ? () => true : rangeOver(query.range)
        const named = query.name.toLowerCase()
        const { components, complete } = await componentsNamed(state.scoped<AssessTables>(caller.scope), named, MOST_COMPONENTS)
        const told = Map.groupBy(components, within)
        const wanted = told.get(true) ?? []
        return {
          items: wanted
            .slice(0, query.limit)
            .map(({ asset, source, name, version, purl, place }) => ({ asset, source, name, version, purl, place })),
          assets: new Set(wanted.map(({ asset }) => asset)).size,
          total: wanted.length,
          unjudged: told.get(undefined)?.length ?? 0,
          complete,
        }
      },
    }),
  ]
}

function feedsView({ advisories, kev, epss, problems, unmatched }: Feeds): FeedsView {
  return {
    advisories: advisories.size,
    ecosystems: Object.fromEntries([...advisories.ecosystems].sort()),
    newest: advisories.newest,
    kev: kev?.released ?? null,
    epss: epss?.date ?? null,
    problems: problems.length,
    unmatched,
  }
}

/** Assets by the releases on them whose support is over. */
function unsupportedIn(inventories: readonly Pick<InventoriesTable, 'asset' | 'releases'>[], now: number) {
  const assets = new Map<string, Set<string>>()
  for (const { asset, releases } of inventories)
    for (const release of releases === null ? [] : readJson<string[]>(releases))
      assets.set(release, (assets.get(release) ?? new Set()).add(asset.toLowerCase()))
  return [...assets].flatMap(([release, { size }]) => {
    const ended = endedBy(release, now)
    return ended === undefined ? [] : [{ release, ended, assets: size }]
  })
}
