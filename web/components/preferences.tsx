import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { LANGS, type Lang } from '../format/lang.ts'
import { localZone, ZONES, type Zone, zoneName } from '../format/zone.ts'
import { switchLanguage } from '../i18n/i18n.ts'

export const THEMES = ['auto', 'light', 'dark'] as const
export type Theme = (typeof THEMES)[number]

export interface Preferences {
  readonly lang: Lang
  readonly theme: Theme
  readonly zone: Zone
  /** WCAG 2.1.4: keys without a modifier can be switched off. */
  readonly singleKeys: boolean
}

interface PreferencesContext extends Preferences {
  /** IANA name of the chosen zone. */
  readonly timeZone: string
  change(next: Partial<Preferences>): void
}

const KEY = 'kanpeki.preferences'
const Context = createContext<PreferencesContext | undefined>(undefined)

/** What this browser last chose; the browser's own language and theme otherwise. */
export function readPreferences(): Preferences {
  const fallback: Preferences = {
    lang: navigator.language.startsWith('ja') ? 'ja' : 'en',
    theme: 'auto',
    zone: 'local',
    singleKeys: true,
  }
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<Record<keyof Preferences, unknown>>
    return {
      lang: LANGS.find((lang) => lang === kept.lang) ?? fallback.lang,
      theme: THEMES.find((theme) => theme === kept.theme) ?? fallback.theme,
      zone: ZONES.find((zone) => zone === kept.zone) ?? fallback.zone,
      singleKeys: kept.singleKeys !== false,
    }
  } catch {
    return fallback
  }
}

export function PreferencesProvider({ initial, children }: { initial: Preferences; children: ReactNode }): ReactNode {
  const [preferences, setPreferences] = useState(initial)
  const { i18n } = useTranslation()
  const change = useCallback((next: Partial<Preferences>) => setPreferences((before) => ({ ...before, ...next })), [])

  useEffect(() => {
    const root = document.documentElement
    root.lang = preferences.lang
    if (preferences.theme === 'auto') delete root.dataset.theme
    else root.dataset.theme = preferences.theme
    void switchLanguage(i18n, preferences.lang)
    try {
      localStorage.setItem(KEY, JSON.stringify(preferences))
    } catch {
      // A browser that keeps nothing (private mode, full disk) still works, it only forgets.
    }
  }, [preferences, i18n])

  const value = useMemo(
    () => ({ ...preferences, timeZone: zoneName(preferences.zone, localZone()), change }),
    [preferences, change],
  )
  return <Context value={value}>{children}</Context>
}

export function usePreferences(): PreferencesContext {
  const value = useContext(Context)
  if (value === undefined) throw new Error('usePreferences needs a PreferencesProvider above it')
  return value
}
