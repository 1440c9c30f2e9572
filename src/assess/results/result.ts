import { KanpekiError } from '../../kernel/error.ts'
import type { Severity } from '../cvss/score.ts'
import type { FindingKind } from '../prioritise/policy.ts'
import type { ResultFormat } from './schema.ts'

/** One thing that another scanner says is wrong, in our words. */
export interface ScanResult {
  /** The host that it is on, where the report speaks of several; null: of the one that was scanned. */
  readonly asset: string | null
  readonly kind: FindingKind
  /** What the scanner calls it: a CVE, an advisory, a rule. */
  readonly id: string
  /** What others may call the same thing in the same place. */
  readonly aliases: readonly string[]
  /** Where it is whoever reports it: a package URL without version, `path:line`, an address and parameter, a port. */
  readonly cause: string
  readonly name: string
  readonly version: string | null
  readonly purl: string | null
  readonly place: string
  readonly summary: string
  readonly severity: Severity | null
  readonly score: number | null
  readonly vector: string | null
  readonly fixed: readonly string[]
}

export interface ReadResults {
  readonly format: ResultFormat
  readonly tool: string
  /** What was looked for, also where nothing was found. */
  readonly kinds: readonly FindingKind[]
  /** The hosts that were looked at, where the report says so. */
  readonly assets: readonly string[]
  readonly results: readonly ScanResult[]
  /** What is no weakness (informational, passed, suppressed in the tool), by why. */
  readonly left: Readonly<Record<string, number>>
}

/** Collects what a reader finds. */
export class Collected {
  readonly results: ScanResult[] = []
  readonly kinds = new Set<FindingKind>()
  readonly assets = new Set<string>()
  readonly left: Record<string, number> = {}
  readonly file: string
  readonly most: number

  constructor(file: string, most = 200_000) {
    this.file = file
    this.most = most
  }

  add(result: Partial<ScanResult> & Pick<ScanResult, 'kind' | 'id' | 'cause'>): void {
    if (this.results.length >= this.most)
      throw new KanpekiError('too_large', `${this.file} holds more than ${this.most} results.`, {
        place: { file: this.file },
        remedy: 'Report one project or network at a time.',
      })
    this.kinds.add(result.kind)
    if (result.asset != null) this.assets.add(result.asset)
    this.results.push({
      asset: null,
      aliases: [],
      name: result.cause,
      version: null,
      purl: null,
      place: '',
      summary: '',
      severity: null,
      score: null,
      vector: null,
      fixed: [],
      ...result,
      id: cut(result.id, 300),
    })
  }

  leave(why: string, count = 1): void {
    if (count > 0) this.left[why] = (this.left[why] ?? 0) + count
  }

  done(format: ResultFormat, tool: string): ReadResults {
    const { results, kinds, assets, left } = this
    return { format, tool, kinds: [...kinds].sort(), assets: [...assets].sort(), results, left }
  }
}

export function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`
}

/** @throws KanpekiError `results_invalid`. */
export function refuseResults(file: string, format: string, reason: string): never {
  throw new KanpekiError('results_invalid', `${file} is no valid ${format}: ${reason}.`, {
    place: { file },
    remedy: 'Write it again; none of its results was taken.',
  })
}

const WORDS: Readonly<Record<string, Severity>> = {
  critical: 'critical',
  high: 'high',
  important: 'high',
  error: 'high',
  moderate: 'medium',
  medium: 'medium',
  warning: 'medium',
  low: 'low',
  minor: 'low',
  note: 'low',
  negligible: 'low',
  info: 'none',
  informational: 'none',
  information: 'none',
  none: 'none',
}

/** The word of a scanner; null for one that says nothing (unknown, unassigned). */
export function severityWord(text: string | null | undefined): Severity | null {
  return text == null ? null : (WORDS[text.trim().toLowerCase()] ?? null)
}

/** A path as every scanner would write it: relative to the project, with slashes. */
export function projectPath(text: string): string {
  let path = text.replaceAll('\\', '/').replace(/^file:\/\//, '')
  try {
    path = decodeURI(path)
  } catch {
    // Not percent-encoded after all.
  }
  // Where scanners in containers find the project mounted.
  return path.replace(/^\/(github\/workspace|src|code|repo|app|tf)\//, '').replace(/^(\.?\/)+/, '')
}

/** `CWE-89` of `CWE-89`, `cwe-089`, `external/cwe/cwe-089`, 89. */
export function cweOf(text: string | number): string | undefined {
  const number = /(?:^|cwe[-/ ]?)0*(\d{1,5})\b/i.exec(String(text))?.[1]
  return number === undefined || number === '0' ? undefined : `CWE-${number}`
}

/** A package URL without version and qualifiers. */
export function bare(purl: string): string {
  return purl.replace(/[?#].*$/, '').replace(/@[^@/]*$/, '')
}

/** What a report's results are kept under: a later report of the same tool replaces them. */
export function sourceOf({ format, tool }: Pick<ReadResults, 'format' | 'tool'>): string {
  const slug = tool
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, '-')
    .replace(/^[^a-z0-9]+|-+$/g, '')
  return format !== 'sarif' || slug === '' ? format : slug.slice(0, 64)
}
