import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { IncidentDetail, MessageView } from '../../../src/respond/incidents/schema.ts'
import { channelsQuery } from '../../api/queries.ts'
import { Field } from '../../components/fields.tsx'
import { Segmented } from '../../components/segmented.tsx'
import { type GlyphState, StateGlyph } from '../../components/state-glyph.tsx'
import { useFormat } from '../../components/use-format.ts'
import { useNow } from '../../components/use-now.ts'
import { Panel } from '../settings/panel.tsx'
import type { AskedDeed } from './use-deed.ts'

type Act = (asked: AskedDeed, done?: () => void) => void

const GLYPH: Readonly<Record<MessageView['state'], GlyphState>> = {
  planned: 'gone',
  queued: 'risk',
  sent: 'met',
  failed: 'miss',
  said: 'met',
  simulated: 'met',
  dropped: 'gone',
}

/** Who has to be told what by when, and the proof that they were. */
export function MessageList({ incident, act }: { incident: IncidentDetail; act: Act | undefined }): ReactNode {
  const { t } = useTranslation('incidents')
  const [open, setOpen] = useState<string | null>(null)
  const told = incident.messages.filter(({ state }) => state === 'sent' || state === 'said' || state === 'simulated').length
  return (
    <Panel
      title={t('told.title')}
      end={<span className="label num">{t('told.count', { told, all: incident.messages.length })}</span>}
    >
      {incident.messages.length === 0 ? <p className="dim">{t('told.none')}</p> : null}
      <ul className="rows">
        {incident.messages.map((message) => (
          <li key={message.id} className="wrap told" data-late={message.overdue}>
            <Row message={message} />
            {act === undefined || open === message.id || (message.state !== 'planned' && message.state !== 'failed') ? null : (
              <button type="button" className="btn sm" onClick={() => setOpen(message.id)}>
                {t('told.tell')}
              </button>
            )}
            {act !== undefined && open === message.id ? (
              <TellForm incident={incident} message={message} act={act} onClose={() => setOpen(null)} />
            ) : null}
          </li>
        ))}
      </ul>
    </Panel>
  )
}

function Row({ message }: { message: MessageView }): ReactNode {
  const { t } = useTranslation('incidents')
  const format = useFormat()
  const now = useNow()
  const { state, due, sent, channel, contact, proof, by, error } = message
  const waiting = state === 'planned' || state === 'failed' || state === 'queued'
  return (
    <>
      <span className="grow">
        <span className="row">
          <StateGlyph state={GLYPH[state]} silent />
          <b>{format.text(message.audience)}</b>
          <span className="label">{t(`told.state.${state}`)}</span>
        </span>
        <span className="label block">{format.text(message.about)}</span>
        {sent === null ? null : (
          <span className="label block">
            {[format.dateTime(sent), channel?.name, contact, by]
              .filter((part) => part !== '' && part !== null && part !== undefined)
              .join(' · ')}
          </span>
        )}
        {proof === null ? null : (
          <span className="label block mono" title={proof.sha256}>
            {proof.message === '' ? '' : `${proof.message} · `}SHA-256 {proof.sha256.slice(0, 12)}…
          </span>
        )}
        {error === null ? null : <span className="label bad block">{error}</span>}
      </span>
      {waiting && due !== null ? (
        <span className={message.overdue ? 'num late' : 'num ink2'} title={format.dateTime(due)}>
          {message.overdue
            ? t('tasks.late', { time: format.duration((now - Date.parse(due)) / 1000) })
            : t('tasks.left', { time: format.duration((Date.parse(due) - now) / 1000) })}
        </span>
      ) : null}
    </>
  )
}

function TellForm({
  incident,
  message,
  act,
  onClose,
}: {
  incident: IncidentDetail
  message: MessageView
  act: Act
  onClose: () => void
}): ReactNode {
  const { t } = useTranslation('incidents')
  const { t: common } = useTranslation()
  const format = useFormat()
  const { data } = useQuery(channelsQuery)
  const channels = (data?.channels ?? []).filter(({ enabled }) => enabled)
  const [how, setHow] = useState<'channel' | 'said' | 'drop'>('channel')
  const [channel, setChannel] = useState(message.channel?.id ?? '')
  const [contact, setContact] = useState(message.contact)
  const [subject, setSubject] = useState(
    `[P${incident.severity}] INC-${incident.number} ${format.text({ en: incident.title, ja: incident.titleJa })}`.slice(0, 200),
  )
  const [text, setText] = useState(incident.summary)
  const chosen = channel === '' ? (channels[0]?.id ?? '') : channel
  const exercise = incident.exercise !== null
  const ready =
    text.trim() !== '' &&
    (how === 'channel' ? subject.trim() !== '' && (exercise || chosen !== '') : how === 'drop' || contact.trim() !== '')
  const send = (): void => {
    if (how === 'channel')
      act({ do: 'message-send', message: message.id, subject, text, ...(chosen === '' ? {} : { channel: chosen }) }, onClose)
    else if (how === 'said') act({ do: 'message-said', message: message.id, how: contact, text }, onClose)
    else act({ do: 'message-drop', message: message.id, note: text }, onClose)
  }
  return (
    <form
      className="stack decide-form"
      onSubmit={(event) => {
        event.preventDefault()
        if (ready) send()
      }}
    >
      <Segmented
        label={t('told.how')}
        value={how}
        choices={(['channel', 'said', 'drop'] as const).map((value) => ({ value, label: t(`told.by.${value}`) }))}
        onChange={setHow}
      />
      {how === 'channel' && !exercise ? (
        <Field label={t('told.channel')} {...(channels.length === 0 ? { hint: t('told.noChannel') } : {})}>
          <select className="input" value={chosen} onChange={(event) => setChannel(event.target.value)}>
            {channels.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </select>
        </Field>
      ) : null}
      {how === 'channel' ? (
        <Field label={t('told.subject')}>
          <input className="input" value={subject} maxLength={300} onChange={(event) => setSubject(event.target.value)} />
        </Field>
      ) : null}
      {how === 'said' ? (
        <Field label={t('told.contact')}>
          <input className="input" value={contact} maxLength={300} onChange={(event) => setContact(event.target.value)} />
        </Field>
      ) : null}
      <Field label={t(how === 'drop' ? 'told.why' : 'told.text')}>
        <textarea className="input" rows={3} value={text} onChange={(event) => setText(event.target.value)} />
      </Field>
      <div className="row">
        <button type="submit" className="btn ink" disabled={!ready}>
          {t(`told.do.${how}`)}
        </button>
        <button type="button" className="btn quiet" onClick={onClose}>
          {common('cancel')}
        </button>
      </div>
    </form>
  )
}
