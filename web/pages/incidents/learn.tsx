import { Link } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { FollowUpView, IncidentDetail, PostMortem } from '../../../src/respond/incidents/schema.ts'
import { Field } from '../../components/fields.tsx'
import { useSession } from '../../components/session.ts'
import { StateGlyph } from '../../components/state-glyph.tsx'
import { useFormat } from '../../components/use-format.ts'
import { Panel } from '../settings/panel.tsx'
import type { AskedDeed } from './use-deed.ts'

type Act = (asked: AskedDeed, done?: () => void) => void
const PARTS = ['happened', 'cause', 'well', 'badly'] as const

/** The post-mortem: what is to be learnt, and what stays open until somebody else has looked. */
export function Learn({ incident, act }: { incident: IncidentDetail; act: Act | undefined }): ReactNode {
  const { t } = useTranslation('incidents')
  const format = useFormat()
  const [editing, setEditing] = useState(false)
  const written = incident.postMortem
  return (
    <>
      <Panel
        title={t('learn.title')}
        {...(written === null ? {} : { text: t('learn.by', { name: written.by, time: format.dateTime(written.at) }) })}
        end={
          act === undefined || editing ? undefined : (
            <button type="button" className="btn sm" onClick={() => setEditing(true)}>
              {t(written === null ? 'learn.write' : 'learn.rewrite')}
            </button>
          )
        }
      >
        {editing && act !== undefined ? (
          <PostMortemForm before={written} act={act} onClose={() => setEditing(false)} />
        ) : written === null ? (
          <p className="dim">{t('learn.none')}</p>
        ) : (
          PARTS.filter((part) => written[part] !== '').map((part) => (
            <section key={part}>
              <h3 className="sec-h">{t(`learn.part.${part}`)}</h3>
              <p className="prose-t">{written[part]}</p>
            </section>
          ))
        )}
      </Panel>
      <Panel title={t('follow.title')} text={t('follow.text')}>
        <ul className="rows">
          {incident.followUps.map((one) => (
            <FollowUp key={one.id} one={one} act={act} />
          ))}
        </ul>
        {incident.followUps.length === 0 ? <p className="dim">{t('follow.none')}</p> : null}
        {act === undefined ? null : <AddFollowUp act={act} />}
      </Panel>
    </>
  )
}

function PostMortemForm({ before, act, onClose }: { before: PostMortem | null; act: Act; onClose: () => void }): ReactNode {
  const { t } = useTranslation('incidents')
  const { t: common } = useTranslation()
  const [text, setText] = useState<PostMortem>({
    happened: before?.happened ?? '',
    cause: before?.cause ?? '',
    well: before?.well ?? '',
    badly: before?.badly ?? '',
  })
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault()
        act({ do: 'post-mortem', ...text }, onClose)
      }}
    >
      {PARTS.map((part) => (
        <Field key={part} label={t(`learn.part.${part}`)}>
          <textarea
            className="input"
            rows={3}
            value={text[part]}
            onChange={(event) => setText((was) => ({ ...was, [part]: event.target.value }))}
          />
        </Field>
      ))}
      <div className="row">
        <button type="submit" className="btn ink">
          {t('save')}
        </button>
        <button type="button" className="btn quiet" onClick={onClose}>
          {common('cancel')}
        </button>
      </div>
    </form>
  )
}

function FollowUp({ one, act }: { one: FollowUpView; act: Act | undefined }): ReactNode {
  const { t } = useTranslation('incidents')
  const format = useFormat()
  const { name } = useSession().user
  const state = one.verified !== null ? 'met' : one.overdue ? 'miss' : 'risk'
  return (
    <li className="wrap">
      <span className="grow">
        <span className="row">
          <StateGlyph state={state} silent />
          <bdi>{one.title}</bdi>
        </span>
        <span className="label block">
          {one.verified !== null
            ? t('follow.verifiedBy', { name: one.verified.by, time: format.dateTime(one.verified.at) })
            : one.done !== null
              ? t('follow.doneBy', { name: one.done.by, time: format.dateTime(one.done.at) })
              : t('follow.open', { name: one.owner })}
          {one.due === null ? null : ` · ${t('follow.due', { day: format.longDay(one.due) })}`}
        </span>
      </span>
      {act === undefined || one.verified !== null ? null : one.done === null ? (
        <button type="button" className="btn sm" onClick={() => act({ do: 'follow-up-done', followUp: one.id })}>
          {t('follow.done')}
        </button>
      ) : one.done.by === name ? (
        <span className="label">{t('follow.another')}</span>
      ) : (
        <button type="button" className="btn sm" onClick={() => act({ do: 'follow-up-verified', followUp: one.id })}>
          {t('follow.verify')}
        </button>
      )}
    </li>
  )
}

function AddFollowUp({ act }: { act: Act }): ReactNode {
  const { t } = useTranslation('incidents')
  const [title, setTitle] = useState('')
  const [owner, setOwner] = useState('')
  const [due, setDue] = useState('')
  return (
    <form
      className="inline-form"
      onSubmit={(event) => {
        event.preventDefault()
        act({ do: 'follow-up', title, owner, due: due === '' ? null : `${due}T23:59:59Z` }, () => {
          setTitle('')
          setOwner('')
          setDue('')
        })
      }}
    >
      <Field label={t('follow.new')}>
        <input className="input" value={title} maxLength={300} onChange={(event) => setTitle(event.target.value)} />
      </Field>
      <Field label={t('follow.owner')}>
        <input className="input" value={owner} maxLength={120} onChange={(event) => setOwner(event.target.value)} />
      </Field>
      <Field label={t('follow.until')}>
        <input className="input" type="date" value={due} onChange={(event) => setDue(event.target.value)} />
      </Field>
      <button type="submit" className="btn" disabled={title.trim() === '' || owner.trim() === ''}>
        {t('follow.add')}
      </button>
    </form>
  )
}

/** Earlier ones that share something, and what it is. */
export function Similar({ incident }: { incident: IncidentDetail }): ReactNode {
  const { t } = useTranslation('incidents')
  const format = useFormat()
  if (incident.similar.length === 0) return null
  return (
    <Panel title={t('similar.title')}>
      <ul className="rows">
        {incident.similar.map((one) => (
          <li key={one.id}>
            <span className="grow">
              <Link className="tablink" to="/incidents" search={{ incident: one.id }}>
                INC-{one.number} <bdi>{format.text({ en: one.title, ja: one.titleJa })}</bdi>
              </Link>
              <span className="label block">
                {[
                  ...one.shared.entities.map(({ name }) => name),
                  ...one.shared.rules.map((rule) => format.text(rule)),
                  ...one.shared.techniques,
                ].join(' · ')}
              </span>
            </span>
            <span className="label">{one.outcome === null ? t(`state.${one.state}`) : t(`outcome.${one.outcome}`)}</span>
          </li>
        ))}
      </ul>
    </Panel>
  )
}
