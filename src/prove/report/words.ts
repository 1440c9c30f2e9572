import type { Language, Tone } from '../../platform/report/model.ts'

export interface Bilingual {
  readonly en: string
  readonly ja: string
}

/** How figures are written: the room that measures them says it. */
export interface Figures {
  figure(value: number, unit: string): Bilingual
  target(comparator: string, target: number, unit: string): Bilingual
}

export const STATE_WORDS: Readonly<Record<string, Bilingual & { readonly tone: Tone }>> = {
  met: { en: 'met', ja: '達成', tone: 'good' },
  unmet: { en: 'missed', ja: '未達', tone: 'bad' },
  unproven: { en: 'unproven', ja: '証拠なし', tone: 'gone' },
  draft: { en: 'not earned', ja: '未取得', tone: 'gone' },
  held: { en: 'held', ja: '有効', tone: 'good' },
  'at-risk': { en: 'at risk', ja: '要注意', tone: 'risk' },
  withdrawn: { en: 'withdrawn', ja: '撤回', tone: 'bad' },
  expired: { en: 'expired', ja: '失効', tone: 'bad' },
}

export const TYPE_WORDS: Readonly<Record<string, Bilingual>> = {
  batch: { en: 'batch of events', ja: 'イベントの束' },
  segment: { en: 'sealed segment', ja: '封印済みセグメント' },
  alert: { en: 'alert', ja: 'アラート' },
  verdict: { en: 'verdict', ja: '判定' },
  rule: { en: 'rule', ja: 'ルール' },
  card: { en: 'declaration', ja: '宣言' },
  measure: { en: 'measurement', ja: '計測' },
  evaluation: { en: 'evaluation', ja: '評価' },
  badge: { en: 'badge', ja: '印' },
  signin: { en: 'sign-in', ja: 'サインイン' },
  admin: { en: 'administration', ja: '管理操作' },
  source: { en: 'source', ja: '収集元' },
  scenario: { en: 'scenario', ja: '検知シナリオ' },
}

export const CARD_CHANGES: Readonly<Record<string, Bilingual>> = {
  written: { en: 'written', ja: '作成' },
  signed: { en: 'signed', ja: '署名' },
  'in-force': { en: 'in force', ja: '発効' },
  missing: { en: 'file gone', ja: 'ファイル消失' },
  found: { en: 'file found again', ja: 'ファイル復帰' },
}

/** Sentences of the report. */
export interface Sentences {
  readonly kicker: string
  readonly foot: (origin: string, size: number) => string
  readonly titles: {
    readonly alert: (name: string) => string
    readonly card: (name: string) => string
    readonly incident: (name: string) => string
    readonly figure: (name: string) => string
    readonly entry: (index: number) => string
    readonly period: (from: string, to: string) => string
  }
  readonly basis: string
  readonly h: Readonly<
    Record<
      | 'summary'
      | 'declaration'
      | 'badge'
      | 'objectives'
      | 'history'
      | 'alert'
      | 'events'
      | 'alerts'
      | 'activity'
      | 'missing'
      | 'entries'
      | 'check'
      | 'figure',
      string
    >
  >
  readonly f: Readonly<
    Record<
      | 'about'
      | 'made'
      | 'log'
      | 'size'
      | 'root'
      | 'key'
      | 'entries'
      | 'events'
      | 'logged'
      | 'version'
      | 'owner'
      | 'state'
      | 'since'
      | 'objective'
      | 'value'
      | 'target'
      | 'measured'
      | 'entry'
      | 'type'
      | 'what'
      | 'when'
      | 'from'
      | 'to'
      | 'why'
      | 'who'
      | 'change'
      | 'severity'
      | 'rule'
      | 'entity'
      | 'techniques'
      | 'raised'
      | 'firstObserved'
      | 'count'
      | 'counted'
      | 'window'
      | 'measure'
      | 'number',
      string
    >
  >
  readonly counted: (good: string, bad: string, unknown: string) => string
  readonly more: (shown: number, all: number) => string
  readonly scopeOnly: (scope: string) => string
  readonly overTime: (name: string) => string
  readonly badgeOverTime: (name: string) => string
  readonly perDay: string
  readonly perHour: string
  readonly none: string
  readonly noDeclaration: string
  readonly events: (count: number) => string
  readonly check: { readonly browser: string; readonly shell: string; readonly key: string; readonly own: string }
}

export const SENTENCES: Readonly<Record<Language, Sentences>> = {
  en: {
    kicker: 'Kanpeki · evidence report',
    foot: (origin, size) =>
      `Drawn from signed evidence of ${origin}, log size ${size}. The evidence proves; this report only shows it.`,
    titles: {
      alert: (name) => `Evidence for the alert “${name}”`,
      card: (name) => `Evidence for the declaration “${name}”`,
      incident: (name) => `Evidence of the incident “${name}”`,
      figure: (name) => `Evidence for a figure: ${name}`,
      entry: (index) => `Evidence: entry ${index} of the ledger`,
      period: (from, to) => `Evidence from ${from} to ${to}`,
    },
    basis:
      'Everything below was taken from the entries in bundle.json, which lies beside this report. Each entry proves by itself that it stands in a signed log to which entries are only ever appended.',
    h: {
      summary: 'What this is',
      declaration: 'The declaration',
      badge: 'The badge',
      objectives: 'Objectives and figures',
      history: 'What happened',
      alert: 'The alert',
      events: 'The events behind it',
      alerts: 'Alerts',
      activity: 'What was recorded',
      missing: 'What could not be had',
      entries: 'Entries',
      check: 'Check it yourself',
      figure: 'The figure',
    },
    f: {
      about: 'About',
      made: 'Bundle made',
      log: 'Log',
      size: 'Log size',
      root: 'Signed root',
      key: 'Key',
      entries: 'Entries',
      events: 'Events',
      logged: 'Logged',
      version: 'Version',
      owner: 'Owner',
      state: 'State',
      since: 'Since',
      objective: 'Objective',
      value: 'Figure',
      target: 'Target',
      measured: 'Measured',
      entry: 'Entry',
      type: 'Kind',
      what: 'What',
      when: 'When',
      from: 'From',
      to: 'To',
      why: 'Why',
      who: 'Who',
      change: 'Change',
      severity: 'Severity',
      rule: 'Rule',
      entity: 'Concerns',
      techniques: 'ATT&CK',
      raised: 'Raised',
      firstObserved: 'First observed',
      count: 'Events',
      counted: 'Counted',
      window: 'Window',
      measure: 'Measure',
      number: 'Number',
    },
    counted: (good, bad, unknown) => `${good} inside the limit, ${bad} outside, ${unknown} unknown`,
    more: (shown, all) => `The newest ${shown} of ${all} are listed here; bundle.json holds all of them.`,
    scopeOnly: (scope) =>
      `Other scopes wrote in this time as well: only the entries of the scope ${scope} are here, and that none of them was left out is not shown.`,
    overTime: (name) => `${name} over time`,
    badgeOverTime: (name) => `The badge of ${name} over time`,
    perDay: 'Entries logged per day',
    perHour: 'Entries logged per hour',
    none: '—',
    noDeclaration: 'The text of the declaration is not among these entries.',
    events: (count) => (count === 1 ? '1 event' : `${count} events`),
    check: {
      browser: 'In a browser, without a network: open verifier.html and drop the whole package (or bundle.json) on it.',
      shell: 'On a command line, with Kanpeki installed anywhere, no server needed:',
      key: 'Ask for the key by another way than this package came (the address /ledger/key of the server, a business card, a contract). Without it the answer is only “consistent, signer unverified”.',
      own: 'By a program of your own: the format is described in Kanpeki’s documentation (RFC 6962 proofs, C2SP signed notes); no part of it is secret.',
    },
  },
  ja: {
    kicker: 'Kanpeki・証拠報告書',
    foot: (origin, size) =>
      `${origin} の署名済み証拠（ログ件数 ${size}）から作成。証明するのは証拠であり、本書はその内容を示すものです。`,
    titles: {
      alert: (name) => `アラート「${name}」の証拠`,
      card: (name) => `宣言「${name}」の証拠`,
      incident: (name) => `インシデント「${name}」の証拠`,
      figure: (name) => `数値の証拠：${name}`,
      entry: (index) => `台帳${index}番の記録の証拠`,
      period: (from, to) => `${from}から${to}までの証拠`,
    },
    basis:
      '以下の内容はすべて、同じ場所にある bundle.json の記録から取り出したものです。どの記録も、追記しかできない署名済みログに含まれることを単独で証明できます。',
    h: {
      summary: '本書について',
      declaration: '宣言',
      badge: '完璧の印',
      objectives: '目標と実測値',
      history: '経過',
      alert: 'アラート',
      events: '根拠となったイベント',
      alerts: 'アラート一覧',
      activity: '記録の概要',
      missing: '収録できなかったもの',
      entries: '記録一覧',
      check: 'ご自身での検証',
      figure: '数値',
    },
    f: {
      about: '対象',
      made: 'バンドル作成',
      log: 'ログ',
      size: 'ログ件数',
      root: '署名済みの根',
      key: '鍵',
      entries: '記録',
      events: 'イベント',
      logged: '記録日時',
      version: '版',
      owner: '責任者',
      state: '状態',
      since: '開始',
      objective: '目標',
      value: '実測値',
      target: '目標値',
      measured: '計測',
      entry: '番号',
      type: '種類',
      what: '内容',
      when: '日時',
      from: '変更前',
      to: '変更後',
      why: '理由',
      who: '実施者',
      change: '操作',
      severity: '深刻度',
      rule: 'ルール',
      entity: '対象',
      techniques: 'ATT&CK',
      raised: '発報',
      firstObserved: '最初の観測',
      count: 'イベント数',
      counted: '内訳',
      window: '対象期間',
      measure: '計測項目',
      number: '件数',
    },
    counted: (good, bad, unknown) => `基準内${good}件、基準外${bad}件、不明${unknown}件`,
    more: (shown, all) => `全${all}件のうち新しい${shown}件を掲載しています。すべての記録は bundle.json にあります。`,
    scopeOnly: (scope) =>
      `この期間には他のスコープの記録もあります。収録したのはスコープ「${scope}」の記録だけで、漏れがないことまでは示せません。`,
    overTime: (name) => `${name}の推移`,
    badgeOverTime: (name) => `${name}の印の推移`,
    perDay: '1日ごとの記録数',
    perHour: '1時間ごとの記録数',
    none: '—',
    noDeclaration: '宣言の本文は、この証拠には含まれていません。',
    events: (count) => `イベント${count}件`,
    check: {
      browser: 'ブラウザーで（通信不要）：verifier.html を開き、このパッケージ全体（または bundle.json）をドロップします。',
      shell: 'コマンドラインで：Kanpekiを入れた任意の端末で検証できます。サーバーは不要です。',
      key: '鍵は、このパッケージとは別の経路（サーバーの /ledger/key、名刺、契約書など）で入手してください。鍵がない場合に言えるのは「矛盾なし、署名者は未確認」までです。',
      own: '独自のプログラムで：形式はKanpekiの文書で公開しています（RFC 6962の証明、C2SPの署名付きノート）。非公開の部分はありません。',
    },
  },
}
