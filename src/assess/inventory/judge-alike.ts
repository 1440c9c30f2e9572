import { type Kysely, sql } from 'kysely'
import type { Clock } from '../../kernel/clock.ts'
import { insertAlike } from '../../platform/state/alike.ts'
import { scopedTo } from '../../platform/state/scope.ts'
import type { State } from '../../platform/state/state.ts'
import type { Feeds } from '../feeds/load.ts'
import type { InForce } from '../prioritise/policy-file.ts'
import { saveTexts } from '../weighing/queries.ts'
import { scalesOf } from '../weighing/scales.ts'
import { rowOf, type Scales, tallyOf, textsOf } from '../weighing/weigh-asset.ts'
import { taskFor } from '../work/tasks.ts'
import { assetMark } from './asset-mark.ts'
import { causesOf, subjectOf, surroundingsOf } from './causes.ts'
import type { Change } from './changed-verdicts.ts'
import { noteCves } from './cves.ts'
import { seenRow } from './judge.ts'
import { type Lone, type Standing, standingsOf } from './lone.ts'
import { reconcile } from './reconcile.ts'
import type { AssessTables, FindingsTable } from './tables.ts'
import { type Weighed, weigh } from './view.ts'

/** For fewer, a statement of their own costs more than it spares. */
const LEAST_ALIKE = 8

interface AlikeDeps {
  readonly state: State
  readonly feeds: Feeds
  readonly clock: Clock
  readonly rules: InForce
  readonly since?: Feeds | undefined
  readonly leastAlike?: number
}

/**
 * Judges and weighs what advisories newly say of a package of which each asset has one, without a look at each asset: where all
 * that a finding is weighed by is alike, one is judged and written for all, in one transaction.
 * @param some of one scope, at most one for a package on an asset.
 * @returns how many findings are new, and of which something else is known, so that each is to be judged by itself.
 */
export async function judgeAlike(
  { state, feeds, clock, rules, since, leastAlike = LEAST_ALIKE }: AlikeDeps,
  some: readonly Lone[],
): Promise<{ readonly found: number; readonly left: readonly Lone[] }> {
  const { scope } = some[0]!.mark
  return await state.transaction<AssessTables, { readonly found: number; readonly left: readonly Lone[] }>(async (trx) => {
    const scales = await scalesOf(scopedTo(trx, scope), feeds, rules, clock.now(), since)
    const standings = await standingsOf(trx, scope, some, scales)
    const left: Lone[] = []
    const alike = new Map<string, Standing[]>()
    for (const one of some) {
      const standing = standings.get(one)
      if (standing === undefined) {
        left.push(one)
        continue
      }
      const key = keyOf(standing)
      const there = alike.get(key)
      if (there === undefined) alike.set(key, [standing])
      else there.push(standing)
    }
    let found = 0
    const texts = new Set<string>()
    for (const group of alike.values()) {
      const judged = group.length < leastAlike ? undefined : judgeOne(group[0]!, scope, scales)
      if (judged === undefined) {
        for (const { lone } of group) left.push(lone)
        continue
      }
      await writeAlike(trx, scope, group.map(({ lone }) => lone.mark.asset).sort(), judged)
      await saveTexts(trx, textsOf(scope, judged.weighed, texts))
      found += judged.rows.length * group.length
    }
    return { found, left }
  })
}

/** All that a verdict that is new is judged and weighed by, apart from what the asset is called. */
function keyOf({ lone, used, runs, facts }: Standing): string {
  const { source, name, version, purl, place } = lone.component
  const { exposure, criticality } = surroundingsOf(facts, [])
  return JSON.stringify([source, name, version, purl, place, used, runs, exposure, criticality, facts?.owner])
}

interface One {
  readonly rows: readonly FindingsTable[]
  readonly weighed: readonly Weighed[]
}

/** @returns undefined where a task is to be opened: that is told of each asset in the evidence. */
function judgeOne({ lone, used, runs, facts }: Standing, scope: string, scales: Scales): One | undefined {
  const { mark, component, change } = lone
  const { feeds, policy, now, assets, exceptions } = scales
  const seen = addedOf(change).map((finding) => ({
    ...seenRow(mark, { ...finding, installed: component }, undefined),
    scope,
    in_use: used,
  }))
  const { rows } = reconcile(seen, [], () => undefined, now)
  const unrated = { own: undefined, environment: undefined }
  if (causesOf(rows).some((cause) => taskFor(subjectOf(cause, facts, feeds, unrated), policy) !== undefined)) return undefined
  const findings = rows.map((row) => ({ ...row, in_use: runs }))
  return { rows, weighed: weigh({ findings, assets, work: [], ratings: [], exceptions }, feeds, policy, now) }
}

function addedOf({ added }: Change): NonNullable<Change['added']> {
  return added ?? []
}

async function writeAlike(
  trx: Kysely<AssessTables>,
  scope: string,
  /** In order: each page of an index is written once. */
  assets: readonly string[],
  { rows, weighed }: One,
): Promise<void> {
  await noteCves(trx, rows)
  // In the order of the marks, each page of their index is written once.
  const marks = new Map(assets.map((asset) => [asset, assetMark(asset)]))
  const byMark = assets.toSorted((a, b) => marks.get(a)! - marks.get(b)!)
  const counted = { column: 'asset_mark', of: (asset: string) => marks.get(asset)! }
  for (const { asset: _, ...row } of rows) await insertAlike(trx, 'assess_findings', row, 'asset', byMark, { counted })
  const results = weighed.map((one) => rowOf(scope, one))
  for (const { asset: _, ...row } of results) await insertAlike(trx, 'assess_weighed', row, 'asset', assets)
  const folded = assets.map((asset) => asset.toLowerCase())
  const conflict = sql`on conflict (scope, folded, status, kind, decision, fixable, in_use, exposed, exploited)
    do update set causes = assess_tally.causes + excluded.causes`
  for (const { folded: _, ...line } of tallyOf(scope, '', results))
    await insertAlike(trx, 'assess_tally', line, 'folded', folded, { conflict })
}
