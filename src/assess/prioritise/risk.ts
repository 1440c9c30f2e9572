import type { Severity } from '../cvss/score.ts'
import {
  type CisaDecision,
  type DeployerDecision,
  decideCisa,
  decideDeployer,
  type Exploitation,
  type Exposure,
  type Impact,
} from './ssvc.ts'

/** What is known of a weakness, wherever it was reported. */
export interface Weakness {
  readonly severity: Severity | null
  readonly score: number | null
  readonly vector: string | null
  /** Since when CISA lists it as exploited; null where it does not. */
  readonly exploited: string | null
  readonly epss: number | null
  /** What records of its CVEs say of exploits; left out where none was asked. */
  readonly exploit?: Exploitation
}

/** What is known of the asset that has it. */
export interface Surroundings {
  /** The label `exposure`; null where nobody said. */
  readonly exposure: string | null
  /** Null where the asset is not listed. */
  readonly criticality: 'low' | 'medium' | 'high' | 'critical' | null
  /** Whether the part runs; null where nobody looked. */
  readonly inUse: boolean | null
}

export interface Words {
  readonly en: string
  readonly ja: string
}

/** One step of a decision or part of a score, in words. */
export interface Reason extends Words {
  readonly point: 'exploitation' | 'exposure' | 'automatable' | 'impact' | 'technical' | 'severity' | 'use'
  /** What it adds to the score. */
  readonly points: number
}

export interface Risk {
  /** 0–100: the sum of the reasons' points. It orders; what is to be done says the decision. */
  readonly score: number
  readonly reasons: readonly Reason[]
  readonly decision: DeployerDecision
  readonly cisa: CisaDecision
}

/** From this likelihood on an exploit is taken to be public. */
const LIKELY = 0.1

/** Weighs a weakness where it is: pure. What is not known counts as the graver of what is likely, and its reason says so. */
export function riskOf(weakness: Weakness, around: Surroundings): Risk {
  const exploitation = exploitationOf(weakness)
  const exposure = exposureOf(around.exposure)
  const automatable = automatableOf(weakness.vector)
  const impact = impactOf(around.criticality)
  const total = totalOf(weakness.vector)
  const reasons: Reason[] = [
    exploitationReason(weakness, exploitation),
    severityReason(weakness),
    exposureReason(around.exposure, exposure),
    impactReason(around.criticality, impact),
    automatable === null
      ? {
          point: 'automatable',
          points: 3,
          en: 'whether attacks can be automated is not known: taken as yes',
          ja: '攻撃の自動化の可否は不明（可能とみなす）',
        }
      : automatable
        ? { point: 'automatable', points: 5, en: 'attacks can be automated', ja: '攻撃を自動化できる' }
        : { point: 'automatable', points: 0, en: 'attacks cannot simply be automated', ja: '攻撃の自動化は難しい' },
    total
      ? { point: 'technical', points: 0, en: 'it gives full control', ja: '完全な制御を奪われる' }
      : { point: 'technical', points: 0, en: 'it gives part of the control', ja: '影響は部分的' },
    ...(around.inUse === null ? [] : [useReason(around.inUse)]),
  ]
  return {
    score: Math.max(0, Math.min(100, Math.round(reasons.reduce((sum, { points }) => sum + points, 0)))),
    reasons,
    decision: decideDeployer(exploitation, exposure, automatable ?? true, impact),
    cisa: decideCisa(exploitation, automatable ?? true, total, impact),
  }
}

export function exploitationOf({ exploited, epss, vector, exploit = 'none' }: Weakness): Exploitation {
  if (exploited !== null || exploit === 'active') return 'active'
  // Exploit maturity of version 4, exploitability of 3 and 2.
  if (vector !== null && /\/E:A(\/|$)/.test(vector)) return 'active'
  const shown = vector !== null && /\/E:(P|F|H|POC)(\/|$)/.test(vector)
  return shown || exploit === 'poc' || (epss ?? 0) >= LIKELY ? 'poc' : 'none'
}

function exploitationReason({ exploited, epss, exploit }: Weakness, exploitation: Exploitation): Reason {
  const likely = epss === null ? '' : `${(epss * 100).toFixed(1)} %`
  if (exploitation === 'active')
    return {
      point: 'exploitation',
      points: 40,
      ...(exploited !== null
        ? {
            en: `it is exploited: in CISA’s catalogue since ${exploited}`,
            ja: `悪用が確認されている（CISA KEV、${exploited}から）`,
          }
        : exploit === 'active'
          ? { en: 'it is exploited (by the assessment in its CVE)', ja: '悪用が確認されている（CVEに付された評価）' }
          : { en: 'it is exploited (by its vector)', ja: '悪用が確認されている（ベクトルの値）' }),
    }
  if (exploit === 'poc')
    return {
      point: 'exploitation',
      points: 15 + 15 * (epss ?? 0),
      en: `an exploit is public, by its CVE${likely === '' ? '' : ` (EPSS ${likely})`}`,
      ja: `攻撃コードが公開されている（CVEの情報）${likely === '' ? '' : `（EPSS ${likely}）`}`,
    }
  if (exploitation === 'poc')
    return {
      point: 'exploitation',
      points: 15 + 15 * (epss ?? 0),
      en: `an exploit is likely to be public${likely === '' ? '' : ` (EPSS ${likely})`}`,
      ja: `攻撃コードが出回っている可能性が高い${likely === '' ? '' : `（EPSS ${likely}）`}`,
    }
  return {
    point: 'exploitation',
    points: 15 * (epss ?? 0),
    en: likely === '' ? 'no exploitation is known' : `no exploitation is known (EPSS ${likely})`,
    ja: likely === '' ? '悪用の情報なし' : `悪用の情報なし（EPSS ${likely}）`,
  }
}

const WORD_SCORE: Readonly<Record<Severity, number>> = { none: 0, low: 2.5, medium: 5, high: 7.5, critical: 9.5 }
const SEVERITY_JA: Readonly<Record<Severity, string>> = {
  none: 'なし',
  low: '低',
  medium: '中',
  high: '高',
  critical: '緊急',
}

function severityReason({ severity, score }: Weakness): Reason {
  if (severity === null)
    return {
      point: 'severity',
      points: 15,
      en: 'nobody rated it: counted as medium',
      ja: '深刻度の評価なし（「中」として扱う）',
    }
  const figure = score === null ? '' : ` ${score.toFixed(1)}`
  return {
    point: 'severity',
    points: 3 * (score ?? WORD_SCORE[severity]),
    en: `its severity is ${severity}${figure}`,
    ja: `深刻度は「${SEVERITY_JA[severity]}」${figure}`,
  }
}

const OPEN = /^(internet|public|open|external|yes|true)$/i
const SMALL = /^(small|none|isolated|air-?gapped|local)$/i

/** Whether a label `exposure` says that the internet reaches it. */
export function isExposed(label: string | null): boolean {
  return label !== null && OPEN.test(label)
}

function exposureOf(label: string | null): Exposure {
  if (label === null) return 'controlled'
  return isExposed(label) ? 'open' : SMALL.test(label) ? 'small' : 'controlled'
}

function exposureReason(label: string | null, exposure: Exposure): Reason {
  if (label === null)
    return {
      point: 'exposure',
      points: 6,
      en: 'the asset has no label exposure: taken as reachable from within',
      ja: '資産に exposure ラベルがない（社内から到達可能とみなす）',
    }
  if (exposure === 'open')
    return {
      point: 'exposure',
      points: 12,
      en: 'the asset is reachable from the internet',
      ja: 'インターネットから到達できる資産',
    }
  if (exposure === 'small') return { point: 'exposure', points: 0, en: 'the asset is cut off', ja: '隔離された資産' }
  return { point: 'exposure', points: 5, en: 'the asset is reachable from within', ja: '社内からのみ到達できる資産' }
}

function impactOf(criticality: Surroundings['criticality']): Impact {
  return criticality === 'critical' ? 'very-high' : (criticality ?? 'medium')
}

const IMPACT_WORDS: Readonly<Record<Impact, Words & { readonly points: number }>> = {
  low: { points: 0, en: 'what the asset does matters little', ja: '資産の重要度は「低」' },
  medium: { points: 4, en: 'what the asset does matters', ja: '資産の重要度は「中」' },
  high: { points: 8, en: 'what the asset does matters much', ja: '資産の重要度は「高」' },
  'very-high': { points: 13, en: 'the mission depends on the asset', ja: '資産の重要度は「最重要」' },
}

function impactReason(criticality: Surroundings['criticality'], impact: Impact): Reason {
  if (criticality === null)
    return {
      point: 'impact',
      points: IMPACT_WORDS.medium.points,
      en: 'the asset is not listed: taken as of medium weight',
      ja: '資産が登録されていない（重要度「中」とみなす）',
    }
  return { point: 'impact', ...IMPACT_WORDS[impact] }
}

function useReason(inUse: boolean): Reason {
  return inUse
    ? { point: 'use', points: 0, en: 'it runs', ja: '実行中（使用されている）' }
    : { point: 'use', points: -20, en: 'it is installed and does not run', ja: '導入済みだが実行されていない' }
}

/** Reaching many targets without anybody's help: by network, simply, without an account and without a user. */
function automatableOf(vector: string | null): boolean | null {
  if (vector === null) return null
  const metrics = new Map(vector.split('/').map((one) => one.split(':') as [string, string]))
  const stated = metrics.get('AU')
  if (vector.startsWith('CVSS:4') && (stated === 'Y' || stated === 'N')) return stated === 'Y'
  const network = metrics.get('AV') === 'N' && metrics.get('AC') === 'L'
  if (!vector.startsWith('CVSS:')) return network && stated === 'N'
  return network && metrics.get('PR') === 'N' && metrics.get('UI') === 'N' && (metrics.get('AT') ?? 'N') === 'N'
}

/** CISA: total where all of confidentiality and integrity is lost. What is not known is taken as total. */
function totalOf(vector: string | null): boolean {
  if (vector === null) return true
  const metrics = new Map(vector.split('/').map((one) => one.split(':') as [string, string]))
  const all = (short: string, long: string): boolean => ['H', 'C'].includes(metrics.get(long) ?? metrics.get(short) ?? '')
  return all('C', 'VC') && all('I', 'VI')
}
