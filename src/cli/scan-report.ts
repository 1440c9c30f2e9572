import { pathToFileURL } from 'node:url'
import type { Severity } from '../assess/cvss/score.ts'
import type { Assessment, Finding, Unjudged } from '../assess/scan/findings.ts'
import type { Funnel } from '../assess/scan/funnel.ts'
import type { Unsupported } from '../assess/scan/support.ts'
import type { ReportItem } from './scan-formats.ts'
import { plain } from './terminal-text.ts'

export interface ScanReport extends Assessment {
  readonly installed: number
  /** Entries of lock files and Java archives that name no version to look up. */
  readonly left: number
  /** Releases of distributions that nobody mends any more. */
  readonly unsupported: readonly Unsupported[]
  /** Findings that a VEX document says are not affected or fixed. */
  readonly stated: number
  /** Findings that the baseline has. */
  readonly known: number
  readonly funnel: Funnel
  readonly feeds: {
    readonly advisories: number
    readonly newest: string | null
    readonly kev: string | null
    readonly epss: string | null
  }
  /** Milliseconds UTC. */
  readonly now: number
}

const DAY_MS = 86_400_000
/** Feeds change daily; after a week what is missing in them matters. */
const OLD_DAYS = 7

const WHY: Readonly<Record<Unjudged, string>> = {
  'no-purl': 'without a package URL',
  'no-version': 'without a version',
  'bad-purl': 'with a package URL that cannot be read',
  'no-release': 'of a distribution whose release is not said',
  'no-advisories': 'of an ecosystem that no advisory at hand speaks of',
  'no-order': 'with advisories whose order of versions is not known',
}

export function tableReport(report: ScanReport): string {
  const rows = report.findings.map(rowOf)
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(0, ...rows.map((row) => row[column]!.length)))
  const lines = rows.map((row) =>
    row
      .map((cell, column) => (column < 5 ? cell.padEnd(widths[column]!) : cell))
      .join('  ')
      .trimEnd(),
  )
  return `${[...lines, ...(lines.length === 0 ? [] : ['']), ...summary(report)].join('\n')}\n`
}

function rowOf({ id, installed, rated, fixed, guessed, kev, epss }: Finding): readonly string[] {
  return [
    rated === null ? 'unrated' : `${rated.severity}${rated.score === null ? '' : ` ${rated.score.toFixed(1)}`}`,
    plain(id),
    plain(`${installed.name} ${installed.version ?? ''}`),
    fixed.length === 0 ? 'no fix' : `fix ${plain(fixed.join(' | '))}`,
    epss === null ? '' : `EPSS ${(epss.score * 100).toFixed(1)} %`,
    [
      guessed ? 'by its name alone (CPE)' : '',
      kev === null ? '' : `EXPLOITED since ${plain(kev.added)}${kev.ransomware ? ', by ransomware' : ''}`,
    ]
      .filter((text) => text !== '')
      .join(', '),
  ]
}

/** How many, judged by what, and what was left: a line each. */
export function summary({
  installed,
  judged,
  by,
  unjudged,
  left,
  unsupported,
  stated,
  known,
  funnel,
  feeds,
  now,
}: ScanReport): readonly string[] {
  const steps = [
    `${funnel.all} found`,
    `${funnel.fixable} with a fix`,
    ...(funnel.inUse === null ? [] : [`${funnel.inUse} of them in use`]),
    funnel.exploited === null ? 'exploited: unknown (no KEV at hand)' : `${funnel.exploited} of them exploited`,
  ]
  const reasons = [...Map.groupBy(unjudged, ({ why }) => why)].map(([why, group]) => `  ${group.length} ${WHY[why]}`)
  return [
    steps.join(' → '),
    `${judged} of ${installed} packages judged (${feeds.advisories} advisories, ${ageText('newest', feeds.newest, now)}; ${ageText('KEV', feeds.kev, now)}; ${ageText('EPSS', feeds.epss, now)})`,
    ...by.map(({ ecosystem, packages, advisories }) => `  ${packages} of ${plain(ecosystem)} by ${advisories}`),
    ...(unjudged.length === 0 ? [] : [`${unjudged.length} not judged:`, ...reasons]),
    ...unsupported.map(
      ({ release, ended, packages }) =>
        `${packages} of ${plain(release)}, WHICH IS NO LONGER SUPPORTED since ${ended}: what became known of them since is in no advisory`,
    ),
    ...(stated === 0 ? [] : [`${stated} not listed: not affected or fixed by VEX`]),
    ...(known === 0 ? [] : [`${known} not listed: in the baseline`]),
    ...(left === 0 ? [] : [`${left} entries, archives or modules do not say what they are`]),
  ]
}

function ageText(name: string, date: string | null, now: number): string {
  const at = date === null ? Number.NaN : Date.parse(date)
  if (Number.isNaN(at)) return `${name} none`
  const days = Math.floor((now - at) / DAY_MS)
  return `${name} of ${date!.slice(0, 10)}${days > OLD_DAYS ? `, ${days} DAYS OLD` : ''}`
}

export function jsonReport({ now: _now, ...report }: ScanReport): string {
  return `${JSON.stringify(report)}\n`
}

/** For annotations and reports of pipelines. */
export function reportItems({ findings }: ScanReport): readonly ReportItem[] {
  return findings.map(({ id, ids, summary: title, installed, rated, fixed, kev }) => ({
    kind: 'package',
    id,
    title,
    severity: rated?.severity ?? null,
    score: rated?.score ?? null,
    file: installed.place === '-' ? '' : installed.place,
    line: 1,
    what: installed.name,
    version: installed.version,
    fix: fixed,
    exploited: kev !== null,
    url: `https://osv.dev/vulnerability/${encodeURIComponent(ids[0] ?? id)}`,
    key: `${id} ${installed.purl ?? installed.name}`,
  }))
}

const LEVEL: Readonly<Record<Severity, 'error' | 'warning' | 'note' | 'none'>> = {
  critical: 'error',
  high: 'error',
  medium: 'warning',
  low: 'note',
  none: 'none',
}

/** SARIF 2.1.0 (OASIS): a rule a vulnerability, a result a package that has it. */
export function sarifReport({ findings }: ScanReport): string {
  const rules = [...new Map(findings.map((finding) => [finding.id, finding])).values()]
  const indexes = new Map(rules.map(({ id }, at) => [id, at]))
  const run = {
    tool: { driver: { name: 'Kanpeki', informationUri: 'https://github.com/kanpeki/kanpeki', rules: rules.map(ruleOf) } },
    columnKind: 'utf16CodeUnits',
    results: findings.map((finding) => resultOf(finding, indexes.get(finding.id)!)),
  }
  return `${JSON.stringify({ $schema: 'https://json.schemastore.org/sarif-2.1.0.json', version: '2.1.0', runs: [run] })}\n`
}

function ruleOf({ id, ids, aliases, cwes, summary, rated, kev }: Finding): object {
  return {
    id,
    shortDescription: { text: summary === '' ? id : summary },
    fullDescription: { text: [...ids, ...aliases].join(', ') },
    helpUri: `https://osv.dev/vulnerability/${encodeURIComponent(ids[0] ?? id)}`,
    defaultConfiguration: { level: levelOf(rated) },
    properties: {
      tags: [
        'security',
        'vulnerability',
        ...cwes.map((cwe) => `external/cwe/cwe-${cwe.slice('CWE-'.length).padStart(3, '0')}`),
        ...(kev === null ? [] : ['exploited']),
      ],
      // What GitHub sorts by.
      ...(rated?.score == null ? {} : { 'security-severity': rated.score.toFixed(1) }),
    },
  }
}

/** What nobody rated is shown, and not as harmless. */
function levelOf(rated: Finding['rated']): 'error' | 'warning' | 'note' | 'none' {
  return rated === null ? 'warning' : LEVEL[rated.severity]
}

function resultOf({ id, installed, fixed, rated, kev, epss }: Finding, ruleIndex: number): object {
  const { name, version, purl, place } = installed
  const fix = fixed.length === 0 ? 'No fix is known.' : `Fixed in ${fixed.join(', ')}.`
  const uri = place === '-' ? 'stdin' : place.startsWith('/') ? pathToFileURL(place).href : encodeURI(place)
  return {
    ruleId: id,
    ruleIndex,
    level: levelOf(rated),
    message: { text: `${name} ${version ?? ''} has ${id}. ${fix}${kev === null ? '' : ' It is known to be exploited.'}` },
    locations: [{ physicalLocation: { artifactLocation: { uri }, region: { startLine: 1 } } }],
    partialFingerprints: { 'kanpeki/v1': `${id} ${purl ?? name}` },
    properties: { purl, fixed, exploited: kev !== null, epss: epss?.score ?? null },
  }
}
