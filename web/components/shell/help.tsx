import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Dialog } from '../dialog.tsx'
import { Icon } from '../icon.tsx'
import { MOD_KEY } from '../mod-key.ts'
import { usePreferences } from '../preferences.tsx'
import { useMay } from '../session.ts'
import { ROOMS, type RoomId } from './rooms.ts'

const ROOM_KEYS = {
  triage: ['j', 'k', 'x', 'shift+x', 't', 'b', 'f', 'e', 'u', 'i', '/'],
  timeline: ['/', 'j', 'k', 'enter', 'escape'],
  evidence: ['j', 'k', 'v'],
  audit: ['j', 'k', 'v', '/'],
  frameworks: ['j', 'k'],
  vulnerabilities: ['j', 'k', '/'],
  assets: ['n', '/'],
} as const

const SHOWN: Readonly<Record<string, string>> = { escape: 'esc', enter: '↵' }

function Keys({ name }: { name: string }): ReactNode {
  return (
    <span className="keys">
      {name
        .replace('shift+', '⇧')
        .split(' ')
        .map((key) => (
          <kbd key={key}>{SHOWN[key] ?? key.toUpperCase()}</kbd>
        ))}
    </span>
  )
}

/** Every key there is, and the switch that turns single keys off (WCAG 2.1.4). */
export function Help({ here, onClose }: { here: RoomId; onClose: () => void }): ReactNode {
  const { t } = useTranslation()
  const { singleKeys, change } = usePreferences()
  const may = useMay()
  const own = here in ROOM_KEYS ? (here as keyof typeof ROOM_KEYS) : undefined
  return (
    <Dialog label={t('help.title')} className="pal help" onClose={onClose}>
      <div className="pal-i">
        <b className="grow">{t('help.title')}</b>
        <button type="button" className="btn sm quiet square" aria-label={t('close')} onClick={onClose}>
          <Icon name="close" />
        </button>
      </div>
      <div className="help-b">
        <section>
          <h3>{t('help.everywhere')}</h3>
          <dl>
            <dt>{t('help.palette')}</dt>
            <dd>
              <span className="keys">
                <kbd>{MOD_KEY}</kbd>
                <kbd>K</kbd>
              </span>
            </dd>
            <dt>{t('help.this')}</dt>
            <dd>
              <Keys name="?" />
            </dd>
            {ROOMS.filter((room) => may(room.permission)).map((room) => (
              <div key={room.id} className="contents">
                <dt>{t(`room.${room.id}`)}</dt>
                <dd>
                  <Keys name={`g ${room.key}`} />
                </dd>
              </div>
            ))}
          </dl>
        </section>
        {own === undefined ? null : (
          <section>
            <h3>{t(`room.${own}`)}</h3>
            <dl>
              {ROOM_KEYS[own].map((key) => (
                <div key={key} className="contents">
                  <dt>{t(`help.${own}.${key}` as 'help.triage.j')}</dt>
                  <dd>
                    <Keys name={key} />
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        )}
      </div>
      <label className="pal-f">
        <input type="checkbox" checked={singleKeys} onChange={(event) => change({ singleKeys: event.target.checked })} />
        <span>{t('help.singleKeys', { mod: MOD_KEY })}</span>
      </label>
    </Dialog>
  )
}
