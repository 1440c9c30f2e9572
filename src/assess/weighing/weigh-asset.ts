import { createHash } from 'node:crypto'
import { flag } from '../../platform/state/columns.ts'
import type { Feeds } from '../feeds/load.ts'
import type { AssetFacts, Db } from '../inventory/queries.ts'
import type { TallyTable, TextsTable, WeighedTable } from '../inventory/tables.ts'
import { isOpen, type Weighed, weigh } from '../inventory/view.ts'
import type { Policy } from '../prioritise/policy.ts'
import { isExposed } from '../prioritise/risk.ts'
import { type Around, knownOf } from './known.ts'
import { dropWeighed, findingsOn, holdWeighing, replaceTally, saveTexts, saveWeighed, weighedOf } from './queries.ts'

/** By what findings are weighed that is the same for all assets. */
export interface Scales extends Around {
  readonly feeds: Feeds
  readonly policy: Policy
  /** Of what KEV, EPSS and the policy say. */
  readonly stamp: string
  /** The same of before, where all that is another now is being weighed: what was weighed by it holds for everything else. */
  readonly before?: string | undefined
}

/** What an asset is weighed by: where it changes, the asset is weighed again. */
export function basisOf(stamp: string, facts: AssetFacts | undefined): string {
  const { labels, criticality, owner, names } = facts ?? {}
  return createHash('sha256')
    .update(JSON.stringify([stamp, labels, criticality, owner, names]))
    .digest('base64url')
    .slice(0, 22)
}

/** Tells whether an asset that was weighed by a basis needs no weighing, apart from what is being weighed. */
export function basesThatHold({ stamp, before, assets }: Scales): (folded: string, basis: string) => boolean {
  const bases = new Map<AssetFacts | undefined, readonly string[]>()
  return (folded, basis) => {
    const facts = assets.get(folded)
    let holding = bases.get(facts)
    if (holding === undefined) {
      holding = [basisOf(stamp, facts), ...(before === undefined ? [] : [basisOf(before, facts)])]
      bases.set(facts, holding)
    }
    return holding.includes(basis)
  }
}

/**
 * Weighs one asset, all of its spellings, and keeps the result: what stays as it was is not written.
 * @param texts that were written before in the same run; it grows.
 */
export async function weighAsset(db: Db, scope: string, folded: string, scales: Scales, texts: Set<string>): Promise<void> {
  const { feeds, policy, now, stamp } = scales
  const basis = basisOf(stamp, scales.assets.get(folded))
  const assets = await holdWeighing(db, scope, folded, { basis, until: null, weighed: now })
  if (assets.length === 0) return
  const { known, until } = await knownOf(db, await findingsOn(db, assets), assets, scales)
  const weighed = weigh(known, feeds, policy, now)
  const rows = new Map(weighed.map((one) => [keyOf(one.cause.row), rowOf(scope, one)]))
  const before = new Map((await weighedOf(db, assets)).map((row) => [keyOf(row), row]))
  await saveWeighed(
    db,
    [...rows].flatMap(([key, row]) => (same(before.get(key), row) ? [] : [row])),
  )
  await dropWeighed(
    db,
    [...before].flatMap(([key, row]) => (rows.has(key) ? [] : [row])),
  )
  await replaceTally(db, scope, folded, tallyOf(scope, folded, [...rows.values()]))
  await saveTexts(db, textsOf(scope, weighed, texts))
  if (until !== null) await holdWeighing(db, scope, folded, { basis, until, weighed: now })
}

export function keyOf({ asset, package: place, id }: Pick<WeighedTable, 'asset' | 'package' | 'id'>): string {
  return `${asset}\n${place}\n${id}`
}

const MOST_RISK = 1000

export function rowOf(scope: string, { cause, subject, state, owner, due }: Weighed): WeighedTable {
  const { asset, package: place, id, kind } = cause.row
  const { weakness, around, risk, fixable } = subject
  const exploited = weakness.exploited !== null
  return {
    scope,
    asset,
    package: place,
    id,
    status: isOpen(state) ? 'open' : state === 'accepted' || state === 'not-affected' ? 'waived' : 'gone',
    kind,
    decision: risk.decision,
    rank: Number(exploited) * MOST_RISK + risk.score + 0.999 * (weakness.epss ?? 0),
    fixable: flag(fixable),
    in_use: around.inUse === null ? null : flag(around.inUse),
    exposed: around.exposure === null ? null : flag(isExposed(around.exposure)),
    exploited: flag(exploited),
    owner,
    due: due?.at ?? null,
  }
}

export function same(one: WeighedTable | undefined, other: WeighedTable): boolean {
  return one !== undefined && (Object.keys(other) as (keyof WeighedTable)[]).every((name) => one[name] === other[name])
}

export function tallyOf(scope: string, folded: string, rows: readonly WeighedTable[]): readonly TallyTable[] {
  const counts = new Map<string, TallyTable>()
  for (const { status, kind, decision, fixable, in_use: used, exposed, exploited } of rows) {
    const key = [status, kind, decision, fixable, used, exposed, exploited].join()
    const line = counts.get(key)
    if (line !== undefined) line.causes += 1
    else
      counts.set(key, {
        scope,
        folded,
        status,
        kind,
        decision,
        fixable,
        in_use: used ?? -1,
        exposed: exposed ?? -1,
        exploited,
        causes: 1,
      })
  }
  return [...counts.values()]
}

export function textsOf(scope: string, weighed: readonly Weighed[], written: Set<string>): readonly TextsTable[] {
  const rows = new Map<string, TextsTable>()
  for (const { cause } of weighed) {
    const { package: place, id, name, summary } = cause.row
    const text = [...cause.names, name, place, summary].join(' ').toLowerCase()
    const key = `${scope}\n${place}\n${id}`
    const mark = `${key}\n${text}`
    if (written.has(mark)) continue
    written.add(mark)
    rows.set(key, { scope, package: place, id, text })
  }
  return [...rows.values()]
}
