import { flag, jsonText } from '../../platform/state/columns.ts'
import type { Feeds } from '../feeds/load.ts'
import { assess, type Finding, type Verdicts } from '../scan/findings.ts'
import { type InUse, isInUse } from '../scan/funnel.ts'
import type { InventoryKey } from './queries.ts'
import { type Reconciled, reconcile, type SeenFinding } from './reconcile.ts'
import type { ComponentsTable, FindingsTable } from './tables.ts'

/** What a look at an inventory changes. */
export interface Judged extends Reconciled {
  readonly unjudged: number
}

export interface Look {
  readonly key: InventoryKey
  readonly components: readonly Pick<ComponentsTable, 'name' | 'version' | 'purl' | 'place'>[]
  /** What runs; undefined where nobody looked. */
  readonly inUse: InUse | undefined
  /** SHA-256 of the list, where it is a new one: what it no longer has, it proves gone. */
  readonly proof: string | null
}

/**
 * Judges an inventory over what was known of it: pure. A vulnerability is gone when the list no longer names an affected
 * version, and only then: a package that cannot be judged (any more) keeps what was found of it. Where the same version is
 * there still, the advisory went and nothing was mended.
 */
export function judgeInventory(
  { key, components, inUse, proof }: Look,
  known: readonly FindingsTable[],
  feeds: Feeds,
  now: number,
  verdicts: Verdicts = new Map(),
): Judged {
  const { findings, unjudged } = assess(components, feeds, verdicts)
  const blind = new Set(unjudged.map(({ installed }) => packageOf(installed)))
  const here = new Set(components.map((one) => `${packageOf(one)}\u0000${one.version ?? ''}`))
  const reconciled = reconcile(
    findings.map((finding) => seenRow(key, finding, inUse)),
    known,
    (row) => (blind.has(row.package) ? undefined : here.has(`${row.package}\u0000${row.version ?? ''}`) ? null : proof),
    now,
  )
  return { ...reconciled, unjudged: unjudged.length }
}

/** A package whatever its version: an update does not make another one of it. */
export function packageOf({ purl, name }: { readonly purl: string | null; readonly name: string }): string {
  return purl === null ? name : purl.replace(/[?#].*$/, '').replace(/@[^@/]*$/, '')
}

/** A finding as an inventory's rows have it. */
export function seenRow(key: InventoryKey, finding: Finding, inUse: InUse | undefined): SeenFinding {
  const { installed, rated } = finding
  return {
    scope: key.scope,
    asset: key.asset,
    source: key.source,
    id: finding.id,
    package: packageOf(installed),
    name: installed.name,
    version: installed.version,
    purl: installed.purl,
    ids: jsonText(finding.ids),
    aliases: jsonText(finding.aliases),
    fixed: jsonText(finding.fixed),
    summary: finding.summary,
    severity: rated?.severity ?? null,
    score: rated?.score ?? null,
    vector: rated?.vector ?? null,
    exploited: finding.kev?.added ?? null,
    epss: finding.epss?.score ?? null,
    kind: 'package',
    place: installed.place,
    in_use: inUse === undefined ? null : flag(isInUse(finding, inUse)),
    guessed: flag(finding.guessed),
  }
}
