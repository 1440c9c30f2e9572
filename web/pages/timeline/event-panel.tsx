import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { EventRow } from '../../../src/server/schema.ts'
import { aroundQuery, eventQuery } from '../../api/queries.ts'
import { CopyButton } from '../../components/copy.tsx'
import { Icon } from '../../components/icon.tsx'
import { ProblemNote } from '../../components/problem-note.tsx'
import { Segmented } from '../../components/segmented.tsx'
import { useFormat } from '../../components/use-format.ts'
import { flatten, gistOf } from './document.ts'
import { AROUND_SECONDS } from './window.ts'

interface Asking {
  readonly onPivot: (field: string, value: string, not: boolean) => void
  readonly onShow: (id: string) => void
  readonly onAround: (event: EventRow, seconds: number) => void
  readonly onClose: () => void
}

const AROUND_FIRST = 60

/** One event whole: every field with pivots, its three times, and what happened just before and after. */
export function EventPanel({ id, loaded, asking }: { id: string; loaded: EventRow | undefined; asking: Asking }): ReactNode {
  const { t } = useTranslation('timeline')
  const { t: common } = useTranslation()
  const { data, error, refetch } = useQuery({ ...eventQuery(id), enabled: loaded === undefined })
  const [tab, setTab] = useState<'fields' | 'json' | 'around'>('fields')
  const event = loaded ?? data
  return (
    <aside className="evd" aria-label={t('event')}>
      <div className="slide-h">
        <div className="grow">
          <h2>{event === undefined ? t('event') : gistOf(event.doc, event.parser).what}</h2>
          <p className="label mono clip" title={id}>
            {id}
          </p>
        </div>
        <button type="button" className="btn sm quiet square" aria-label={common('close')} onClick={asking.onClose}>
          <Icon name="close" />
        </button>
      </div>
      <div className="slide-b">
        {error === null ? null : <ProblemNote error={error} retry={() => void refetch()} />}
        {event === undefined ? null : (
          <>
            <Times event={event} />
            <div className="row tabs-row">
              <div className="row" role="tablist" aria-label={t('event')}>
                {(['fields', 'around', 'json'] as const).map((one) => (
                  <button
                    key={one}
                    type="button"
                    role="tab"
                    aria-selected={tab === one}
                    className={tab === one ? 'btn sm ink' : 'btn sm'}
                    onClick={() => setTab(one)}
                  >
                    {t(`tab.${one}`)}
                  </button>
                ))}
              </div>
              <span className="grow" />
              <CopyButton text={JSON.stringify(event.doc, null, 2)} label={t('copyJson')} />
            </div>
            {tab === 'fields' ? <FieldList event={event} asking={asking} /> : null}
            {tab === 'json' ? <pre className="json">{JSON.stringify(event.doc, null, 2)}</pre> : null}
            {tab === 'around' ? <Around event={event} asking={asking} /> : null}
          </>
        )}
      </div>
    </aside>
  )
}

function Times({ event }: { event: EventRow }): ReactNode {
  const { t } = useTranslation('timeline')
  const format = useFormat()
  const lag = Date.parse(event.received) - Date.parse(event.observed)
  return (
    <div className="facts three sec">
      <div>
        <span className="label">{t('observed')}</span>
        <b className="num">{format.exact(event.observed)}</b>
      </div>
      <div>
        <span className="label">{t('received')}</span>
        <b className="num">
          {format.timeMs(event.received)} <span className="dim">{format.step(lag)}</span>
        </b>
      </div>
      <div>
        <span className="label">{t('via')}</span>
        <b className="mono">
          {event.source} → {event.parser}
        </b>
      </div>
    </div>
  )
}

function FieldList({ event, asking }: { event: EventRow; asking: Asking }): ReactNode {
  const { t } = useTranslation('timeline')
  return (
    <dl className="ek">
      {flatten(event.doc).map(([field, value], index) => (
        <div key={`${field}${index}`} className="contents">
          <dt>{field}</dt>
          <dd>{value}</dd>
          <dd className="pv">
            <button
              type="button"
              aria-label={t('include', { field, value })}
              title={t('include', { field, value })}
              onClick={() => asking.onPivot(field, value, false)}
            >
              <Icon name="plus" small />
            </button>
            <button
              type="button"
              aria-label={t('exclude', { field, value })}
              title={t('exclude', { field, value })}
              onClick={() => asking.onPivot(field, value, true)}
            >
              <Icon name="minus" small />
            </button>
          </dd>
        </div>
      ))}
    </dl>
  )
}

function Around({ event, asking }: { event: EventRow; asking: Asking }): ReactNode {
  const { t } = useTranslation('timeline')
  const { t: common } = useTranslation()
  const format = useFormat()
  const [seconds, setSeconds] = useState(AROUND_FIRST)
  const { data, error } = useQuery(aroundQuery(event.id, seconds))
  const here = Date.parse(event.observed)
  return (
    <>
      <div className="row around-h">
        <Segmented
          label={t('aroundSpan')}
          value={String(seconds)}
          choices={AROUND_SECONDS.map((one) => ({ value: String(one), label: `± ${format.duration(one)}` }))}
          onChange={(value) => setSeconds(Number(value))}
        />
        <span className="grow" />
        <button type="button" className="btn sm" onClick={() => asking.onAround(event, seconds)}>
          <Icon name="around" small />
          {t('aroundOpen')}
        </button>
      </div>
      {error === null ? null : <ProblemNote error={error} />}
      <p className="label num" role="status">
        {data === undefined
          ? error === null && common('loading')
          : t('aroundCount', { count: data.events.length, span: format.duration(seconds) })}
      </p>
      {data?.events.map((one) => {
        const gist = gistOf(one.doc, one.parser)
        return (
          <button
            key={one.id}
            type="button"
            className="evt near"
            aria-current={one.id === event.id}
            onClick={() => asking.onShow(one.id)}
          >
            <time className="num">{format.step(Date.parse(one.observed) - here)}</time>
            <span className="msg clip">
              <b>{gist.what}</b>
              <span className="mono">{gist.detail}</span>
            </span>
          </button>
        )
      })}
      {data?.truncated === true ? <p className="label">{t('truncated')}</p> : null}
    </>
  )
}
