import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { EVERY_SCOPE } from '../../../../src/platform/http/route.ts'
import { factorsQuery } from '../../../api/access.ts'
import { Problem } from '../../../api/problem.ts'
import { Icon } from '../../../components/icon.tsx'
import { ProblemNote } from '../../../components/problem-note.tsx'
import { useSession } from '../../../components/session.ts'
import { useSignOut } from '../../../components/use-sign-out.ts'
import { SettingsHead } from '../settings-page.tsx'
import { useMethodWords } from '../use-method-words.ts'
import { Identities } from './identities.tsx'
import { Passkeys } from './passkeys.tsx'
import { Password } from './password.tsx'
import { Recovery } from './recovery.tsx'
import { Sessions } from './sessions.tsx'
import { Totp } from './totp.tsx'

const route = getRouteApi('/house/settings/you')

/** The person signed in: how they are known here, how they show who they are, and where they are signed in. */
export function YouPage(): ReactNode {
  const { t } = useTranslation('settings')
  const { t: access } = useTranslation('access')
  const { problem } = route.useSearch()
  const signOut = useSignOut()
  const factors = useQuery(factorsQuery)
  return (
    <>
      <SettingsHead title={t('section.you')} lead={t('you.lead')}>
        <button type="button" className="btn" onClick={signOut}>
          <Icon name="signOut" />
          {access('account.signOut')}
        </button>
      </SettingsHead>
      {problem === undefined ? null : (
        <div className="card-problem">
          <ProblemNote error={new Problem(0, { code: problem.startsWith('sso_') ? problem : 'sso_invalid' })} />
        </div>
      )}
      <div className="two even">
        <div className="stack">
          <Profile />
          <Sessions />
          <Identities />
        </div>
        <div className="stack">
          {factors.error === null ? null : <ProblemNote error={factors.error} retry={() => void factors.refetch()} />}
          {factors.data === undefined ? null : (
            <>
              <Password has={factors.data.password} />
              <Passkeys factors={factors.data} />
              <Totp factors={factors.data} />
              <Recovery factors={factors.data} />
            </>
          )}
        </div>
      </div>
    </>
  )
}

function Profile(): ReactNode {
  const { t } = useTranslation('settings')
  const { t: access } = useTranslation('access')
  const { t: common } = useTranslation()
  const session = useSession()
  const methodWords = useMethodWords()
  const nameOf = (scope: string): string =>
    scope === EVERY_SCOPE ? t('scope.every') : scope === 'default' ? common('bar.sharedScope') : scope
  return (
    <section className="sheet log profile" aria-labelledby="you">
      <span className="label" id="you">
        {access('account.title')}
      </span>
      <div className="fig">{session.user.name}</div>
      <dl>
        <dt>{t('you.rolesHere', { scope: nameOf(session.scope) })}</dt>
        <dd>
          {session.user.roles.length === 0
            ? t('you.noRole')
            : session.user.roles.map((role) => access(`role.${role}`)).join(t('comma'))}
        </dd>
        <dt>{t('you.scopes')}</dt>
        <dd>{session.scopes.map(nameOf).join(t('comma'))}</dd>
        <dt>{t('you.methods')}</dt>
        <dd>{methodWords(session.methods)}</dd>
        <dt>{access('account.organisation')}</dt>
        <dd>{session.organisation}</dd>
        <dt>{access('account.version')}</dt>
        <dd className="num">{session.version}</dd>
      </dl>
    </section>
  )
}
