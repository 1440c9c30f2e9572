import type { z } from 'zod'
import type { Feeds } from '../feeds/load.ts'
import type { Db } from '../inventory/queries.ts'
import { STEPS, type Step, type VulnerabilitiesReply, type vulnerabilitiesQuery } from '../inventory/schema.ts'
import { viewOf, type Weighed, weigh } from '../inventory/view.ts'
import type { Policy } from '../prioritise/policy.ts'
import { exceptionsOf } from '../work/queries.ts'
import { assetsIn, knownOf } from './known.ts'
import { countOf, type Filter, gravest, type WeighedKey } from './page-filter.ts'
import { countOverdue, findingsOn, spellingsOf, type TallyLine, tallies } from './queries.ts'

type Asked = z.infer<typeof vulnerabilitiesQuery>

/** A page of what was weighed, and the figures over all of it. */
export async function pageOf(
  db: Db,
  query: Asked,
  { feeds, policy, now }: Scale,
): Promise<Pick<VulnerabilitiesReply, 'funnel' | 'waived' | 'overdue' | 'items' | 'total'>> {
  const asset = query.asset?.toLowerCase()
  const [lines, overdue, spellings] = await Promise.all([
    tallies(db, undefined),
    countOverdue(db, now),
    asset === undefined ? undefined : spellingsOf(db, [asset]).then((found) => found.get(asset) ?? []),
  ])
  const { funnel, known } = funnelOf(lines, feeds.kev !== null)
  const filter = filterOf(query, known, spellings, now)
  const plain = filter.owner === undefined && filter.before === undefined && filter.words.length === 0
  const [keys, total] = await Promise.all([
    spellings?.length === 0 ? [] : gravest(db, filter, query.limit),
    spellings?.length === 0
      ? 0
      : plain
        ? sumOf(asset === undefined ? lines : await tallies(db, asset), filter)
        : countOf(db, filter),
  ])
  const items = (await weighedAt(db, keys, { feeds, policy, now })).map((one) => viewOf(one, now, feeds))
  const waived = lines.filter(({ status }) => status === 'waived').reduce((sum, { causes }) => sum + causes, 0)
  return { funnel, waived, overdue, items, total }
}

interface WhatIsKnown {
  /** Somebody looked what runs; assets are labelled with their exposure. */
  readonly used: boolean
  readonly labelled: boolean
}

/** Each step is cut of the one before; what nobody knows cuts nothing and says so by null. */
function funnelOf(lines: readonly TallyLine[], withKev: boolean) {
  const open = lines.filter(({ status }) => status === 'open')
  const known: WhatIsKnown = {
    used: open.some((line) => line.in_use !== -1),
    labelled: open.some(({ exposed }) => exposed !== -1),
  }
  const count = (step: Step): number => sumOf(open, { status: 'open', words: [], ...stepOf(step, known) })
  const funnel = {
    all: count('all'),
    fixable: count('fixable'),
    inUse: known.used ? count('inUse') : null,
    exposed: known.labelled ? count('exposed') : null,
    exploited: withKev ? count('exploited') : null,
  }
  return { funnel, known }
}

function stepOf(step: Step, { used, labelled }: WhatIsKnown) {
  const reached = (wanted: Step): boolean => STEPS.indexOf(step) >= STEPS.indexOf(wanted)
  return {
    fixable: reached('fixable'),
    mayRun: used && reached('inUse'),
    exposed: labelled && reached('exposed'),
    exploited: reached('exploited'),
  }
}

function sumOf(lines: readonly TallyLine[], { status, kind, decision, fixable, mayRun, exposed, exploited }: Filter): number {
  return lines
    .filter(
      (line) =>
        line.status === status &&
        (kind === undefined || line.kind === kind) &&
        (decision === undefined || line.decision === decision) &&
        (!fixable || line.fixable === 1) &&
        (!mayRun || line.in_use !== 0) &&
        (!exposed || line.exposed === 1) &&
        (!exploited || line.exploited === 1),
    )
    .reduce((sum, { causes }) => sum + causes, 0)
}

function filterOf(query: Asked, known: WhatIsKnown, assets: readonly string[] | undefined, now: number): Filter {
  const { state, kind, decision, owner, overdue, q, step } = query
  return {
    ...{ status: state, kind, decision, owner, assets },
    before: overdue === undefined ? undefined : now,
    words: (q ?? '')
      .toLowerCase()
      .split(/\s+/)
      .filter((word) => word !== ''),
    ...stepOf(step, known),
  }
}

/** Weaknesses of one package on some assets (all spellings of them), weighed now. */
export async function weighedOn(
  db: Db,
  assets: readonly string[],
  place: string,
  { feeds, policy, now }: Scale,
): Promise<readonly Weighed[]> {
  const [byName, exceptions, findings] = await Promise.all([assetsIn(db), exceptionsOf(db), findingsOn(db, assets, place)])
  const { known } = await knownOf(db, findings, assets, { assets: byName, exceptions, now })
  return weigh(known, feeds, policy, now)
}

interface Scale {
  readonly feeds: Feeds
  readonly policy: Policy
  readonly now: number
}

/** What was weighed at these keys, as it is now and in their order; what went meanwhile is left out. */
async function weighedAt(db: Db, keys: readonly WeighedKey[], { feeds, policy, now }: Scale): Promise<readonly Weighed[]> {
  if (keys.length === 0) return []
  const [assets, exceptions, spellings] = await Promise.all([
    assetsIn(db),
    exceptionsOf(db),
    spellingsOf(db, [...new Set(keys.map(({ asset }) => asset.toLowerCase()))]),
  ])
  const places = Map.groupBy(keys, (key) => key.package)
  const findings = await Promise.all(
    [...places].map(([place, there]) =>
      findingsOn(db, [...new Set(there.flatMap(({ asset }) => spellings.get(asset.toLowerCase()) ?? [asset]))], place),
    ),
  )
  const all = [...new Set([...spellings.values()].flat())]
  const { known } = await knownOf(db, findings.flat(), all, { assets, exceptions, now })
  const weighed = new Map(weigh(known, feeds, policy, now).map((one) => [keyOf(one.cause.row), one]))
  return keys.flatMap((key) => weighed.get(keyOf(key)) ?? [])
}

function keyOf({ asset, package: place, id }: Pick<WeighedKey, 'asset' | 'package' | 'id'>): string {
  return `${asset}\n${place}\n${id}`
}
