import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Icon } from '../../../components/icon.tsx'
import { useSession } from '../../../components/session.ts'
import { useSignOut } from '../../../components/use-sign-out.ts'
import { SettingsHead } from '../settings-page.tsx'

/** The person signed in: how they are known here, and how they show who they are. */
export function YouPage(): ReactNode {
  const { t } = useTranslation('access')
  const { t: settings } = useTranslation('settings')
  const session = useSession()
  const signOut = useSignOut()
  return (
    <>
      <SettingsHead title={settings('section.you')} lead={settings('you.lead')}>
        <button type="button" className="btn" onClick={signOut}>
          <Icon name="signOut" />
          {t('account.signOut')}
        </button>
      </SettingsHead>
      <section className="sheet log" aria-labelledby="you">
        <span className="label" id="you">
          {t('account.title')}
        </span>
        <div className="fig">{session.user.name}</div>
        <dl>
          <dt>{t('account.role')}</dt>
          <dd>{session.user.roles.map((role) => t(`role.${role}`)).join(', ')}</dd>
          <dt>{t('account.organisation')}</dt>
          <dd>{session.organisation}</dd>
          <dt>{t('account.scope')}</dt>
          <dd className="mono">{session.scope}</dd>
          <dt>{t('account.version')}</dt>
          <dd className="num">{session.version}</dd>
        </dl>
      </section>
    </>
  )
}
