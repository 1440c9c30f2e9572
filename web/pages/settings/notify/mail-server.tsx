import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { type MailServer, mailServerView, SECURITIES } from '../../../../src/detect/notify/schema.ts'
import { call, tell } from '../../../api/client.ts'
import { channelsQuery, mailServerQuery } from '../../../api/queries.ts'
import { DeedButton } from '../../../components/deed-button.tsx'
import { Field } from '../../../components/fields.tsx'
import { ProblemNote } from '../../../components/problem-note.tsx'
import { Panel } from '../panel.tsx'
import { SureButton } from '../sure-button.tsx'

const PORT: Readonly<Record<MailServer['security'], number>> = { tls: 465, starttls: 587, none: 25 }

/** How mail goes out, for the whole installation. A password is never shown; left empty, the stored one stays. */
export function MailServerPanel(): ReactNode {
  const { t } = useTranslation('notify')
  const client = useQueryClient()
  const { data, error } = useQuery(mailServerQuery)
  const [draft, setDraft] = useState<MailServer | undefined>()
  const server = data?.server
  useEffect(() => {
    if (data === undefined) return
    const { password: _stored, ...known } = server ?? {
      host: '',
      port: 587,
      security: 'starttls' as const,
      user: '',
      sender: '',
      password: false,
    }
    setDraft(known)
  }, [data, server])
  const done = (): void => {
    void client.invalidateQueries({ queryKey: mailServerQuery.queryKey })
    void client.invalidateQueries({ queryKey: channelsQuery.queryKey })
  }
  const save = useMutation({
    mutationFn: (body: MailServer) => call(mailServerView, '/api/v1/mail-server', { method: 'PUT', body }),
    onSuccess: done,
  })
  const remove = useMutation({ mutationFn: () => tell('/api/v1/mail-server', { method: 'DELETE' }), onSuccess: done })
  const set = (change: Partial<MailServer>): void =>
    setDraft((before) => (before === undefined ? before : { ...before, ...change }))
  return (
    <Panel title={t('server.title')} text={t('server.text')}>
      {error === null ? null : <ProblemNote error={error} />}
      {draft === undefined ? null : (
        <form
          className="form"
          onSubmit={(event) => {
            event.preventDefault()
            save.mutate({ ...draft, host: draft.host.trim(), sender: draft.sender.trim() })
          }}
        >
          <div className="row ask">
            <Field label={t('server.host')}>
              <input className="input" required value={draft.host} onChange={(event) => set({ host: event.target.value })} />
            </Field>
            <Field label={t('server.security')}>
              <select
                className="input"
                value={draft.security}
                onChange={(event) => {
                  const security = SECURITIES.find((one) => one === event.target.value) ?? 'starttls'
                  set({ security, port: PORT[security] })
                }}
              >
                {SECURITIES.map((one) => (
                  <option key={one} value={one}>
                    {t(`server.by.${one}`)}
                  </option>
                ))}
              </select>
            </Field>
            <Field label={t('server.port')}>
              <input
                className="input num"
                type="number"
                min={1}
                max={65535}
                required
                value={draft.port}
                onChange={(event) => set({ port: Number(event.target.value) })}
              />
            </Field>
          </div>
          <div className="row ask">
            <Field label={t('server.user')} hint={t('server.userHint')}>
              <input
                className="input"
                autoComplete="off"
                value={draft.user}
                onChange={(event) => set({ user: event.target.value })}
              />
            </Field>
            <Field
              label={t('server.password')}
              hint={server?.password === true ? t('server.passwordKept') : t('server.passwordNone')}
            >
              <input
                className="input"
                type="password"
                autoComplete="new-password"
                value={draft.password ?? ''}
                onChange={(event) => {
                  const { password: _before, ...rest } = draft
                  setDraft(event.target.value === '' ? rest : { ...rest, password: event.target.value })
                }}
              />
            </Field>
            <Field label={t('server.sender')} hint={t('server.senderHint')}>
              <input
                className="input"
                type="email"
                required
                value={draft.sender}
                onChange={(event) => set({ sender: event.target.value })}
              />
            </Field>
          </div>
          {save.error === null ? null : <ProblemNote error={save.error} />}
          {remove.error === null ? null : <ProblemNote error={remove.error} />}
          <div className="row">
            <DeedButton type="submit" className="btn ink" busy={save.isPending}>
              {t('server.save')}
            </DeedButton>
            <span className="label" role="status">
              {save.isSuccess ? t('server.saved') : ''}
            </span>
            {server === null || server === undefined ? null : (
              <SureButton
                label={t('remove')}
                sure={t('server.removeSure')}
                yes={t('remove')}
                pending={remove.isPending}
                onSure={() => remove.mutate()}
              />
            )}
          </div>
        </form>
      )}
    </Panel>
  )
}
