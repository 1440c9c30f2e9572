import { Outlet, useNavigate, useRouterState } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useLive } from '../../api/live.ts'
import { Hatch } from '../figures/hatch.tsx'
import { Icon } from '../icon.tsx'
import { ConfirmIdentity } from '../identity/confirm-identity.tsx'
import { useKeys } from '../keys.ts'
import { NoticeProvider } from '../notice.tsx'
import { useMay, useSession } from '../session.ts'
import { Help } from './help.tsx'
import { Nav } from './nav.tsx'
import { Palette } from './palette.tsx'
import { ROOMS, roomOf } from './rooms.ts'
import { TopBar } from './top-bar.tsx'

/** Navigation, top bar, palette and help around whichever room is open. */
export function Shell(): ReactNode {
  const { t } = useTranslation()
  const session = useSession()
  const may = useMay()
  const [over, setOver] = useState<'palette' | 'help' | undefined>()
  const navigate = useNavigate()
  const pathname = useRouterState({ select: (state) => state.location.pathname })
  const here = roomOf(pathname)
  const live = useLive(may('alerts:read'), session.scope)

  useKeys({
    'mod+k': () => setOver('palette'),
    '?': () => setOver('help'),
    ...Object.fromEntries(
      ROOMS.filter((room) => may(room.permission)).map((room) => [`g ${room.key}`, () => void navigate({ to: room.to })]),
    ),
  })

  return (
    <NoticeProvider>
      {/* Nothing of one scope stays on the page when another opens. */}
      <div className="shell" key={session.scope}>
        <a className="skip" href="#main">
          {t('nav.skip')}
        </a>
        <title>{`${t(`room.${here}`)} — Kanpeki`}</title>
        <Hatch />
        <ConfirmIdentity />
        <Nav here={here} live={live || !may('alerts:read')} />
        <TopBar organisation={session.organisation} person={session.user.name} here={here} onPalette={() => setOver('palette')} />
        <div className="room">
          {session.breakGlass ? (
            <p className="emergency-bar" role="status">
              <Icon name="access" />
              {t('emergency')}
            </p>
          ) : null}
          <Outlet />
        </div>
        {over === 'palette' ? <Palette onClose={() => setOver(undefined)} onHelp={() => setOver('help')} /> : null}
        {over === 'help' ? <Help here={here} onClose={() => setOver(undefined)} /> : null}
      </div>
    </NoticeProvider>
  )
}
