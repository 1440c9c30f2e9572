import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { type ChannelView, channelView, newChannelReply } from '../../../../src/detect/notify/schema.ts'
import { call, tell } from '../../../api/client.ts'
import { channelsQuery } from '../../../api/queries.ts'
import { Code } from '../../../components/copy.tsx'
import { DeedButton } from '../../../components/deed-button.tsx'
import { ProblemNote, Said } from '../../../components/problem-note.tsx'
import { useMay } from '../../../components/session.ts'
import { SeverityTag } from '../../../components/severity.tsx'
import { useFormat } from '../../../components/use-format.ts'
import { useNow } from '../../../components/use-now.ts'
import { Panel } from '../panel.tsx'
import { SettingsHead } from '../settings-page.tsx'
import { SureButton } from '../sure-button.tsx'
import { MailServerPanel } from './mail-server.tsx'
import { NewChannelDrawer } from './new-channel.tsx'

/** Whom grave alerts are told at once, whether it arrives, and how mail goes out. */
export function NotifyPage(): ReactNode {
  const { t } = useTranslation('notify')
  const may = useMay()
  const { data, error, refetch } = useQuery(channelsQuery)
  const [adding, setAdding] = useState(false)
  const [secret, setSecret] = useState<string | null>(null)
  const writes = may('sources:write')
  return (
    <div className="stack">
      <SettingsHead title={t('title')} lead={t('lead')}>
        {writes ? (
          <button type="button" className="btn ink" aria-haspopup="dialog" onClick={() => setAdding(true)}>
            {t('add')}
          </button>
        ) : null}
      </SettingsHead>
      {error === null ? null : <ProblemNote error={error} retry={() => void refetch()} />}
      {secret === null ? null : <NewSecret secret={secret} onKept={() => setSecret(null)} />}
      <Panel title={t('channels')} text={t('channelsText')}>
        {data?.channels.length === 0 ? <p className="dim">{t('none')}</p> : null}
        <ul className="rows">
          {data?.channels.map((channel) => (
            <ChannelRow key={channel.id} channel={channel} writes={writes} mail={data.mail} onSecret={setSecret} />
          ))}
        </ul>
      </Panel>
      {may('installation') ? <MailServerPanel /> : null}
      {adding ? <NewChannelDrawer mail={data?.mail ?? false} onSecret={setSecret} onClose={() => setAdding(false)} /> : null}
    </div>
  )
}

function NewSecret({ secret, onKept }: { secret: string; onKept: () => void }): ReactNode {
  const { t } = useTranslation('notify')
  return (
    <Panel title={t('secret')} text={t('secretText')}>
      <Code text={secret} />
      <p>
        <button type="button" className="btn" onClick={onKept}>
          {t('secretKept')}
        </button>
      </p>
    </Panel>
  )
}

function ChannelRow({
  channel,
  writes,
  mail,
  onSecret,
}: {
  channel: ChannelView
  writes: boolean
  mail: boolean
  onSecret: (secret: string | null) => void
}): ReactNode {
  const { t } = useTranslation('notify')
  const format = useFormat()
  const now = useNow(10)
  const client = useQueryClient()
  const done = (): void => void client.invalidateQueries({ queryKey: channelsQuery.queryKey })
  const path = `/api/v1/channels/${encodeURIComponent(channel.id)}`
  const post = (what: 'test' | 'retry') => call(channelView, `${path}/${what}`, { method: 'POST' })
  const test = useMutation({ mutationFn: () => post('test'), onSuccess: () => setTimeout(done, 1500) })
  const retry = useMutation({ mutationFn: () => post('retry'), onSuccess: () => setTimeout(done, 1500) })
  const change = useMutation({
    mutationFn: (enabled: boolean) => call(channelView, path, { method: 'PATCH', body: { enabled } }),
    onSuccess: done,
  })
  const renew = useMutation({
    mutationFn: () => call(newChannelReply, `${path}/secret`, { method: 'POST' }),
    onSuccess: (reply) => onSecret(reply.secret),
  })
  const remove = useMutation({ mutationFn: () => tell(path, { method: 'DELETE' }), onSuccess: done })
  const busy = test.isPending || retry.isPending || change.isPending || renew.isPending || remove.isPending
  const stuck = channel.waiting + channel.failed > 0
  const failure = [test, retry, change, renew, remove].find((one) => one.error !== null)?.error
  return (
    <li className="wrap">
      <span className="grow">
        <b>{channel.name}</b> <span className="chip">{t(`kind.${channel.kind}`)}</span>{' '}
        <SeverityTag severity={channel.severity} /> <span className="label">{t('andGraver')}</span>{' '}
        {channel.enabled ? null : <span className="chip">{t('off')}</span>}
        <span className="block mono">{channel.kind === 'mail' ? channel.to.join(', ') : channel.host}</span>
        <span className="block label num" role="status">
          {channel.lastSent === null ? t('never') : t('lastSent', { age: format.age(channel.lastSent, now) })}
          {channel.waiting === 0 || channel.waitingSince === null
            ? ''
            : ` · ${t('waiting', { count: channel.waiting, age: format.age(channel.waitingSince, now) })}`}
          {channel.failed === 0 ? '' : ` · ${t('failed', { count: channel.failed })}`}
        </span>
        {channel.error === null ? null : (
          <span className="block note-missed">
            {t('error')} <Said code={channel.errorCode} text={channel.error} />
          </span>
        )}
        {channel.kind === 'mail' && !mail ? <span className="block note-missed">{t('noMailServer')}</span> : null}
      </span>
      {writes ? (
        <span className="row">
          {stuck ? (
            <DeedButton type="button" className="btn sm" busy={busy} onClick={() => retry.mutate()}>
              {t('retry')}
            </DeedButton>
          ) : null}
          <DeedButton type="button" className="btn sm" busy={busy} disabled={!channel.enabled} onClick={() => test.mutate()}>
            {t('test')}
          </DeedButton>
          <DeedButton type="button" className="btn sm" busy={busy} onClick={() => change.mutate(!channel.enabled)}>
            {channel.enabled ? t('stop') : t('start')}
          </DeedButton>
          {channel.kind === 'webhook' ? (
            <SureButton label={t('renew')} sure={t('renewSure')} yes={t('renew')} pending={busy} onSure={() => renew.mutate()} />
          ) : null}
          <SureButton
            label={t('remove')}
            sure={t('removeSure', { count: channel.waiting })}
            yes={t('remove')}
            pending={busy}
            onSure={() => remove.mutate()}
          />
        </span>
      ) : null}
      {failure === undefined || failure === null ? null : <ProblemNote error={failure} />}
    </li>
  )
}
