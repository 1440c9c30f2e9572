import type { About, Usual } from './schema.ts'

type Entry = About & { readonly usual: Usual }

const STATISTIC = {
  name: 'statistic',
  meaning: { en: 'mean, p50, p95 (by default) or max', ja: 'mean・p50・p95（既定）・max のいずれか' },
}
const SEVERITY = {
  name: 'severity',
  meaning: { en: 'Priorities that count, e.g. [1, 2]; all by default', ja: '対象とする優先度（例 [1, 2]）。既定はすべて' },
}
const ALERTS = { en: 'Alerts and verdicts of this installation.', ja: 'この環境のアラートと判定。' }
const ALERT_PROOF = {
  en: 'Every alert and verdict is a leaf; the reading names the slowest twenty.',
  ja: 'アラートと判定はすべて台帳の葉です。計測には遅い20件の番号が入ります。',
}
const AT_ONCE = {
  en: 'Counted when asked; unknown while the window holds none.',
  ja: '問い合わせのたびに集計します。対象期間に1件もなければ未実証です。',
}
const NOW = { en: 'As things stand when asked.', ja: '問い合わせた時点の状態です。' }
const ARRIVALS = { en: 'The accounts of every source, minute by minute.', ja: '収集元ごと・分ごとの受信記録。' }
const BATCHES = {
  en: 'Every batch and every gap is a leaf with its numbers.',
  ja: '受信の単位と欠落は、件数とともに台帳の葉になっています。',
}
const FIREWALLS = {
  en: 'Events of firewalls (kanpeki waf), by the time they arrived.',
  ja: 'WAF（kanpeki waf）のイベント。到着時刻で数えます。',
}
const INCIDENTS = {
  en: 'Incidents, by the time at which each change of state was written into the ledger. Exercises never count.',
  ja: 'インシデントの状態が変わるたびに台帳へ記録した時刻。演習は数えません。',
}
const INCIDENT_PROOF = {
  en: 'Every deed is a leaf with who did it and when; the reading names the incidents.',
  ja: '対応は一件ずつ、実施者と時刻とともに台帳の葉になり、計測にはインシデントの番号が入ります。',
}
const GRADE = {
  name: 'severity',
  meaning: {
    en: 'A severity from 1 to 4, or a list of them; all by default',
    ja: '重大度（1〜4）、またはその一覧。既定はすべて',
  },
}
const STATISTIC_MEAN = {
  name: 'statistic',
  meaning: { en: 'mean (by default), p50, p95 or max', ja: 'mean（既定）・p50・p95・max のいずれか' },
}
const OUTSIDE = {
  definition: {
    en: 'A figure that something else measured: the newest sample of a series, or a statistic over its samples in the window.',
    ja: '外部で計測された値。系列の最新値、または対象期間の統計値です。',
  },
  source: {
    en: 'A series: pushed, or asked for over HTTP, from Prometheus or PostgreSQL, or received as OpenTelemetry metrics.',
    ja: '計測系列。プッシュ、HTTP・Prometheus・PostgreSQLへの問い合わせ、OpenTelemetryのメトリクスのいずれか。',
  },
  freshness: {
    en: 'As old as the newest sample; a series that falls silent makes its objective unproven.',
    ja: '最新値の時刻がそのまま鮮度です。値が途絶えると、その目標は未実証になります。',
  },
  proof: {
    en: 'Every sample is a leaf with who gave it; the reading holds the hashes of the samples it used.',
    ja: '値は一つずつ、送り手の名前とともに台帳の葉になり、計測には使った値のハッシュが入ります。',
  },
  params: [
    { name: 'series', meaning: { en: 'The name of the series', ja: '系列の名前' } },
    {
      name: 'statistic',
      meaning: { en: 'last (by default), mean, min, max, p95 or sum', ja: 'last（既定）・mean・min・max・p95・sum のいずれか' },
    },
  ],
} satisfies About

const usual = (
  comparator: Usual['comparator'],
  target: number,
  window: string,
  maxEvidenceAge = 'PT1H',
  params: Usual['params'] = {},
) => ({
  usual: { comparator, target, window, maxEvidenceAge, params },
})

/** What is known of every measure, by its id. A test compares this list with the measures that run. */
export const MEASURE_CATALOGUE: Readonly<Record<string, Entry>> = {
  'detect.attack-coverage': {
    definition: {
      en: 'Techniques of ATT&CK whose scenario was executed through the real ingest path within the window and raised its alert, of all that were asked for.',
      ja: '対象のATT&CK手法のうち、期間内に実際の収集経路で攻撃シナリオを実行し、アラートが上がったものの割合。',
    },
    source: { en: 'Executed scenarios (self-test).', ja: '実行した攻撃シナリオ（セルフテスト）。' },
    freshness: {
      en: 'Scenarios run every day; one that was not executed within the window counts as unknown.',
      ja: 'シナリオは毎日実行されます。期間内に実行されなかった手法は不明と数えます。',
    },
    proof: {
      en: 'Every execution is a leaf with the alert it raised or missed.',
      ja: '実行は一回ごとに、上がった（または上がらなかった）アラートとともに台帳の葉になります。',
    },
    params: [
      { name: 'set', meaning: { en: 'core (by default), rules or all', ja: 'core（既定）・rules・all のいずれか' } },
      { name: 'techniques', meaning: { en: 'Or a list of ids, e.g. [T1110]', ja: 'または手法番号の並び（例 [T1110]）' } },
    ],
    ...usual('>=', 90, 'P7D'),
  },
  'detect.alert-delay': {
    definition: {
      en: 'Seconds from an event to its alert: from when it was received, or, with since: observed, from when it happened (mean time to detect).',
      ja: 'イベントからアラートまでの秒数。受信時刻から、または since: observed で発生時刻から数えます（平均検知時間、MTTD）。',
    },
    source: ALERTS,
    freshness: AT_ONCE,
    proof: ALERT_PROOF,
    params: [
      STATISTIC,
      SEVERITY,
      { name: 'since', meaning: { en: 'received (by default) or observed', ja: 'received（既定）または observed' } },
    ],
    ...usual('<=', 300, 'P7D', 'PT1H', { statistic: 'mean' }),
  },
  'detect.time-to-acknowledge': {
    definition: {
      en: 'Seconds until a person takes up an alert; one that still waits has waited until now.',
      ja: '担当者が着手するまでの秒数。着手待ちのアラートは現在まで待ったものとして数えます。',
    },
    source: ALERTS,
    freshness: AT_ONCE,
    proof: ALERT_PROOF,
    params: [STATISTIC, SEVERITY],
    ...usual('<=', 900, 'P14D', 'PT1H', { severity: [1] }),
  },
  'detect.time-to-verdict': {
    definition: {
      en: 'Seconds until an alert is judged; one that is open still counts until now.',
      ja: '判定が下るまでの秒数。未判定のアラートは現在までの時間を数えます。',
    },
    source: ALERTS,
    freshness: AT_ONCE,
    proof: ALERT_PROOF,
    params: [STATISTIC, SEVERITY],
    ...usual('<=', 7200, 'P30D', 'PT1H', { severity: [1] }),
  },
  'detect.p1-precision': {
    definition: {
      en: 'Alerts of priority 1 that were judged true, of all judged ones and those nobody judged in time.',
      ja: '優先度1のアラートのうち真と判定された割合。期限内に判定されなかったものも分母に含めます。',
    },
    source: ALERTS,
    freshness: AT_ONCE,
    proof: ALERT_PROOF,
    params: [
      SEVERITY,
      { name: 'judgeWithin', meaning: { en: 'Seconds until silence counts against it', ja: '判定の期限（秒）' } },
    ],
    ...usual('>=', 80, 'P30D'),
  },
  'collect.source-completeness': {
    definition: {
      en: 'Records that arrived, of those that arrived and those known to be missing by sequence numbers.',
      ja: '届いた記録の割合。連番の欠けから欠落と分かったものを分母に含めます。',
    },
    source: ARRIVALS,
    freshness: AT_ONCE,
    proof: BATCHES,
    params: [],
    ...usual('>=', 99, 'P1D', 'PT15M'),
  },
  'collect.completeness': {
    definition: { en: 'The same as collect.source-completeness.', ja: 'collect.source-completeness と同じです。' },
    source: ARRIVALS,
    freshness: AT_ONCE,
    proof: BATCHES,
    params: [],
    ...usual('>=', 99, 'P1D', 'PT15M'),
  },
  'collect.silent-hosts': {
    definition: { en: 'Hosts that used to send and have stopped.', ja: '送信が続いていたのに途絶えたホストの数。' },
    source: { en: 'When each host was last heard.', ja: 'ホストごとの最終受信。' },
    freshness: NOW,
    proof: { en: 'The reading names the hosts.', ja: '計測にホスト名が入ります。' },
    params: [],
    ...usual('=', 0, 'P1D', 'PT15M'),
  },
  'collect.asset-coverage': {
    definition: {
      en: 'Assets on record that were heard within the window under any of their names: coverage of endpoints (EDR).',
      ja: '登録済みの資産のうち、期間内にイベントが届いたものの割合（EDRカバレッジ）。',
    },
    source: { en: 'The list of assets, and the hosts that were heard.', ja: '資産台帳と、受信のあったホスト。' },
    freshness: NOW,
    proof: { en: 'The reading names assets that were not heard.', ja: '計測に、届いていない資産の名前が入ります。' },
    params: [{ name: 'labels', meaning: { en: 'Only assets with these labels', ja: 'このラベルを持つ資産だけを対象にする' } }],
    ...usual('>=', 100, 'P1D', 'PT15M'),
  },
  'collect.clock-skew': {
    definition: { en: 'Hosts whose clock cannot be believed.', ja: '時計が信用できないホストの数。' },
    source: { en: 'The delay between a host’s clock and ours.', ja: 'ホストの時計とこちらの時計の差。' },
    freshness: NOW,
    proof: { en: 'The reading names the hosts.', ja: '計測にホスト名が入ります。' },
    params: [],
    ...usual('=', 0, 'P1D', 'PT15M'),
  },
  'collect.lost-events': {
    definition: { en: 'Events known to be lost within the window.', ja: '期間内に失われたと分かっているイベントの数。' },
    source: ARRIVALS,
    freshness: AT_ONCE,
    proof: BATCHES,
    params: [],
    ...usual('=', 0, 'P7D', 'PT15M'),
  },
  'events.forbidden-count': {
    definition: {
      en: 'Events that match a query that must match none. Zero counts only while events arrive at all.',
      ja: 'あってはならないイベントの件数。0件は、イベントが届いているあいだだけ有効です。',
    },
    source: { en: 'Stored events, by the time they were received.', ja: '保存されたイベント（受信時刻で数えます）。' },
    freshness: { en: 'As old as the newest event of the scope.', ja: '範囲内の最新イベントの時刻が鮮度です。' },
    proof: {
      en: 'The reading names the events; each has its proof in its batch.',
      ja: '計測にイベント番号が入り、イベントごとに受信単位での証明があります。',
    },
    params: [{ name: 'query', meaning: { en: 'A query as on the Timeline page', ja: 'タイムラインと同じ検索式' } }],
    ...usual('=', 0, 'P90D', 'PT6H', { query: 'event.code:1102' }),
  },
  'access.review-age': {
    definition: { en: 'Days since the last access review was finished.', ja: '前回のアクセスレビュー完了からの日数。' },
    source: { en: 'Access reviews of this installation.', ja: 'この環境のアクセスレビュー。' },
    freshness: NOW,
    proof: { en: 'The reading holds the hash of the finished review.', ja: '計測に、完了したレビューのハッシュが入ります。' },
    params: [],
    ...usual('<=', 92, 'P92D', 'P1D'),
  },
  'access.privileged-mfa': {
    definition: {
      en: 'People with a privileged role in Kanpeki who have a second factor. Accounts elsewhere: the series mfa-coverage.',
      ja: 'Kanpekiで特権ロールを持つ人のうち、二要素認証を設定している割合。ほかのシステムは系列 mfa-coverage で補います。',
    },
    source: { en: 'Accounts and factors of this installation.', ja: 'この環境のアカウントと認証要素。' },
    freshness: NOW,
    proof: { en: 'The reading names who lacks one.', ja: '計測に、未設定の人の名前が入ります。' },
    params: [],
    ...usual('>=', 100, 'P1D', 'P1D'),
  },
  'assess.vulnerability-mttr': {
    definition: {
      en: 'Seconds from the first sight of a vulnerability with CVSS 9.0 or more to the list of installed software that no longer has it; an open one has waited until now.',
      ja: 'CVSS 9.0以上の脆弱性を初めて検出してから、構成一覧で解消を確認するまでの秒数。未対応のものは現在までの時間で数えます。',
    },
    source: { en: 'Lists of what is installed, judged by advisories.', ja: '資産の構成一覧と、アドバイザリによる判定。' },
    freshness: { en: 'As old as the oldest list that counts.', ja: '対象となる構成一覧のうち最も古いものの時刻が鮮度です。' },
    proof: {
      en: 'Every list is a leaf with its hash; the reading names what is open and the lists.',
      ja: '構成一覧は一つずつハッシュとともに台帳の葉になり、計測には未対応のものと一覧が入ります。',
    },
    params: [
      {
        name: 'score',
        meaning: { en: 'The least CVSS score that counts, 9 by default', ja: '対象とするCVSSスコアの下限（既定は9）' },
      },
      {
        name: 'label',
        meaning: {
          en: 'Only assets with this label, e.g. exposure=internet',
          ja: 'このラベルの資産のみ（例 exposure=internet）',
        },
      },
      { name: 'statistic', meaning: { en: 'mean (by default) or max', ja: 'mean（既定）または max' } },
    ],
    ...usual('<=', 259_200, 'P30D', 'P7D', { label: 'exposure=internet' }),
  },
  'assess.mttr-critical-exposed': {
    definition: {
      en: 'Seconds from the first sight of a vulnerability with CVSS 9.0 or more on an asset labelled exposure=internet to the scan that no longer finds it; an open one has waited until now.',
      ja: '「exposure=internet」の資産にあるCVSS 9.0以上の脆弱性を、初めて検出してから再スキャンで解消を確認するまでの秒数。未対応のものは現在までの時間で数えます。',
    },
    source: {
      en: 'Lists of what is installed, and reports of other scanners.',
      ja: '資産の構成一覧と、ほかのスキャナーの報告。',
    },
    freshness: { en: 'As old as the oldest scan that counts.', ja: '対象となるスキャンのうち最も古いものの時刻が鮮度です。' },
    proof: {
      en: 'The reading names what is open, the scans, and where in the ledger each fix is proved.',
      ja: '計測には、未対応のもの、スキャン、修正を証明する台帳の番号が入ります。',
    },
    params: [{ name: 'statistic', meaning: { en: 'mean (by default) or max', ja: 'mean（既定）または max' } }],
    ...usual('<=', 259_200, 'P30D', 'P7D'),
  },
  'assess.hard-coded-secrets': {
    definition: {
      en: 'Secrets that scans of source code find and that are still there; without a scan within the window it is unknown.',
      ja: 'ソースコードのスキャンで見つかり、まだ残っている秘密情報の件数。対象期間にスキャンがなければ「不明」です。',
    },
    source: {
      en: 'kanpeki scan secrets, and reports of other secret scanners.',
      ja: 'kanpeki scan secrets と、ほかのシークレットスキャナーの報告。',
    },
    freshness: { en: 'As old as the oldest scan that counts.', ja: '対象となるスキャンのうち最も古いものの時刻が鮮度です。' },
    proof: {
      en: 'Every scan is a leaf with its hash; the reading names where the secrets are, never the secrets.',
      ja: 'スキャンは一つずつハッシュとともに台帳の葉になります。計測に入るのは場所だけで、値は入りません。',
    },
    params: [],
    ...usual('<=', 0, 'P7D', 'P1D'),
  },
  'assess.scan-coverage': {
    definition: {
      en: 'Assets of which a list of installed software came within the window.',
      ja: '対象期間に構成一覧が届いた資産の割合。',
    },
    source: { en: 'Assets, and lists of what is installed.', ja: '資産の一覧と、届いた構成一覧。' },
    freshness: NOW,
    proof: { en: 'The reading names assets without a list.', ja: '計測に、構成一覧のない資産の名前が入ります。' },
    params: [],
    ...usual('>=', 95, 'P7D', 'P1D'),
  },
  'protect.blocked-attacks': {
    definition: {
      en: 'Requests that a firewall stopped for what its rules found. Good to know; a goal for it would reward noise.',
      ja: 'WAFのルールが遮断したリクエストの件数。把握のための値です。目標にすると誤検知を助長しかねません。',
    },
    source: FIREWALLS,
    freshness: AT_ONCE,
    proof: BATCHES,
    params: [],
    ...usual('>=', 0, 'P7D', 'P1D'),
  },
  'protect.enforcement': {
    definition: {
      en: 'Share of requests that went through a firewall in blocking; the rest was only watched.',
      ja: '遮断モードのWAFを通ったリクエストの割合。残りは検知だけで通過しています。',
    },
    source: FIREWALLS,
    freshness: AT_ONCE,
    proof: BATCHES,
    params: [],
    ...usual('>=', 99, 'P7D', 'P1D'),
  },
  'protect.application-coverage': {
    definition: {
      en: 'Declared applications, by host name, of which a firewall reported at least one request: those listed, or those of the page Protect.',
      ja: '宣言したアプリケーション（ホスト名）のうち、WAFから1件以上のリクエストが届いたものの割合。一覧を省略すると「防御」ページで宣言したものが対象です。',
    },
    source: FIREWALLS,
    freshness: NOW,
    proof: {
      en: 'The reading names the applications without a firewall.',
      ja: '計測に、WAFのないアプリケーションの名前が入ります。',
    },
    params: [
      { name: 'hosts', meaning: { en: 'Host names, e.g. [shop.example.com]', ja: 'ホスト名の一覧（例 [shop.example.com]）' } },
    ],
    ...usual('>=', 100, 'P7D', 'P1D', { hosts: ['shop.example.com'] }),
  },
  'protect.false-positives': {
    definition: {
      en: 'Of the findings of firewalls that people judged within the window, the share that was a mistake. Judge some of all, not only what somebody complains about.',
      ja: '対象期間に人が判定したWAFの検知のうち、誤検知だった割合。苦情のあったものだけでなく、全体から選んで判定してください。',
    },
    source: { en: 'Verdicts on requests, given on the page Protect.', ja: '「防御」ページで付けたリクエストの判定。' },
    freshness: AT_ONCE,
    proof: { en: 'Every verdict is a leaf with who gave it.', ja: '判定は一つずつ、判定者とともに台帳の葉になります。' },
    params: [],
    ...usual('<=', 5, 'P30D', 'P1D'),
  },
  'protect.detect-only': {
    definition: {
      en: 'Of the hours in which a firewall saw requests, the share in which at least one passed a firewall that only looks on.',
      ja: 'WAFがリクエストを受けた時間帯（1時間単位）のうち、検知モードを通ったリクエストが1件でもあった割合。',
    },
    source: FIREWALLS,
    freshness: AT_ONCE,
    proof: BATCHES,
    params: [],
    ...usual('<=', 0, 'P7D', 'P1D'),
  },
  'respond.mttd': {
    definition: {
      en: 'Mean time to detect: from the first event of an incident’s alerts to the first of these alerts.',
      ja: '平均検知時間。インシデントのアラートに含まれる最初のイベントから、最初のアラートが上がるまでの時間。',
    },
    source: INCIDENTS,
    freshness: AT_ONCE,
    proof: INCIDENT_PROOF,
    params: [GRADE, STATISTIC_MEAN],
    ...usual('<=', 900, 'P30D', 'P1D'),
  },
  'respond.mtta': {
    definition: {
      en: 'Mean time to acknowledge: from the first alert until a person first did something about the incident; those that still wait count with the time waited.',
      ja: '平均着手時間。最初のアラートから担当者が最初に対応するまでの時間。未着手のものは待ち時間で数えます。',
    },
    source: INCIDENTS,
    freshness: AT_ONCE,
    proof: INCIDENT_PROOF,
    params: [GRADE, STATISTIC_MEAN],
    ...usual('<=', 1800, 'P30D', 'P1D', { severity: [1] }),
  },
  'respond.mttr': {
    definition: {
      en: 'Mean time to resolve: from the first alert until the incident was closed; open ones count with the time so far. False alarms are left out.',
      ja: '平均解決時間。最初のアラートからインシデントの完了までの時間。対応中のものは経過時間で数え、誤報は除きます。',
    },
    source: INCIDENTS,
    freshness: AT_ONCE,
    proof: INCIDENT_PROOF,
    params: [GRADE, STATISTIC_MEAN],
    ...usual('<=', 14_400, 'P30D', 'P1D', { severity: [1] }),
  },
  'respond.containment-automation': {
    definition: {
      en: 'Of the incidents contained in the window, those that a playbook contained without anybody approving or doing a step.',
      ja: '期間内に封じ込めたインシデントのうち、承認や手作業なしにプレイブックだけで封じ込めたものの割合。',
    },
    source: INCIDENTS,
    freshness: AT_ONCE,
    proof: INCIDENT_PROOF,
    params: [GRADE],
    ...usual('>=', 50, 'P30D', 'P1D'),
  },
  'respond.p1-precision': {
    definition: {
      en: 'Of the P1 incidents that were closed in the window, those that turned out to be real.',
      ja: '期間内に完了したP1インシデントのうち、実際に発生していたものの割合。',
    },
    source: INCIDENTS,
    freshness: AT_ONCE,
    proof: INCIDENT_PROOF,
    params: [GRADE],
    ...usual('>=', 80, 'P30D', 'P1D'),
  },
  'respond.overdue-tasks': {
    definition: {
      en: 'Tasks of open incidents whose clock, as the policy sets it by severity and phase, has run out.',
      ja: '対応中のインシデントの作業のうち、重大度とフェーズごとに定めた期限を過ぎているものの件数。',
    },
    source: INCIDENTS,
    freshness: NOW,
    proof: INCIDENT_PROOF,
    params: [GRADE],
    ...usual('=', 0, 'P30D', 'P1D'),
  },
  'hosts.unverified-changes': {
    definition: {
      en: 'Changes to watched files since the baseline that a person accepted, on the hosts covered. What the package manager verifiably brought does not count, except on a frozen host, where everything does.',
      ja: '対象ホストで、承認済みのベースラインから変わった監視対象ファイルの件数。パッケージ管理による変更と確認できたものは除きますが、凍結ホストではすべて数えます。',
    },
    source: { en: 'What the agents report of their hosts, each minute.', ja: '各ホストのエージェントからの1分ごとの報告。' },
    freshness: {
      en: 'A host without an accepted baseline, or silent for a quarter of an hour, is unknown; any unknown host makes a count of zero unproven.',
      ja: '承認済みのベースラインがないホストと、15分以上報告のないホストは不明と数えます。不明なホストがある間は、0件でも未実証です。',
    },
    proof: {
      en: 'Every acceptance is a leaf with who, when and why, and the digest of the baseline; every change is an event.',
      ja: '承認は一件ずつ、承認者・日時・理由とベースラインのハッシュとともに台帳の葉になります。変更はすべてイベントとして残ります。',
    },
    params: [
      { name: 'hosts', meaning: { en: 'Names of hosts; all by default', ja: 'ホスト名の並び。既定はすべて' } },
      {
        name: 'label',
        meaning: { en: 'A label of the asset, e.g. env=production', ja: '資産のラベル（例 env=production）' },
      },
      { name: 'frozen', meaning: { en: 'true: frozen hosts only', ja: 'true で凍結ホストのみ' } },
    ],
    ...usual('=', 0, 'P1D', 'PT15M'),
  },
  'external.percent': { ...OUTSIDE, ...usual('>=', 100, 'P7D', 'P1D', { series: 'mfa-coverage' }) },
  'external.seconds': { ...OUTSIDE, ...usual('<=', 14_400, 'P92D', 'P92D', { series: 'rto' }) },
  'external.count': { ...OUTSIDE, ...usual('=', 0, 'P7D', 'P1D', { series: 'hard-coded-secrets' }) },
  'external.days': {
    ...OUTSIDE,
    params: [
      ...OUTSIDE.params,
      {
        name: 'statistic: age',
        meaning: { en: 'Days since the newest sample of a series of any unit', ja: '系列（単位は問わない）の最新値からの日数' },
      },
    ],
    ...usual('<=', 7, 'P30D', 'P1D', { series: 'backup-check', statistic: 'age' }),
  },
}
