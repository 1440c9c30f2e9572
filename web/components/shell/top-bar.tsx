import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { LANGS } from '../../format/lang.ts'
import { localZone, ZONES, zoneLabel, zoneName } from '../../format/zone.ts'
import { Icon } from '../icon.tsx'
import { MOD_KEY } from '../mod-key.ts'
import { THEMES, usePreferences } from '../preferences.tsx'
import { Segmented } from '../segmented.tsx'
import type { RoomId } from './rooms.ts'
import { ScopeSwitch } from './scope-switch.tsx'

const LANGUAGE_NAMES = { en: 'EN', ja: '日本語' } as const
const THEME_ICONS = { auto: 'theme', light: 'light', dark: 'dark' } as const

export function TopBar({
  organisation,
  person,
  here,
  onPalette,
}: {
  organisation: string
  person: string
  here: RoomId
  onPalette: () => void
}): ReactNode {
  const { t } = useTranslation()
  return (
    <header className="bar">
      <div className="crumb">
        <span className="clip">{organisation}</span>
        <span aria-hidden="true">/</span>
        <b>{t(`room.${here}`)}</b>
      </div>
      <ScopeSwitch here={here} />
      <button type="button" className="find" onClick={onPalette} aria-keyshortcuts="Meta+K Control+K">
        <Icon name="find" />
        <span className="clip">{t('palette.open')}</span>
        <kbd>{MOD_KEY === '⌘' ? '⌘K' : 'Ctrl K'}</kbd>
      </button>
      <Switches />
      <Link to="/settings/you" className="who" title={person} aria-label={t('bar.account', { name: person })}>
        {[...person][0]?.toUpperCase()}
      </Link>
    </header>
  )
}

/** Zone, language and theme: also on the pages before sign-in. */
export function Switches(): ReactNode {
  const { t } = useTranslation()
  const { lang, theme, zone, change } = usePreferences()
  const now = Date.now()
  const zones = ZONES.map((value) => ({ value, label: zoneLabel(zoneName(value, localZone()), now) }))
  const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? 'auto'
  return (
    <>
      {zones[0]?.label === 'UTC' ? (
        <span className="label" title={t('bar.zoneSame')}>
          UTC
        </span>
      ) : (
        <Segmented label={t('bar.zone')} value={zone} choices={zones} onChange={(value) => change({ zone: value })} />
      )}
      <Segmented
        label={t('bar.language')}
        value={lang}
        choices={LANGS.map((value) => ({ value, label: LANGUAGE_NAMES[value], lang: value }))}
        onChange={(value) => change({ lang: value })}
      />
      <button
        type="button"
        className="btn sm quiet square"
        title={t(`theme.${theme}`)}
        aria-label={t('bar.theme', { theme: t(`theme.${theme}`), next: t(`theme.${next}`) })}
        onClick={() => change({ theme: next })}
      >
        <Icon name={THEME_ICONS[theme]} />
      </button>
    </>
  )
}
