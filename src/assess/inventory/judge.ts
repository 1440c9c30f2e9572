import { flag, jsonText } from '../../platform/state/columns.ts'
import type { Feeds } from '../feeds/load.ts'
import { assess, type Finding, type Verdicts } from '../scan/findings.ts'
import type { InventoryKey } from './queries.ts'
import type { ComponentsTable, FindingsTable } from './tables.ts'

/** What a look at an inventory changes. */
export interface Judged {
  /** Rows to write: seen now, or gone since. */
  readonly rows: readonly FindingsTable[]
  readonly open: number
  readonly unjudged: number
  readonly found: readonly FindingsTable[]
  readonly regressed: readonly FindingsTable[]
  readonly gone: readonly FindingsTable[]
}

/**
 * Judges an inventory over what was known of it: pure. A vulnerability is gone when the list no longer names an affected
 * version, and only then: a package that cannot be judged (any more) keeps what was found of it.
 */
export function judgeInventory(
  key: InventoryKey,
  components: readonly Pick<ComponentsTable, 'name' | 'version' | 'purl' | 'place'>[],
  known: readonly FindingsTable[],
  feeds: Feeds,
  now: number,
  verdicts: Verdicts = new Map(),
): Judged {
  const { findings, unjudged } = assess(components, feeds, verdicts)
  const before = new Map(known.map((row) => [`${row.id}\u0000${row.package}`, row]))
  const seen = new Map<string, FindingsTable>()
  const found: FindingsTable[] = []
  const regressed: FindingsTable[] = []
  for (const finding of findings) {
    const name = packageOf(finding.installed)
    const place = `${finding.id}\u0000${name}`
    if (seen.has(place)) continue
    const old = before.get(place)
    const back = old !== undefined && old.gone_at !== null
    const row = rowOf(key, name, finding, old, back, now)
    seen.set(place, row)
    if (old === undefined) found.push(row)
    if (back) regressed.push(row)
  }
  const blind = new Set(unjudged.map(({ installed }) => packageOf(installed)))
  const kept = known.filter((row) => row.gone_at === null && !seen.has(`${row.id}\u0000${row.package}`))
  const gone = kept.filter((row) => !blind.has(row.package)).map((row) => ({ ...row, gone_at: now }))
  return {
    rows: [...seen.values(), ...gone],
    open: seen.size + kept.length - gone.length,
    unjudged: unjudged.length,
    found,
    regressed,
    gone,
  }
}

/** A package whatever its version: an update does not make another one of it. */
export function packageOf({ purl, name }: { readonly purl: string | null; readonly name: string }): string {
  return purl === null ? name : purl.replace(/[?#].*$/, '').replace(/@[^@/]*$/, '')
}

function rowOf(
  key: InventoryKey,
  name: string,
  finding: Finding,
  old: FindingsTable | undefined,
  back: boolean,
  now: number,
): FindingsTable {
  const { installed, rated } = finding
  return {
    scope: key.scope,
    asset: key.asset,
    source: key.source,
    id: finding.id,
    package: name,
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
    first_seen: old?.first_seen ?? now,
    last_seen: now,
    gone_at: null,
    regressed: flag(back || old?.regressed === 1),
  }
}
