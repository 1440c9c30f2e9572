import type { Clock } from '../../kernel/clock.ts'
import { type Route, route } from '../../platform/http/route.ts'
import { readJson } from '../../platform/state/columns.ts'
import type { State } from '../../platform/state/state.ts'
import type { Feeds } from '../feeds/load.ts'
import { readSbom } from '../sbom/read.ts'
import { inRange, readRange } from '../vers/range.ts'
import type { FeedsFolder } from './feeds-folder.ts'
import { allFindings, allInventories, componentsNamed } from './queries.ts'
import {
  componentsQuery,
  componentsReply,
  type FeedsView,
  inventoryBody,
  inventoryReply,
  type VulnerabilityView,
  vulnerabilitiesQuery,
  vulnerabilitiesReply,
} from './schema.ts'
import type { AssessTables, FindingsTable } from './tables.ts'
import { takeIn } from './take-in.ts'

export interface AssessDeps {
  readonly state: State
  readonly clock: Clock
  readonly feeds: FeedsFolder
  /** Evidence was recorded. */
  readonly changed: () => void
}

/** More components than this of one name are counted, not read. */
const MOST_COMPONENTS = 20_000

/** What is installed, what of it is weak, and where a package is. */
export function routes({ state, clock, feeds, changed }: AssessDeps): Route[] {
  return [
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
            by: { name: caller.name, account: caller.account },
          },
          all,
          clock,
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
        const db = state.scoped<AssessTables>(caller.scope)
        const [open, inventories, all] = await Promise.all([allFindings(db, 'open'), allInventories(db), feeds.current()])
        const rows = query.state === 'open' ? open : await allFindings(db, 'gone')
        const fixable = open.filter(({ fixed }) => fixed !== '[]')
        const wanted = rows.filter((row) => matches(row, query)).sort(byRisk)
        return {
          funnel: {
            all: open.length,
            fixable: fixable.length,
            exploited: all.kev === null ? null : fixable.filter(({ exploited }) => exploited !== null).length,
          },
          assets: new Set(inventories.map(({ asset }) => asset)).size,
          components: inventories.reduce((sum, { components }) => sum + components, 0),
          unjudged: inventories.reduce((sum, { unjudged }) => sum + unjudged, 0),
          oldest: inventories.length === 0 ? null : time(Math.min(...inventories.map(({ received }) => received))),
          feeds: feedsView(all),
          items: wanted.slice(0, query.limit).map(viewOf),
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

function matches(
  row: FindingsTable,
  query: { readonly asset?: string | undefined; readonly q?: string | undefined; readonly step: string },
): boolean {
  if (query.asset !== undefined && row.asset !== query.asset) return false
  if (query.step !== 'all' && row.fixed === '[]') return false
  if (query.step === 'exploited' && row.exploited === null) return false
  if (query.q === undefined || query.q.trim() === '') return true
  const text = `${row.id} ${row.ids} ${row.aliases} ${row.name} ${row.summary} ${row.asset}`.toLowerCase()
  return query.q
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word))
}

const RANK = { none: 0, low: 1, medium: 2, high: 3, critical: 4 } as const

function byRisk(a: FindingsTable, b: FindingsTable): number {
  return (
    Number(b.exploited !== null) - Number(a.exploited !== null) ||
    (b.epss ?? 0) - (a.epss ?? 0) ||
    weight(b) - weight(a) ||
    (a.id < b.id ? -1 : a.id > b.id ? 1 : a.asset < b.asset ? -1 : 1)
  )
}

function weight({ score, severity }: FindingsTable): number {
  return score ?? (severity === null ? 0 : RANK[severity] * 2.5)
}

function viewOf(row: FindingsTable): VulnerabilityView {
  const { id, summary, asset, source, name, version, purl, severity, score, vector, exploited, epss } = row
  return {
    ...{ id, summary, asset, source, name, version, purl, severity, score, vector, exploited, epss },
    ids: readJson(row.ids),
    aliases: readJson(row.aliases),
    fixed: readJson(row.fixed),
    firstSeen: time(row.first_seen),
    lastSeen: time(row.last_seen),
    gone: row.gone_at === null ? null : time(row.gone_at),
    regressed: row.regressed === 1,
  }
}

function time(ms: number): string {
  return new Date(ms).toISOString()
}
