import calculator from 'ae-cvss-calculator'
import { type CvssVersion, faultOf } from './metrics.ts'
import { refuseVector, splitVector } from './vector.ts'

export interface CvssScore {
  readonly version: CvssVersion
  /** The vector as it was given. */
  readonly vector: string
  /** From the base metrics alone, 0.0–10.0. */
  readonly base: number
  /** With the threat (4.0) or temporal metrics; undefined where version 2 gives none. */
  readonly threat: number | undefined
  readonly environmental: number | undefined
  /** What all metrics that are given come to. */
  readonly overall: number
}

/**
 * Scores a vector of CVSS 2.0, 3.0, 3.1 or 4.0 (FIRST). Throws `cvss_invalid`, naming the metric, where one is unknown,
 * repeated, of no such value, or a required one is missing: half a vector has no score, and 0 would be a lie.
 */
export function scoreCvss(vector: string): CvssScore {
  const { version, metrics, bare } = splitVector(vector)
  const fault = faultOf(version, metrics)
  if (fault !== undefined) refuseVector(vector, fault)
  const Calculator = {
    '2.0': calculator.Cvss2,
    '3.0': calculator.Cvss3P0,
    '3.1': calculator.Cvss3P1,
    '4.0': calculator.Cvss4P0,
  }[version]
  const scores = new Calculator(bare).calculateScores()
  if ('baseMetricsOnly' in scores)
    return {
      version,
      vector,
      base: scores.baseMetricsOnly ?? scores.overall,
      threat: scores.threat,
      environmental: scores.environmental,
      overall: scores.overall,
    }
  if (!('temporal' in scores) || scores.base === undefined) return refuseVector(vector, 'it gives no base score')
  const { base, temporal, environmental, overall } = scores
  if (version === '2.0') {
    const threat = temporal === undefined ? undefined : temporal2(base, metrics)
    return { version, vector, base, threat, environmental, overall: environmental ?? threat ?? base }
  }
  const threat = temporal ?? base
  return { version, vector, base, threat, environmental: environmental ?? unmodified(Calculator, bare) ?? threat, overall }
}

/** CVSS v2 §3.2.2: the factors of the temporal metrics; what is not defined counts 1. */
const FACTORS: Readonly<Record<string, number>> = {
  'E:U': 0.85,
  'E:POC': 0.9,
  'E:F': 0.95,
  'RL:OF': 0.87,
  'RL:TF': 0.9,
  'RL:W': 0.95,
  'RC:UC': 0.9,
  'RC:UR': 0.95,
}

/** Counted here, in whole steps of a hundred thousandth: the library rounds 9.0 × 0.95 down, for binary fractions fall short of it. */
function temporal2(base: number, metrics: readonly string[]): number {
  const score = metrics.reduce((product, metric) => product * (FACTORS[metric] ?? 1), base)
  return Math.round(Math.round(score * 1e5) / 1e4) / 10
}

type Calculator = new (vector: string) => { calculateScores(): { readonly environmental: number | undefined } }

/**
 * Version 3.1 scores the environment by a formula of its own, so that the score differs from the base even where no
 * metric is modified (§7.3). The library leaves it out there; a requirement of medium weighs 1 and calls for it.
 */
function unmodified(Calculator: Calculator, vector: string): number | undefined {
  return new Calculator(`${vector}/CR:M`).calculateScores().environmental
}

export const SEVERITIES = ['none', 'low', 'medium', 'high', 'critical'] as const
export type Severity = (typeof SEVERITIES)[number]

/** The qualitative rating of CVSS 3 and 4; version 2's scores are rated the same way, so that one list has one scale. */
export function severityOf(score: number): Severity {
  if (score >= 9) return 'critical'
  if (score >= 7) return 'high'
  if (score >= 4) return 'medium'
  return score > 0 ? 'low' : 'none'
}
