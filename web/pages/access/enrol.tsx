import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useRouter } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { factorsQuery } from '../../api/access.ts'
import { passkeysWork } from '../../api/passkeys.ts'
import { AddPasskey } from '../../components/identity/add-passkey.tsx'
import { ConfirmIdentity } from '../../components/identity/confirm-identity.tsx'
import { TotpSetup } from '../../components/identity/totp-setup.tsx'
import { useSignOut } from '../../components/use-sign-out.ts'
import { Door } from './door.tsx'

/** The house asks for a second factor and this account has none: one is set up before anything else opens. */
export function EnrolPage(): ReactNode {
  const { t } = useTranslation('access')
  const client = useQueryClient()
  const router = useRouter()
  const signOut = useSignOut()
  const factors = useQuery(factorsQuery)
  const done = (): void => {
    client.removeQueries({ queryKey: ['session'] })
    void router.navigate({ to: '/', replace: true })
  }
  return (
    <Door title={t('enrol.title')} text={t('enrol.text')} wide>
      <ConfirmIdentity />
      {factors.data?.passkeysRefused === null && passkeysWork() ? (
        <section className="enrol-way">
          <h2>{t('passkey.title')}</h2>
          <p className="ink2">{t('passkey.text')}</p>
          <AddPasskey onDone={done} />
        </section>
      ) : null}
      <section className="enrol-way">
        <h2>{t('totp.title')}</h2>
        <p className="ink2">{t('totp.text')}</p>
        <TotpSetup onDone={done} label={t('totp.add')} />
      </section>
      <p>
        <button type="button" className="link" onClick={signOut}>
          {t('account.signOut')}
        </button>
      </p>
    </Door>
  )
}
