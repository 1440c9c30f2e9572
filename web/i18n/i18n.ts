import i18next, { type i18n } from 'i18next'
import ICU from 'i18next-icu'
import { initReactI18next } from 'react-i18next'
import type { Lang } from '../format/lang.ts'

/** Each language is its own chunk: a reader downloads one. */
const loaders: Readonly<Record<Lang, () => Promise<object>>> = {
  en: async () => (await import('./en.ts')).en,
  ja: async () => (await import('./ja.ts')).ja,
}

async function load(instance: i18n, lang: Lang): Promise<void> {
  if (instance.hasResourceBundle(lang, 'common')) return
  for (const [namespace, messages] of Object.entries(await loaders[lang]())) {
    instance.addResourceBundle(lang, namespace, messages)
  }
}

/** Messages are ICU MessageFormat; there is no fallback language, a test proves both complete. */
export async function startI18n(lang: Lang): Promise<i18n> {
  const instance = i18next.createInstance()
  await instance
    .use(new ICU())
    .use(initReactI18next)
    .init({
      lng: lang,
      fallbackLng: false,
      defaultNS: 'common',
      resources: { [lang]: await loaders[lang]() },
      interpolation: { escapeValue: false },
      react: { useSuspense: false, transKeepBasicHtmlNodesFor: ['b'] },
    } as Parameters<typeof instance.init>[0])
  return instance
}

export async function switchLanguage(instance: i18n, lang: Lang): Promise<void> {
  await load(instance, lang)
  await instance.changeLanguage(lang)
}
