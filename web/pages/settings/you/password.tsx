import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { changePassword } from '../../../api/access.ts'
import { DeedButton } from '../../../components/deed-button.tsx'
import { NewPassword } from '../../../components/identity/new-password.tsx'
import { useNotice } from '../../../components/notice.tsx'
import { ProblemNote } from '../../../components/problem-note.tsx'
import { useSession } from '../../../components/session.ts'
import { Panel } from '../panel.tsx'

/** The change of a password ends every other session. */
export function Password({ has }: { has: boolean }): ReactNode {
  const { t } = useTranslation('settings')
  const [open, setOpen] = useState(false)
  return (
    <Panel
      title={t('password.title')}
      text={t(has ? 'password.text' : 'password.none')}
      end={
        has ? (
          <button type="button" className="btn sm" aria-expanded={open} onClick={() => setOpen(!open)}>
            {t(open ? 'cancel' : 'password.change')}
          </button>
        ) : undefined
      }
    >
      {open ? <PasswordForm onDone={() => setOpen(false)} /> : null}
    </Panel>
  )
}

function PasswordForm({ onDone }: { onDone: () => void }): ReactNode {
  const { t } = useTranslation('settings')
  const { user } = useSession()
  const client = useQueryClient()
  const notice = useNotice()
  const [current, setCurrent] = useState('')
  const [password, setPassword] = useState<string | undefined>()
  const change = useMutation({
    mutationFn: (chosen: string) => changePassword(current, chosen),
    onSuccess: ({ ended }) => {
      notice({ text: t('password.done', { count: ended }) })
      void client.invalidateQueries({ queryKey: ['me'] })
      onDone()
    },
  })
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault()
        if (password !== undefined) change.mutate(password)
      }}
    >
      <input type="text" className="sr" autoComplete="username" readOnly tabIndex={-1} aria-hidden="true" value={user.name} />
      <label className="field">
        <span>{t('password.current')}</span>
        <input
          className="input"
          type="password"
          required
          autoComplete="current-password"
          value={current}
          onChange={(event) => setCurrent(event.target.value)}
        />
      </label>
      <NewPassword onChange={setPassword} />
      {change.error === null ? null : <ProblemNote error={change.error} />}
      <div className="row">
        <DeedButton type="submit" className="btn ink" busy={change.isPending} disabled={password === undefined}>
          {t('password.submit')}
        </DeedButton>
      </div>
    </form>
  )
}
