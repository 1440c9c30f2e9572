import type { Language } from './model.ts'

/** What the frame of a report says by itself. */
export const WORDS: Readonly<
  Record<
    Language,
    {
      readonly figures: string
      readonly page: (page: number, pages: number) => string
      readonly made: string
      readonly when: string
      readonly value: string
      readonly none: string
      readonly glyphs: (count: number) => string
    }
  >
> = {
  en: {
    figures: 'The figures behind this chart',
    page: (page, pages) => `${page} / ${pages}`,
    made: 'Made',
    when: 'When',
    value: 'Value',
    none: 'not measured',
    glyphs: (count) =>
      `〓 stands for ${count} ${count === 1 ? 'character' : 'characters'} that the typeface of this PDF does not have; report.html and the evidence itself show them.`,
  },
  ja: {
    figures: 'このグラフの元の数値',
    page: (page, pages) => `${page} / ${pages}`,
    made: '作成',
    when: '日時',
    value: '値',
    none: '計測なし',
    glyphs: (count) => `〓は、このPDFの書体にない文字です（${count}字）。HTML版と証拠そのものでは元の文字のまま確認できます。`,
  },
}

const ZONES: Readonly<Record<Language, { readonly minutes: number; readonly name: string }>> = {
  en: { minutes: 0, name: 'UTC' },
  ja: { minutes: 540, name: 'JST' },
}

/** A moment as a reader of the language writes it, to the minute, with its zone: `2026-11-22 11:30 UTC`. */
export function momentText(at: number, language: Language): string {
  const { minutes, name } = ZONES[language]
  return `${new Date(at + minutes * 60_000).toISOString().slice(0, 16).replace('T', ' ')} ${name}`
}

export function dayText(at: number, language: Language): string {
  return dateText(new Date(at + ZONES[language].minutes * 60_000).toISOString().slice(0, 10), language)
}

/** A date, `YYYY-MM-DD`, as a reader of the language writes it. */
export function dateText(day: string, language: Language): string {
  if (language === 'en') return day
  const [year, month, date] = day.split('-').map(Number)
  return `${year}年${month}月${date}日`
}

/** Short enough for an axis. */
export function shortDay(at: number, language: Language): string {
  const [, month, date] = new Date(at + ZONES[language].minutes * 60_000).toISOString().slice(0, 10).split('-').map(Number)
  return language === 'en' ? `${String(month).padStart(2, '0')}-${String(date).padStart(2, '0')}` : `${month}/${date}`
}
