import type { Language } from '../../platform/report/model.ts'
import type { IncidentState, PostMortem, TimelineItem } from './schema.ts'

type Label =
  | 'kicker'
  | 'exerciseKicker'
  | 'exerciseNote'
  | 'opened'
  | 'firstTrace'
  | 'detected'
  | 'acknowledged'
  | 'contained'
  | 'closed'
  | 'phases'
  | 'phase'
  | 'began'
  | 'by'
  | 'roles'
  | 'alerts'
  | 'alert'
  | 'about'
  | 'when'
  | 'tasks'
  | 'task'
  | 'due'
  | 'done'
  | 'notDone'
  | 'overdue'
  | 'artefacts'
  | 'artefact'
  | 'told'
  | 'audience'
  | 'how'
  | 'proof'
  | 'timeline'
  | 'kind'
  | 'what'
  | 'postMortem'
  | 'followUps'
  | 'owner'
  | 'verified'
  | 'similar'

export type ReportWords = Readonly<Record<Label, string>> & {
  readonly foot: (scope: string) => string
  readonly standing: (phase: string, state: IncidentState, outcome: string | null) => string
  readonly containedBy: Readonly<Record<'playbook' | 'person', string>>
  readonly kinds: Readonly<Record<TimelineItem['kind'], string>>
  readonly entry: (index: number) => string
  readonly more: (count: number) => string
  readonly parts: Readonly<Record<keyof PostMortem, string>>
  readonly notVerified: (by: string) => string
}

export const REPORT_WORDS: Readonly<Record<Language, ReportWords>> = {
  en: {
    kicker: 'Kanpeki · incident report',
    exerciseKicker: 'Kanpeki · incident report of an exercise',
    exerciseNote: 'This was an exercise. Nothing of it happened, nothing was done to any system, and it counts in no measure.',
    foot: (scope) => `Incident of the scope “${scope}”. Times of deeds are those of the ledger; each deed names its entry.`,
    standing: (phase, state, outcome) =>
      state === 'open'
        ? `Open, in the phase ${phase}.`
        : state === 'merged'
          ? 'Merged into another incident.'
          : `Closed: ${outcome ?? ''}.`,
    opened: 'Opened',
    firstTrace: 'First trace',
    detected: 'Detected',
    acknowledged: 'Taken up',
    contained: 'Contained',
    containedBy: { playbook: 'by a playbook, without a person', person: 'by people' },
    closed: 'Closed',
    phases: 'Phases',
    phase: 'Phase',
    began: 'Began',
    by: 'By',
    roles: 'Roles',
    alerts: 'Alerts',
    alert: 'Alert',
    about: 'About',
    when: 'When',
    tasks: 'Tasks',
    task: 'Task',
    due: 'Due',
    done: 'Done',
    notDone: 'open',
    overdue: 'overdue',
    artefacts: 'Evidence in custody',
    artefact: 'Artefact',
    told: 'Who was told',
    audience: 'Who',
    how: 'How',
    proof: 'Proof',
    timeline: 'Timeline',
    kind: 'Kind',
    what: 'What',
    kinds: { event: 'event', alert: 'alert', deed: 'deed', run: 'playbook' },
    entry: (index) => `entry ${index}`,
    more: (count) => `${count} more lines are in the console.`,
    postMortem: 'Post-mortem',
    parts: { happened: 'What happened', cause: 'Why', well: 'What went well', badly: 'What went badly' },
    followUps: 'Follow-ups',
    owner: 'Owner',
    verified: 'Verified',
    notVerified: (by) => `reported by ${by}, not verified`,
    similar: 'Similar incidents',
  },
  ja: {
    kicker: 'Kanpeki・インシデント報告書',
    exerciseKicker: 'Kanpeki・インシデント報告書（演習）',
    exerciseNote: 'これは演習の記録です。実際の事象ではなく、システムへの操作も行っていません。指標にも含まれません。',
    foot: (scope) => `スコープ「${scope}」のインシデント。対応の時刻は台帳の記録によるもので、各対応に記録番号を示しています。`,
    standing: (phase, state, outcome) =>
      state === 'open' ? `対応中（${phase}）` : state === 'merged' ? '別のインシデントに統合済み' : `完了：${outcome ?? ''}`,
    opened: '起票',
    firstTrace: '最初の痕跡',
    detected: '検知',
    acknowledged: '着手',
    contained: '封じ込め',
    containedBy: { playbook: 'プレイブックによる自動対応', person: '担当者による対応' },
    closed: '完了',
    phases: 'フェーズ',
    phase: 'フェーズ',
    began: '開始',
    by: '実施者',
    roles: '体制',
    alerts: 'アラート',
    alert: 'アラート',
    about: '対象',
    when: '日時',
    tasks: '作業',
    task: '作業',
    due: '期限',
    done: '完了',
    notDone: '未完了',
    overdue: '期限超過',
    artefacts: '保全した証拠品',
    artefact: '証拠品',
    told: '連絡の記録',
    audience: '連絡先',
    how: '手段',
    proof: '証跡',
    timeline: '時系列',
    kind: '種別',
    what: '内容',
    kinds: { event: 'イベント', alert: 'アラート', deed: '対応', run: 'プレイブック' },
    entry: (index) => `記録${index}番`,
    more: (count) => `ほか${count}行はコンソールで確認できます。`,
    postMortem: '振り返り',
    parts: { happened: '経緯', cause: '原因', well: 'うまくいったこと', badly: '改善が必要なこと' },
    followUps: '再発防止策',
    owner: '担当',
    verified: '確認',
    notVerified: (by) => `${by}が実施を報告、確認待ち`,
    similar: '類似のインシデント',
  },
}
