import type { BadgeState, ObjectiveState } from '../kernel/measure.ts'
import type { Language, Tone } from '../platform/report/model.ts'

export const STATE_TONES: Readonly<Record<BadgeState, Tone>> = {
  draft: 'gone',
  held: 'good',
  'at-risk': 'risk',
  withdrawn: 'bad',
  expired: 'bad',
}

interface PageWords {
  readonly title: string
  readonly other: string
  readonly none: string
  readonly summary: (held: number, all: number) => string
  /** @param since when the badge came into the state. */
  readonly state: Readonly<Record<BadgeState, (since: string) => string>>
  /** Heading of a card whose text cannot be read. */
  readonly unread: string
  /** State of a card that cannot be read. */
  readonly unknown: string
  readonly stateWord: Readonly<Record<BadgeState, string>>
  readonly objective: string
  readonly figure: string
  readonly target: string
  readonly standing: string
  readonly objectiveState: Readonly<Record<ObjectiveState, string>>
  readonly rest: (count: number) => string
  readonly history: (days: number) => string
  readonly valid: (until: string) => string
  readonly credential: string
  readonly credentialLink: string
  readonly check: string
  readonly checkLedger: string
  readonly checkVerifier: string
  readonly foot: (size: number, root: string) => string
}

/** What the public page says by itself. Why a badge fell may name what is not public: it is not told here. */
export const PAGE_WORDS: Readonly<Record<Language, PageWords>> = {
  en: {
    title: 'Security, declared and measured',
    other: '日本語',
    none: 'No declaration is public here.',
    summary: (held, all) =>
      held === all
        ? 'Every promise below is kept, and proven.'
        : `${held} of ${all} declarations are fully kept and proven at the moment.`,
    state: {
      draft: (since) => `Not earned yet. Being prepared since ${since}.`,
      held: (since) => `Held since ${since}: every objective is met, with fresh evidence.`,
      'at-risk': (since) => `At risk since ${since}: still held, and a limit is close or evidence is due.`,
      withdrawn: (since) => `Withdrawn on ${since}, by itself: a promise was not kept or could not be proven.`,
      expired: (since) => `Expired on ${since}: the declaration has to be renewed.`,
    },
    unread: 'A declaration that cannot be read',
    unknown: 'Unknown: what is stored of this declaration cannot be read at the moment. It does not count as kept.',
    stateWord: { draft: 'not earned', held: 'held', 'at-risk': 'at risk', withdrawn: 'withdrawn', expired: 'expired' },
    objective: 'Objective',
    figure: 'Now',
    target: 'Promised',
    standing: 'State',
    objectiveState: { met: 'met', unmet: 'missed', unproven: 'not proven' },
    rest: (count) =>
      count === 1 ? 'One more objective counts and is not told here.' : `${count} more objectives count and are not told here.`,
    history: (days) => `The last ${days} days`,
    valid: (until) => `Valid until ${until}.`,
    credential: 'As a credential that programs can check:',
    credentialLink: 'W3C Verifiable Credential',
    check: 'Do not take our word for it',
    checkLedger: 'Every figure is an entry of a signed log, to which entries are only ever appended. Its signed head:',
    checkVerifier: 'A page that checks evidence in your browser, offline:',
    foot: (size, root) => `Judged when this page was loaded. Ledger: ${size} entries, root ${root}`,
  },
  ja: {
    title: 'セキュリティの宣言と実測',
    other: 'English',
    none: '公開されている宣言はありません。',
    summary: (held, all) =>
      held === all
        ? '以下の約束はすべて守られ、証明されています。'
        : `現在、${all}件の宣言のうち${held}件が完全に守られ、証明されています。`,
    state: {
      draft: (since) => `まだ取得していません（${since}から準備中）。`,
      held: (since) => `${since}から有効。すべての目標を達成し、新しい証拠があります。`,
      'at-risk': (since) => `${since}から要注意。有効ですが、限度に近いか、証拠の更新が必要です。`,
      withdrawn: (since) => `${since}に自動で撤回されました。約束が守られなかったか、証明できませんでした。`,
      expired: (since) => `${since}に失効しました。宣言の更新が必要です。`,
    },
    unread: '読み取れない宣言',
    unknown: '不明：保存されているこの宣言の記録を、現在読み取れません。守られているものとしては数えません。',
    stateWord: { draft: '未取得', held: '有効', 'at-risk': '要注意', withdrawn: '撤回', expired: '失効' },
    objective: '目標',
    figure: '現在',
    target: '約束',
    standing: '状態',
    objectiveState: { met: '達成', unmet: '未達', unproven: '証拠なし' },
    rest: (count) => `ほかに${count}件の目標があり、判定に含まれますが、ここでは公開していません。`,
    history: (days) => `過去${days}日間`,
    valid: (until) => `有効期限：${until}`,
    credential: 'プログラムで検証できる証明書：',
    credentialLink: 'W3C Verifiable Credential',
    check: 'ご自身で確かめるには',
    checkLedger: 'どの数値も、追記しかできない署名付きログの記録です。署名済みの先頭：',
    checkVerifier: '証拠をブラウザーだけで検証できるページ：',
    foot: (size, root) => `このページを開いた時点の判定です。台帳：${size}件、根 ${root}`,
  },
}
