import type { Template, Usual } from './schema.ts'

const promise = (
  measure: string,
  comparator: Usual['comparator'],
  target: number,
  [window, maxEvidenceAge]: readonly [string, string],
  params: Usual['params'],
): Pick<Template, 'measure' | 'usual'> => ({ measure, usual: { comparator, target, window, maxEvidenceAge, params } })

const WEEK = ['P7D', 'P7D'] as const
const QUARTER = ['P92D', 'P92D'] as const

/**
 * Figures that the usual card promises and no room can supply by itself yet, each by the name of its series. Make the series,
 * push into it or say where to ask, and the objective is complete.
 */
export const TEMPLATES: readonly Template[] = [
  {
    series: 'vulnerability-mttr',
    unit: 'seconds',
    title: { en: 'Time to fix grave vulnerabilities', ja: '深刻な脆弱性の修正時間（MTTR）' },
    definition: {
      en: 'Mean seconds from finding to fix of vulnerabilities with CVSS 9.0 or more on systems that the internet reaches.',
      ja: 'インターネットに公開されたシステムのCVSS 9.0以上の脆弱性について、発見から修正までの平均秒数。',
    },
    source: { en: 'The vulnerability scanner or the tickets of patching.', ja: '脆弱性スキャナー、またはパッチ対応のチケット。' },
    ...promise('external.seconds', '<=', 259_200, WEEK, { series: 'vulnerability-mttr' }),
  },
  {
    series: 'mfa-coverage',
    unit: 'percent',
    title: { en: 'Privileged accounts with MFA', ja: '特権アカウントの多要素認証率' },
    definition: {
      en: 'Privileged accounts of the identity provider that must show a second factor, of all privileged accounts. Push good and bad.',
      ja: '認証基盤の特権アカウントのうち、多要素認証が必須のものの割合。good と bad の件数で送ります。',
    },
    source: { en: 'A report of the identity provider.', ja: '認証基盤のレポート。' },
    ...promise('external.percent', '>=', 100, ['P1D', 'P1D'], { series: 'mfa-coverage' }),
  },
  {
    series: 'hard-coded-secrets',
    unit: 'count',
    title: { en: 'Hard-coded secrets', ja: 'ハードコードされた秘密情報' },
    definition: {
      en: 'Secrets in the code of the product, as the scan of the main branch finds them.',
      ja: '製品コードに残る秘密情報の件数（メインブランチの検査結果）。',
    },
    source: { en: 'The secret scanner of the build.', ja: 'ビルドの秘密情報スキャナー。' },
    ...promise('external.count', '=', 0, ['P1D', 'P1D'], { series: 'hard-coded-secrets', statistic: 'last' }),
  },
  {
    series: 'edr-coverage',
    unit: 'percent',
    title: { en: 'EDR coverage', ja: 'EDRカバレッジ' },
    definition: {
      en: 'Endpoints with a running EDR agent, of all endpoints, where the list of assets in Kanpeki is not the whole one.',
      ja: '端末のうちEDRエージェントが稼働しているものの割合（資産台帳がKanpekiの外にある場合）。',
    },
    source: { en: 'The console of the EDR.', ja: 'EDRの管理コンソール。' },
    ...promise('external.percent', '>=', 100, ['P1D', 'P1D'], { series: 'edr-coverage' }),
  },
  {
    series: 'p1-mttr',
    unit: 'seconds',
    title: { en: 'P1 time to recover', ja: 'P1の対応完了時間（MTTR）' },
    definition: {
      en: 'Mean seconds from alert to containment and repair of incidents of priority 1.',
      ja: '優先度1のインシデントについて、検知から封じ込め・復旧までの平均秒数。',
    },
    source: { en: 'The ticket system of incidents.', ja: 'インシデント管理のチケット。' },
    ...promise('external.seconds', '<=', 7200, ['P30D', 'P30D'], { series: 'p1-mttr' }),
  },
  {
    series: 'containment-automation',
    unit: 'percent',
    title: { en: 'Containment done by machines', ja: '隔離・遮断の自動化率' },
    definition: {
      en: 'Isolations and blocks that ran without a person, of all of them.',
      ja: '隔離・遮断のうち、人手を介さず実行されたものの割合。',
    },
    source: { en: 'The orchestration or the firewall’s own record.', ja: '自動対応基盤、またはファイアウォールの記録。' },
    ...promise('external.percent', '>=', 70, ['P30D', 'P7D'], { series: 'containment-automation' }),
  },
  {
    series: 'rto',
    unit: 'seconds',
    title: { en: 'Recovery time in rehearsals (RTO)', ja: '復元訓練での復旧時間（RTO）' },
    definition: {
      en: 'Seconds from the decision to restore until the service answered, in the last rehearsal.',
      ja: '直近の復元訓練で、復元の判断からサービス再開までにかかった秒数。',
    },
    source: { en: 'The record of restore rehearsals.', ja: '復元訓練の記録。' },
    ...promise('external.seconds', '<=', 14_400, QUARTER, { series: 'rto' }),
  },
  {
    series: 'rpo',
    unit: 'seconds',
    title: { en: 'Data lost in rehearsals (RPO)', ja: '復元訓練での損失時間（RPO）' },
    definition: {
      en: 'Seconds between the newest restored record and the assumed failure, in the last rehearsal.',
      ja: '直近の復元訓練で、想定した障害時刻と復元できた最新データとの差（秒）。',
    },
    source: { en: 'The record of restore rehearsals.', ja: '復元訓練の記録。' },
    ...promise('external.seconds', '<=', 900, QUARTER, { series: 'rpo' }),
  },
  {
    series: 'restore-rehearsal',
    unit: 'count',
    title: { en: 'Restore rehearsed each quarter', ja: '四半期ごとの復元訓練' },
    definition: {
      en: 'One sample for each finished rehearsal (the value is how many systems were restored); the card counts the days since.',
      ja: '訓練を終えるたびに1件送ります（値は復元したシステム数）。宣言では前回からの日数を数えます。',
    },
    source: { en: 'The record of restore rehearsals.', ja: '復元訓練の記録。' },
    ...promise('external.days', '<=', 92, ['P200D', 'P1D'], { series: 'restore-rehearsal', statistic: 'age' }),
  },
  {
    series: 'backup-check',
    unit: 'count',
    title: { en: 'Backups checked each week', ja: 'バックアップの整合性確認（週次）' },
    definition: {
      en: 'One sample for each check of integrity that found no error (the value is how many backups were read).',
      ja: '誤りのなかった整合性確認ごとに1件送ります（値は確認したバックアップ数）。',
    },
    source: { en: 'The backup software.', ja: 'バックアップソフトウェア。' },
    ...promise('external.days', '<=', 7, ['P30D', 'P1D'], { series: 'backup-check', statistic: 'age' }),
  },
  {
    series: 'privileged-misuse',
    unit: 'count',
    title: { en: 'Misuse of privileged accounts', ja: '特権アカウントの不正使用' },
    definition: {
      en: 'Confirmed cases in the quarter, where no query of events can tell; otherwise forbid the event itself in the card.',
      ja: '四半期内に確認された件数。イベントの検索式で表せる場合は、宣言の forbidden に書きます。',
    },
    source: { en: 'The review of privileged sessions.', ja: '特権操作の点検記録。' },
    ...promise('external.count', '=', 0, ['P90D', 'P7D'], { series: 'privileged-misuse', statistic: 'sum' }),
  },
  {
    series: 'training',
    unit: 'percent',
    title: { en: 'People trained this year', ja: '年次教育の受講率' },
    definition: { en: 'People who finished this year’s security training.', ja: '今年のセキュリティ教育を修了した人の割合。' },
    source: { en: 'The learning platform.', ja: '学習管理システム。' },
    ...promise('external.percent', '>=', 95, ['P30D', 'P30D'], { series: 'training' }),
  },
]
