import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { beginTotp, confirmTotp } from '../../api/access.ts'
import { CopyButton } from '../copy.tsx'
import { DeedButton } from '../deed-button.tsx'
import { ProblemNote } from '../problem-note.tsx'
import { CodeField } from './code-field.tsx'
import { Qr } from './qr.tsx'
import { RecoveryCodes } from './recovery-codes.tsx'

const GROUP = /.{1,4}/g

/** Adds an authenticator app: the code is scanned or typed, one code proves it, recovery codes come at the end. */
export function TotpSetup({ onDone, label }: { onDone: () => void; label: string }): ReactNode {
  const { t } = useTranslation('access')
  const client = useQueryClient()
  const [code, setCode] = useState('')
  const begin = useMutation({ mutationFn: beginTotp })
  const prove = useMutation({
    mutationFn: () => confirmTotp(code),
    onSuccess: ({ codes }) => {
      if (codes === null) finish()
    },
  })
  const finish = (): void => {
    begin.reset()
    prove.reset()
    setCode('')
    void client.invalidateQueries({ queryKey: ['me'] })
    onDone()
  }
  if (prove.data?.codes != null) return <RecoveryCodes codes={prove.data.codes} onKept={finish} />
  if (begin.data === undefined) {
    return (
      <>
        {begin.error === null ? null : <ProblemNote error={begin.error} />}
        <DeedButton type="button" className="btn" busy={begin.isPending} onClick={() => begin.mutate()}>
          {label}
        </DeedButton>
      </>
    )
  }
  return (
    <form
      className="totp"
      onSubmit={(event) => {
        event.preventDefault()
        prove.mutate()
      }}
    >
      <Qr text={begin.data.uri} label={t('totp.qr')} />
      <div className="stack">
        <p className="ink2">{t('totp.scan')}</p>
        <div className="row-copy">
          <code className="mono secret">{begin.data.secret.match(GROUP)?.join(' ')}</code>
          <CopyButton text={begin.data.secret} label={t('totp.copySecret')} />
        </div>
        <CodeField label={t('totp.code')} value={code} onChange={setCode} focus />
        {prove.error === null ? null : <ProblemNote error={prove.error} />}
        <div className="row">
          <DeedButton type="submit" className="btn ink" busy={prove.isPending}>
            {t('totp.confirm')}
          </DeedButton>
          <button type="button" className="btn quiet" onClick={() => begin.reset()}>
            {t('cancel')}
          </button>
        </div>
      </div>
    </form>
  )
}
