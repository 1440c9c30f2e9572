import type { Grade, IncidentRole, MessageState, Outcome, Phase } from './schema.ts'

/** One text in both languages. */
export interface Both {
  readonly en: string
  readonly ja: string
}

export const PHASE_WORDS: Readonly<Record<Phase, Both>> = {
  preparation: { en: 'Preparation', ja: '準備' },
  identification: { en: 'Identification', ja: '特定' },
  containment: { en: 'Containment', ja: '封じ込め' },
  eradication: { en: 'Eradication', ja: '根絶' },
  recovery: { en: 'Recovery', ja: '復旧' },
  'lessons-learned': { en: 'Lessons learned', ja: '教訓' },
}

export const ROLE_WORDS: Readonly<Record<IncidentRole, Both>> = {
  commander: { en: 'Commander', ja: '指揮者' },
  communications: { en: 'Communications', ja: '連絡担当' },
  'technical-lead': { en: 'Technical lead', ja: '技術責任者' },
  scribe: { en: 'Scribe', ja: '記録係' },
}

export const OUTCOME_WORDS: Readonly<Record<Outcome, Both>> = {
  true: { en: 'a real incident', ja: '実際のインシデント' },
  expected: { en: 'expected activity', ja: '想定内の活動' },
  false: { en: 'a false alarm', ja: '誤報' },
}

export const MESSAGE_WORDS: Readonly<Record<MessageState, Both>> = {
  planned: { en: 'Not told yet', ja: '未連絡' },
  queued: { en: 'On its way', ja: '送信中' },
  sent: { en: 'Delivered to the channel', ja: '送信済み' },
  failed: { en: 'Failed', ja: '送信失敗' },
  said: { en: 'Told in person', ja: '口頭で連絡済み' },
  simulated: { en: 'Exercise: not sent', ja: '演習のため送信なし' },
  dropped: { en: 'Not needed', ja: '連絡不要' },
}

export function severityWord(severity: Grade): string {
  return `P${severity}`
}

/** The same in both languages: a name, a title that a person wrote. */
export function same(text: string): Both {
  return { en: text, ja: text }
}
