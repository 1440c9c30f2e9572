import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { type NewChannel, newChannelReply } from '../../../../src/detect/notify/schema.ts'
import type { Severity } from '../../../../src/kernel/detection.ts'
import { call } from '../../../api/client.ts'
import { channelsQuery } from '../../../api/queries.ts'
import { DeedButton } from '../../../components/deed-button.tsx'
import { Field } from '../../../components/fields.tsx'
import { ProblemNote } from '../../../components/problem-note.tsx'
import { Segmented } from '../../../components/segmented.tsx'
import { Drawer } from '../drawer.tsx'

const SEVERITIES = [1, 2, 3, 4, 5] as const satisfies readonly Severity[]

/** Another channel; a webhook's signing secret is handed on, since it is told once. */
export function NewChannelDrawer({
  mail,
  onSecret,
  onClose,
}: {
  mail: boolean
  onSecret: (secret: string | null) => void
  onClose: () => void
}): ReactNode {
  const { t, i18n } = useTranslation('notify')
  const { t: common } = useTranslation()
  const client = useQueryClient()
  const [kind, setKind] = useState<'mail' | 'webhook'>('mail')
  const [name, setName] = useState('')
  const [to, setTo] = useState('')
  const [url, setUrl] = useState('')
  const [language, setLanguage] = useState<'en' | 'ja'>(i18n.language === 'ja' ? 'ja' : 'en')
  const [severity, setSeverity] = useState<Severity>(2)
  const create = useMutation({
    mutationFn: (body: NewChannel) => call(newChannelReply, '/api/v1/channels', { method: 'POST', body }),
    onSuccess: ({ secret }) => {
      void client.invalidateQueries({ queryKey: channelsQuery.queryKey })
      onSecret(secret)
      onClose()
    },
  })
  const addresses = to
    .split(/[\s,;、，；]+/)
    .map((one) => one.trim())
    .filter((one) => one !== '')
  return (
    <Drawer title={t('add')} onClose={onClose}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault()
          const target = kind === 'mail' ? { kind, to: addresses, language } : { kind, url: url.trim() }
          create.mutate({ name: name.trim(), severity, target })
        }}
      >
        <Segmented
          label={t('kind.label')}
          value={kind}
          choices={[
            { value: 'mail', label: t('kind.mail') },
            { value: 'webhook', label: t('kind.webhook') },
          ]}
          onChange={setKind}
        />
        <Field label={t('name')}>
          <input className="input" required maxLength={120} value={name} onChange={(event) => setName(event.target.value)} />
        </Field>
        {kind === 'mail' ? (
          <>
            <Field label={t('to')} hint={mail ? t('toHint') : t('noMailServer')}>
              <textarea className="input" rows={2} required value={to} onChange={(event) => setTo(event.target.value)} />
            </Field>
            <Field label={t('language')}>
              <select
                className="input"
                value={language}
                onChange={(event) => setLanguage(event.target.value === 'ja' ? 'ja' : 'en')}
              >
                <option value="en">English</option>
                <option value="ja">日本語</option>
              </select>
            </Field>
          </>
        ) : (
          <Field label={t('url')} hint={t('urlHint')}>
            <input
              className="input mono"
              type="url"
              required
              placeholder="https://hooks.example.com/…"
              value={url}
              onChange={(event) => setUrl(event.target.value)}
            />
          </Field>
        )}
        <Field label={t('from')}>
          <select
            className="input"
            value={severity}
            onChange={(event) => setSeverity(SEVERITIES.find((one) => String(one) === event.target.value) ?? 2)}
          >
            {SEVERITIES.map((one) => (
              <option key={one} value={one}>
                {t('fromOption', { severity: one, word: common(`severity.${one}`) })}
              </option>
            ))}
          </select>
        </Field>
        <p className="label">{t('privacy')}</p>
        {create.error === null ? null : <ProblemNote error={create.error} />}
        <p>
          <DeedButton type="submit" className="btn ink" busy={create.isPending}>
            {t('create')}
          </DeedButton>
        </p>
      </form>
    </Drawer>
  )
}
