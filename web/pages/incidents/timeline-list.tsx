import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { IncidentDetail, TimelineItem } from '../../../src/respond/incidents/schema.ts'
import { incidentTimelineQuery } from '../../api/incidents.ts'
import { withScope } from '../../api/scope.ts'
import { EntryLink } from '../../components/entry-link.tsx'
import { ProblemNote } from '../../components/problem-note.tsx'
import { Segmented } from '../../components/segmented.tsx'
import { useFormat } from '../../components/use-format.ts'
import { Panel } from '../settings/panel.tsx'
import type { AskedDeed } from './use-deed.ts'

const SHOWN = ['all', 'event', 'alert', 'deed', 'run'] as const
type Shown = (typeof SHOWN)[number]

/** Events, alerts, deeds and runs in one line, newest last; each deed opens to its entry of the ledger. */
export function TimelineList({
  incident,
  act,
}: {
  incident: IncidentDetail
  act: ((asked: AskedDeed, done?: () => void) => void) | undefined
}): ReactNode {
  const { t } = useTranslation('incidents')
  const { t: common } = useTranslation()
  const format = useFormat()
  const { data, error, refetch } = useQuery(incidentTimelineQuery(incident.id))
  const [shown, setShown] = useState<Shown>('all')
  const items = (data?.items ?? []).filter(({ kind }) => shown === 'all' || kind === shown)
  return (
    <Panel
      title={t('timeline.title')}
      end={
        <a
          className="btn sm"
          href={withScope(`/api/v1/incidents/${incident.id}/timeline?format=csv&language=${format.lang}`)}
          download
        >
          CSV
        </a>
      }
    >
      <Segmented
        label={t('timeline.show')}
        value={shown}
        choices={SHOWN.map((value) => ({ value, label: t(`timeline.kind.${value}`) }))}
        onChange={setShown}
      />
      {error === null ? null : <ProblemNote error={error} retry={() => void refetch()} />}
      {data === undefined && error === null ? <p className="dim">{common('loading')}</p> : null}
      <ol className="story-line">
        {items.map((item, index) => (
          <Line key={index} item={item} />
        ))}
      </ol>
      {data === undefined || data.hiddenEvents === 0 ? null : (
        <p className="label">{t('timeline.hidden', { count: data.hiddenEvents })}</p>
      )}
      {act === undefined ? null : <CommentForm act={act} />}
    </Panel>
  )
}

function Line({ item }: { item: TimelineItem }): ReactNode {
  const { t } = useTranslation('incidents')
  const format = useFormat()
  const text = <bdi>{format.text(item.text)}</bdi>
  return (
    <li data-kind={item.kind}>
      <span className="num ink2 when">{format.dateTime(item.at)}</span>
      <span className="label kind">{t(`timeline.kind.${item.kind}`)}</span>
      <span className="grow">
        {item.kind === 'alert' && item.ref !== null ? (
          <Link className="tablink" to="/triage" search={{ alert: item.ref }}>
            {text}
          </Link>
        ) : item.kind === 'event' && item.ref !== null ? (
          <Link className="tablink mono" to="/timeline" search={{ event: item.ref }}>
            {text}
          </Link>
        ) : (
          text
        )}
        {item.note === '' ? null : <span className="note-t">{item.note}</span>}
      </span>
      {item.by === null ? null : <span className="label">{item.by}</span>}
      {item.entry === null ? null : <EntryLink index={item.entry} />}
    </li>
  )
}

function CommentForm({ act }: { act: (asked: AskedDeed, done?: () => void) => void }): ReactNode {
  const { t } = useTranslation('incidents')
  const [text, setText] = useState('')
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault()
        if (text.trim() !== '') act({ do: 'comment', text }, () => setText(''))
      }}
    >
      <textarea
        className="input"
        rows={2}
        aria-label={t('timeline.comment')}
        placeholder={t('timeline.comment')}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <button type="submit" className="btn start" disabled={text.trim() === ''}>
        {t('timeline.add')}
      </button>
    </form>
  )
}
