import { type InfiniteData, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import type { QueueResponse } from '../../../src/detect/schema.ts'
import { findFolded } from '../../format/fold.ts'
import { SECTIONS } from '../../pages/settings/sections.ts'
import type { IconName } from '../icon.tsx'
import { THEMES, usePreferences } from '../preferences.tsx'
import { useMay } from '../session.ts'
import { useTestAttack } from '../test-attack.tsx'
import { useFormat } from '../use-format.ts'
import { useSignOut } from '../use-sign-out.ts'
import { ROOMS } from './rooms.ts'

export interface Command {
  readonly id: string
  readonly section: 'actions' | 'go' | 'found' | 'ask'
  readonly icon: IconName
  readonly text: string
  readonly hint: string
  readonly keys: readonly string[]
  readonly run: () => void
}

const MOST_FOUND = 6

/** Everything the palette can do for what was typed, in the order it is shown. */
export function useCommands(typed: string, onHelp: () => void): readonly Command[] {
  const { t } = useTranslation()
  const { t: settings } = useTranslation('settings')
  const format = useFormat()
  const navigate = useNavigate()
  const client = useQueryClient()
  const { lang, theme, zone, change } = usePreferences()
  const { send } = useTestAttack()
  const signOut = useSignOut()
  const may = useMay()

  return useMemo(() => {
    const action = (
      id: string,
      icon: IconName,
      text: string,
      hint: string,
      run: () => void,
      keys: readonly string[] = [],
    ): Command => ({
      id,
      section: 'actions',
      icon,
      text,
      hint,
      keys,
      run,
    })
    const nextTheme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? 'auto'
    const allowed: Readonly<Record<string, boolean>> = {
      attack: may('sources:write'),
      export: may('ledger:read'),
      add: may('sources:write'),
      token: may('tokens:write'),
    }
    const every: readonly Command[] = [
      action('attack', 'send', t('attack.send'), t('room.triage'), send),
      action(
        'export',
        'download',
        t('palette.export'),
        t('room.evidence'),
        () => void navigate({ to: '/evidence', hash: 'export' }),
      ),
      action(
        'add',
        'plus',
        t('palette.addSource'),
        t('room.sources'),
        () => void navigate({ to: '/sources', search: { add: 'curl' } }),
      ),
      action('token', 'access', t('palette.token'), t('room.settings'), () => void navigate({ to: '/settings/tokens' })),
      action('theme', 'theme', t('palette.theme', { theme: t(`theme.${nextTheme}`) }), t('palette.view'), () =>
        change({ theme: nextTheme }),
      ),
      action('lang', 'theme', lang === 'en' ? '日本語で表示' : 'Show in English', t('palette.view'), () =>
        change({ lang: lang === 'en' ? 'ja' : 'en' }),
      ),
      action('zone', 'around', t(zone === 'utc' ? 'palette.zoneLocal' : 'palette.zoneUtc'), t('palette.view'), () =>
        change({ zone: zone === 'utc' ? 'local' : 'utc' }),
      ),
      action('help', 'help', t('help.title'), t('palette.view'), onHelp, ['?']),
      action('out', 'signOut', t('palette.signOut'), t('room.settings'), signOut),
    ]
    const actions = every.filter(({ id }) => allowed[id] ?? true)
    const rooms: readonly Command[] = ROOMS.filter((room) => may(room.permission)).map((room) => ({
      id: `go-${room.id}`,
      section: 'go',
      icon: room.icon,
      text: t(`room.${room.id}`),
      hint: t(`about.${room.id}`),
      keys: ['G', room.key.toUpperCase()],
      run: () => void navigate({ to: room.to }),
    }))
    const sections: readonly Command[] = SECTIONS.filter((section) => may(section.permission)).map((section) => ({
      id: `go-settings-${section.id}`,
      section: 'go',
      icon: 'settings',
      text: settings(`section.${section.id}`),
      hint: t('room.settings'),
      keys: [],
      run: () => void navigate({ to: section.to }),
    }))
    const wanted = typed.trim()
    const matches = (command: Command): boolean =>
      wanted === '' || findFolded(command.text, wanted) !== undefined || findFolded(command.hint, wanted) !== undefined
    if (wanted === '') return [...rooms, ...actions]
    const places = [...rooms, ...sections]

    const groups = client
      .getQueriesData<InfiniteData<QueueResponse>>({ queryKey: ['alerts', 'queue'] })
      .flatMap(([, data]) => data?.pages.flatMap((page) => page.groups) ?? [])
    const found = new Map<string, Command>()
    for (const group of groups) {
      const text = t('pair', { name: group.entity.name, text: format.text({ en: group.title, ja: group.titleJa }) })
      const alert = group.alerts[0]
      if (alert === undefined || findFolded(text, wanted) === undefined) continue
      found.set(group.id, {
        id: group.id,
        section: 'found',
        icon: 'triage',
        text,
        hint: `P${group.severity}`,
        keys: [],
        run: () => void navigate({ to: '/triage', search: { alert: alert.id } }),
      })
    }
    const ask: Command = {
      id: 'ask',
      section: 'ask',
      icon: 'find',
      text: t('palette.askFor', { query: wanted }),
      hint: t('room.timeline'),
      keys: ['↵'],
      run: () => void navigate({ to: '/timeline', search: { q: wanted } }),
    }
    return [...actions.filter(matches), ...places.filter(matches), ...[...found.values()].slice(0, MOST_FOUND), ask]
  }, [typed, t, format, navigate, signOut, client, lang, theme, zone, change, send, onHelp, may, settings])
}
