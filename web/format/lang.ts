export const LANGS = ['en', 'ja'] as const
export type Lang = (typeof LANGS)[number]

export interface BothLanguages {
  readonly en: string
  readonly ja: string
}

/** The text in the reader's language, or the other one where it was never written. */
export function inLang(text: BothLanguages, lang: Lang): string {
  const own = text[lang]
  return own === '' ? text[lang === 'en' ? 'ja' : 'en'] : own
}
