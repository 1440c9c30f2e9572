import { KanpekiError } from '../../kernel/error.ts'
import type { CvssVersion } from '../cvss/metrics.ts'
import { type Severity, scoreCvss, severityOf } from '../cvss/score.ts'
import { CPE, gravestExploit } from '../feeds/cve.ts'
import type { EpssScore } from '../feeds/epss.ts'
import type { KevEntry } from '../feeds/kev.ts'
import type { Feeds } from '../feeds/load.ts'
import { matchPackage } from '../osv/advisories.ts'
import { isBundleName } from '../osv/bundle-names.ts'
import { releaseOf } from '../osv/distributions.ts'
import { type MergedHit, mergeAliases } from '../osv/merge.ts'
import { keyOf, keyOfPurl, type PackageKey } from '../osv/names.ts'
import type { Exploitation } from '../prioritise/ssvc.ts'
import { parsePurl } from '../purl/purl.ts'

/** Something that is installed. */
export interface Installed {
  readonly name: string
  readonly version: string | null
  readonly purl: string | null
  /** Where it was found: a lock file, or what an SBOM calls it. */
  readonly place: string
}

export interface Rated {
  /** 0.0–10.0; null where only a word is given. */
  readonly score: number | null
  readonly severity: Severity
  readonly vector: string | null
  readonly version: CvssVersion | null
}

/** One vulnerability of one installed package. */
export interface Finding {
  readonly id: string
  /** The advisories that tell of it. */
  readonly ids: readonly string[]
  readonly aliases: readonly string[]
  /** The CVEs it is, or, being the advisory of a distribution, mends together. */
  readonly cves: readonly string[]
  readonly summary: string
  readonly installed: Installed
  /** Null where no advisory says how grave it is. */
  readonly rated: Rated | null
  /** What kind of fault it is (`CWE-79`), as advisories and CVEs say. */
  readonly cwes: readonly string[]
  /** Versions that help; empty: none is known. */
  readonly fixed: readonly string[]
  /** By the name of a product alone (CPE), since it has no package URL: it may be something else of that name. */
  readonly guessed: boolean
  readonly kev: KevEntry | null
  readonly epss: EpssScore | null
  /** What records of its CVEs say of exploits. */
  readonly exploit: Exploitation
}

/** Why a component could not be judged: silence about it is not health. */
export const UNJUDGED = ['no-purl', 'no-version', 'bad-purl', 'no-release', 'no-advisories', 'no-order'] as const
export type Unjudged = (typeof UNJUDGED)[number]

export interface Assessment {
  /** Gravest first: known exploited, then likelihood, then severity. */
  readonly findings: readonly Finding[]
  readonly judged: number
  /** What it was judged by: a handful of advisories for an ecosystem says little of it. */
  readonly by: readonly { readonly ecosystem: string; readonly packages: number; readonly advisories: number }[]
  readonly unjudged: readonly { readonly installed: Installed; readonly why: Unjudged }[]
}

/** What one version of one package is worth by the feeds, wherever it is installed. */
export type Verdict =
  | Unjudged
  | {
      readonly ecosystem: string
      /** An advisory could not be judged, since the order of versions is not known. */
      readonly open: boolean
      readonly findings: readonly Omit<Finding, 'installed'>[]
    }

/** Verdicts by package and version, for looks at many inventories by the same feeds. */
export type Verdicts = Map<string, Verdict>

/**
 * Judges what is installed by the feeds at hand; the same package found twice is judged once a place.
 * @param verdicts of the same feeds, kept from inventory to inventory; it grows with the packages seen.
 */
export function assess(installed: Iterable<Installed>, feeds: Feeds, verdicts: Verdicts = new Map()): Assessment {
  const findings: Finding[] = []
  const unjudged: { installed: Installed; why: Unjudged }[] = []
  const by = new Map<string, number>()
  let judged = 0
  for (const one of installed) {
    const verdict = verdictOf(one, feeds, verdicts)
    if (typeof verdict === 'string') {
      unjudged.push({ installed: one, why: verdict })
      continue
    }
    by.set(verdict.ecosystem, (by.get(verdict.ecosystem) ?? 0) + 1)
    if (verdict.open) unjudged.push({ installed: one, why: 'no-order' })
    else judged += 1
    for (const finding of verdict.findings) findings.push({ ...finding, installed: one })
  }
  const judgedBy = [...by].map(([ecosystem, packages]) => ({
    ecosystem,
    packages,
    advisories: feeds.advisories.ecosystems.get(ecosystem) ?? 0,
  }))
  return { findings: findings.sort(byRisk), judged, by: judgedBy, unjudged }
}

/** What a component is worth by the feeds; of the same package and version it is asked once. */
export function verdictOf(one: Installed, feeds: Feeds, verdicts: Verdicts): Verdict {
  // Without a package URL it is judged by its name.
  const key = `${one.purl ?? `\u0000${one.name}`}\u0000${one.version ?? ''}`
  const kept = verdicts.get(key)
  if (kept !== undefined) return kept
  const verdict = verdictOn(one, feeds)
  verdicts.set(key, verdict)
  return verdict
}

/** What advisories call a component (`keyOf`), by its name alone where it has no package URL; empty where none can be asked. */
export function askedAs(installed: Installed): string {
  const question = questionOf(installed, true)
  return typeof question === 'string' ? '' : keyOf(question.key)
}

function verdictOn(installed: Installed, feeds: Feeds): Verdict {
  const question = questionOf(installed, feeds.advisories.ecosystems.has(CPE.toLowerCase()))
  if (typeof question === 'string') return question
  const ecosystem = releaseOf(question.key.ecosystem)
  if (!feeds.advisories.ecosystems.has(ecosystem)) return 'no-advisories'
  const { hits, unjudged } = matchPackage(feeds.advisories, question.key, question.version)
  const guessed = question.key.ecosystem === CPE
  const findings = mergeAliases(hits).map((merged) => findingOf(merged, feeds, guessed))
  return { ecosystem, open: unjudged.length > 0, findings }
}

function questionOf(
  { name, purl, version }: Installed,
  byName: boolean,
): { readonly key: PackageKey; readonly version: string } | Unjudged {
  if (purl === null)
    return !byName || version === null || version === ''
      ? 'no-purl'
      : { key: { ecosystem: CPE, name: name.toLowerCase().replaceAll(' ', '_') }, version }
  try {
    const parsed = parsePurl(purl)
    const key = keyOfPurl(parsed)
    // A package may be built from a source of another version, which is the one that advisories speak of.
    const at = parsed.qualifiers?.['upstream']?.split('@')[1] ?? parsed.version ?? version
    if (at === null || at === '') return 'no-version'
    if (key === undefined) return ['deb', 'rpm', 'apk'].includes(parsed.type) ? 'no-release' : 'no-advisories'
    // Go's advisories leave out the v of its tags.
    return { key, version: parsed.type === 'golang' ? at.replace(/^v(?=\d)/, '') : withEpoch(at, parsed.qualifiers?.['epoch']) }
  } catch (error) {
    if (error instanceof KanpekiError) return 'bad-purl'
    throw error
  }
}

/** An rpm's epoch stands in a qualifier; without one it is 0. */
function withEpoch(version: string, epoch: string | undefined): string {
  return epoch === undefined || epoch === '0' || version.includes(':') ? version : `${epoch}:${version}`
}

function findingOf(
  merged: MergedHit,
  { kev, epss, cves: known, advisories }: Feeds,
  guessed: boolean,
): Omit<Finding, 'installed'> {
  const cves = cvesOf(merged)
  const facts = cves.map((cve) => known.get(cve)).filter((one) => one !== undefined)
  const summaries = [
    ...merged.hits.map(({ record }) => record.summary ?? ''),
    ...facts.map((one) => one.summary),
    ...merged.bundles.map(({ record }) => record.summary ?? ''),
  ]
  const { id, ids, aliases, fixed } = merged
  return {
    id,
    ids,
    aliases,
    cves,
    summary: summaries.find((text) => text !== '') ?? '',
    // What a CVE alone says of how grave it is stands behind the word of the advisory that names the package.
    rated: ratedOf(merged) ?? gravest(facts.flatMap((one) => one.vectors)),
    cwes: cwesOf([...ids, ...cves], { cves: known, advisories }),
    fixed,
    guessed,
    kev: cves.map((cve) => kev?.byCve.get(cve)).find((entry) => entry !== undefined) ?? null,
    epss: cves.map((cve) => epss?.byCve.get(cve)).find((score) => score !== undefined) ?? null,
    exploit: gravestExploit(facts.map((one) => one.exploit)),
  }
}

/** What kind of fault names of a weakness stand for, as advisories and CVEs at hand say; what another scanner calls by its kind is one, too. */
export function cwesOf(names: readonly string[], { advisories, cves }: Pick<Feeds, 'advisories' | 'cves'>): readonly string[] {
  const said = names.flatMap((name) => [
    ...(advisories.record(name)?.database_specific?.cwe_ids ?? []),
    ...(cves.get(name)?.cwes ?? []),
    ...(name.startsWith('CWE-') ? [name] : []),
  ])
  return [...new Set(said)].filter((one) => /^CWE-\d{1,5}$/.test(one)).sort((a, b) => Number(a.slice(4)) - Number(b.slice(4)))
}

/**
 * A distribution's advisory mends several at once and names them as upstream or related; elsewhere what is related is
 * something else.
 */
function cvesOf({ id, ids, aliases, hits }: MergedHit): readonly string[] {
  const mended = hits.flatMap(({ record }) => [
    // Of several that an advisory mends together, the finding may be one.
    ...(record.upstream?.includes(id) === true ? [] : (record.upstream ?? [])),
    ...(isBundleName(record.id) ? (record.related ?? []) : []),
  ])
  return [...new Set([id, ...ids, ...aliases, ...mended])].filter((name) => name.startsWith('CVE-')).sort()
}

/** The newest version's vector that can be read; else the word of the advisory's database. */
function ratedOf({ hits }: MergedHit): Rated | null {
  const vectors = hits.flatMap(({ record }) => [
    ...(record.severity ?? []),
    ...(record.affected ?? []).flatMap(({ severity }) => severity ?? []),
  ])
  const best = gravest(vectors.map(({ score }) => score))
  if (best !== null) return best
  const words = hits.flatMap(({ record }) => [
    record.database_specific?.severity?.toLowerCase() ?? '',
    // "Important: openssl security update": how distributions say it.
    isBundleName(record.id) ? (/^(\w+):/.exec(record.summary ?? '')?.[1]?.toLowerCase() ?? '') : '',
  ])
  const severity = words.map((word) => WORDS[word]).find((one) => one !== undefined)
  return severity === undefined ? null : { score: null, severity, vector: null, version: null }
}

/** Of vectors that can be read the newest version's, and of these the gravest. */
function gravest(vectors: readonly string[]): Rated | null {
  const rated = vectors.flatMap((text): Rated[] => {
    try {
      const { overall, version, vector } = scoreCvss(text)
      return [{ score: overall, severity: severityOf(overall), vector, version }]
    } catch (error) {
      if (error instanceof KanpekiError) return []
      throw error
    }
  })
  return rated.toSorted((a, b) => Number(b.version) - Number(a.version) || (b.score ?? 0) - (a.score ?? 0))[0] ?? null
}

const WORDS: Readonly<Record<string, Severity>> = {
  critical: 'critical',
  high: 'high',
  important: 'high',
  moderate: 'medium',
  medium: 'medium',
  low: 'low',
}

const RANK: Readonly<Record<Severity, number>> = { none: 0, low: 1, medium: 2, high: 3, critical: 4 }

function byRisk(a: Finding, b: Finding): number {
  return (
    Number(b.kev !== null) - Number(a.kev !== null) ||
    (b.epss?.score ?? 0) - (a.epss?.score ?? 0) ||
    weight(b) - weight(a) ||
    (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)
  )
}

function weight({ rated }: Finding): number {
  return rated === null ? 0 : (rated.score ?? RANK[rated.severity] * 2.5)
}
