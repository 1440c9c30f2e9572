import { Cvss2, Cvss3P0, Cvss3P1, Cvss4P0 } from 'ae-cvss-calculator'
import { KanpekiError } from '../../kernel/error.ts'

export const CVSS_VERSIONS = ['2.0', '3.0', '3.1', '4.0'] as const
export type CvssVersion = (typeof CVSS_VERSIONS)[number]
export const RATINGS = ['none', 'low', 'medium', 'high', 'critical'] as const
export type Rating = (typeof RATINGS)[number]

/** What a vector is worth. Version 4 has one score for all metrics given; the others one a group. */
export interface CvssScore {
  readonly version: CvssVersion
  readonly vector: string
  /** Of the base metrics alone; in version 4 also where threat and environment are given. */
  readonly base: number
  /** Version 2 and 3: with temporal metrics; null where none is given, in version 4 always. */
  readonly temporal: number | null
  readonly environmental: number | null
  /** The most specific of them: what counts. */
  readonly score: number
  readonly rating: Rating
}

const METRICS: Readonly<Record<CvssVersion, readonly string[]>> = {
  '2.0': ['AV', 'AC', 'Au', 'C', 'I', 'A'],
  '3.0': ['AV', 'AC', 'PR', 'UI', 'S', 'C', 'I', 'A'],
  '3.1': ['AV', 'AC', 'PR', 'UI', 'S', 'C', 'I', 'A'],
  '4.0': ['AV', 'AC', 'AT', 'PR', 'UI', 'VC', 'VI', 'VA', 'SC', 'SI', 'SA'],
}

/**
 * Scores a vector of CVSS 2.0, 3.0, 3.1 or 4.0 (FIRST). Version 2 has no prefix; brackets around it are taken off.
 * @throws KanpekiError `cvss_invalid`: a base metric that is missing, a metric twice, or a value that there is not.
 */
export function scoreCvss(text: string): CvssScore {
  const { version, parts } = split(text)
  const missing = METRICS[version].find((metric) => !parts.has(metric))
  if (missing !== undefined) throw invalid(text, `CVSS ${version} wants ${missing}`)
  const stray = unknownPart(version, parts)
  if (stray !== undefined) throw invalid(text, `CVSS ${version} has no ${stray}`)
  const scored = scoresOf(version, text.trim().replace(/^\((.*)\)$/, '$1'), parts)
  const score = scored.environmental ?? scored.temporal ?? scored.base
  return { version, vector: text.trim(), ...scored, score, rating: ratingOf(version, score) }
}

function split(text: string): { readonly version: CvssVersion; readonly parts: ReadonlyMap<string, string> } {
  const [, prefix, rest = ''] = /^\(?(?:CVSS:(\d\.\d)\/)?(.*?)\)?$/.exec(text.trim()) ?? []
  const version = CVSS_VERSIONS.find((one) => one === (prefix ?? '2.0'))
  if (version === undefined) throw invalid(text, `there is no CVSS ${prefix}`)
  const parts = new Map<string, string>()
  for (const part of rest.split('/')) {
    const [, metric, value] = /^([A-Za-z]+):([A-Za-z]+)$/.exec(part) ?? []
    if (metric === undefined || value === undefined) throw invalid(text, `'${part}' is no metric with its value`)
    if (parts.has(metric)) throw invalid(text, `${metric} is there twice`)
    parts.set(metric, value)
  }
  return { version, parts }
}

function vectorClass(version: CvssVersion) {
  return { '2.0': Cvss2, '3.0': Cvss3P0, '3.1': Cvss3P1, '4.0': Cvss4P0 }[version]
}

/** Metrics and values as the library knows them, by version. */
const known = new Map<CvssVersion, ReadonlyMap<string, ReadonlySet<string>>>()

function unknownPart(version: CvssVersion, parts: ReadonlyMap<string, string>): string | undefined {
  let metrics = known.get(version)
  if (metrics === undefined) {
    const Vector = vectorClass(version)
    const all = [...new Vector().getRegisteredComponents().values()].flat()
    metrics = new Map(all.map(({ shortName, values }) => [shortName, new Set(values.map((value) => value.shortName))]))
    known.set(version, metrics)
  }
  for (const [metric, value] of parts) {
    const values = metrics.get(metric)
    if (values === undefined) return metric
    if (!values.has(value) || (value === 'X' && METRICS[version].includes(metric))) return `${metric}:${value}`
  }
  return undefined
}

function scoresOf(
  version: CvssVersion,
  vector: string,
  parts: ReadonlyMap<string, string>,
): Pick<CvssScore, 'base' | 'temporal' | 'environmental'> {
  if (version === '4.0') {
    const { overall, baseMetricsOnly } = new Cvss4P0(vector).calculateScores()
    return { base: baseMetricsOnly ?? overall, temporal: null, environmental: overall }
  }
  const Vector = { '2.0': Cvss2, '3.0': Cvss3P0, '3.1': Cvss3P1 }[version]
  const { base, temporal, environmental, overall } = new Vector(vector).calculateScores()
  const scored = { base: base ?? overall, temporal: temporal ?? null, environmental: environmental ?? null }
  return version === '2.0' && temporal !== undefined ? { ...scored, temporal: temporal2(scored.base, parts) } : scored
}

/** Hundredths: E, RL and RC of version 2 (guide, 3.2.2). */
const TEMPORAL_2: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  E: { U: 85, POC: 90, F: 95, H: 100, ND: 100 },
  RL: { OF: 87, TF: 90, W: 95, U: 100, ND: 100 },
  RC: { UC: 90, UR: 95, C: 100, ND: 100 },
}

/** In whole numbers: 9.0 × 0.95 is 8.55 and rounds to 8.6, which in binary fractions it does not. */
function temporal2(base: number, parts: ReadonlyMap<string, string>): number {
  const hundredths = Object.entries(TEMPORAL_2).map(([metric, weights]) => weights[parts.get(metric) ?? 'ND'] ?? 100)
  return Math.round(hundredths.reduce((product, one) => product * one, Math.round(base * 10)) / 1_000_000) / 10
}

/** Version 2 as NVD rates it: it has no words of its own. */
function ratingOf(version: CvssVersion, score: number): Rating {
  if (version === '2.0') return score >= 7 ? 'high' : score >= 4 ? 'medium' : 'low'
  if (score === 0) return 'none'
  if (score < 4) return 'low'
  if (score < 7) return 'medium'
  return score < 9 ? 'high' : 'critical'
}

function invalid(vector: string, reason: string): KanpekiError {
  return new KanpekiError('cvss_invalid', `'${vector.slice(0, 200)}' is no CVSS vector: ${reason}.`, {
    remedy: 'Write it like CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H.',
  })
}
