import type { Comparator, Forbidden, Objective } from '../../declare/schema.ts'
import type { JsonObject } from '../../kernel/json.ts'
import type { Text } from './schema.ts'

interface Starter {
  readonly id: string
  readonly title: Text
  readonly measure: string
  readonly params: JsonObject
  readonly comparator: Comparator
  readonly target: number
  readonly window: string
}

/** What a team does well already, as the founding paper advises: detection, multi-factor, EDR, patching, backup. */
export const STARTERS: readonly Starter[] = [
  {
    id: 'alert-delay',
    title: { en: 'Alert delay', ja: 'アラート遅延' },
    measure: 'detect.alert-delay',
    params: { statistic: 'mean', since: 'received' },
    comparator: '<=',
    target: 300,
    window: 'P7D',
  },
  {
    id: 'attack-paths',
    title: { en: 'Attack paths proven by execution', ja: '実行で確かめた攻撃経路' },
    measure: 'detect.attack-coverage',
    params: { techniques: ['T1110', 'T1505.003', 'T1021.001', 'T1048'] },
    comparator: '>=',
    target: 90,
    window: 'P7D',
  },
  {
    id: 'privileged-mfa',
    title: { en: 'Privileged people with a second factor', ja: '特権を持つ人の多要素認証' },
    measure: 'access.privileged-mfa',
    params: {},
    comparator: '>=',
    target: 100,
    window: 'P1D',
  },
  {
    id: 'silent-hosts',
    title: { en: 'Hosts gone silent', ja: '途絶えたホスト' },
    measure: 'collect.silent-hosts',
    params: {},
    comparator: '<=',
    target: 0,
    window: 'P1D',
  },
  {
    id: 'sources-complete',
    title: { en: 'Sources complete', ja: '収集の完全性' },
    measure: 'collect.source-completeness',
    params: {},
    comparator: '>=',
    target: 99,
    window: 'P1D',
  },
  {
    id: 'patch-time',
    title: { en: 'Time to patch CVSS 9 and above', ja: 'CVSS 9以上の修正までの時間' },
    measure: 'external.seconds',
    params: { series: 'patch-time' },
    comparator: '<=',
    target: 259_200,
    window: 'P30D',
  },
  {
    id: 'backup-check',
    title: { en: 'Days since the last backup check', ja: '前回のバックアップ検査からの日数' },
    measure: 'external.days',
    params: { series: 'backup-check' },
    comparator: '<=',
    target: 7,
    window: 'P7D',
  },
]

/** A failure that must not happen, in every first card: it needs no choice. */
export const FORBIDDEN: Forbidden = {
  id: 'log-cleared',
  title: { en: 'An audit log was cleared', ja: '監査ログの消去' },
  query: 'event.code:(1102 OR 104) AND winlog.channel:(Security OR System)',
  window: 'P30D',
  maxEvidenceAge: 'PT1H',
}

export function objectiveOf({ id, title, measure, params, comparator, target, window }: Starter): Objective {
  return { id, title, measure, params, comparator, target, window, margin: 0, maxEvidenceAge: 'P1D' }
}
