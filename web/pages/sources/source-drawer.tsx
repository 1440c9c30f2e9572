import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { type SourceDetail, testReceipt } from '../../../src/collect/schema.ts'
import { call, tell } from '../../api/client.ts'
import { sourceQuery, unknownsQuery } from '../../api/queries.ts'
import { DeedButton } from '../../components/deed-button.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { MiniBars } from '../../components/figures/bars.tsx'
import { Icon } from '../../components/icon.tsx'
import { useNotice } from '../../components/notice.tsx'
import { ProblemNote, Said, useProblemText } from '../../components/problem-note.tsx'
import { useMay } from '../../components/session.ts'
import { StateGlyph } from '../../components/state-glyph.tsx'
import { useFormat } from '../../components/use-format.ts'
import { glyphOfSource, wordOf } from './source-glyph.ts'
import { unknownCode } from './unknown-code.ts'
import { ZoneField } from './zone-field.tsx'

const COUNTS = ['received', 'stored', 'unknown', 'repeated', 'dropped', 'gaps'] as const

/** One source: its books, which always balance; what troubles it; what could not be read; a test event. */
export function SourceDrawer({ id, now, onClose }: { id: string; now: number; onClose: () => void }): ReactNode {
  const { t: common } = useTranslation()
  const { data: source, error, refetch } = useQuery(sourceQuery(id))
  return (
    <Dialog label={id} className="slide" onClose={onClose}>
      <div className="slide-h">
        <div className="grow">
          <h2>{source === undefined || source.title === '' ? id : source.title}</h2>
          {source === undefined || source.title === '' || source.title === id ? null : <p className="label mono">{id}</p>}
        </div>
        {source === undefined ? null : <Actions source={source} />}
        <button type="button" className="btn sm quiet square" aria-label={common('close')} onClick={onClose}>
          <Icon name="close" />
        </button>
      </div>
      <div className="slide-b">
        {error === null ? null : <ProblemNote error={error} retry={() => void refetch()} />}
        {source === undefined ? null : <Books source={source} now={now} />}
        <Unknowns id={id} />
      </div>
    </Dialog>
  )
}

function Books({ source, now }: { source: SourceDetail; now: number }): ReactNode {
  const { t } = useTranslation('sources')
  const format = useFormat()
  const word = wordOf(source)
  const { received, stored, repeated, dropped } = source.counts
  const balanced = received === stored + repeated + dropped
  return (
    <>
      <div className="sec row">
        <StateGlyph state={glyphOfSource(word)} silent />
        <b>{t(`word.${word}`)}</b>
        {source.reason === null ? null : (
          <span className="ink2">
            <Said code={source.reasonCode} text={source.reason} />
          </span>
        )}
        <span className="end dim num">
          {source.lastEventAt === null ? t('word.never') : t('lastEvent', { age: format.age(source.lastEventAt, now) })}
        </span>
      </div>
      {source.problems.length === 0 ? null : (
        <ul className="bullets sec">
          {source.problems.map((problem) => (
            <li key={problem.text}>
              <Said code={problem.code} text={problem.text} />
            </li>
          ))}
        </ul>
      )}
      <div className="sec">
        <h3>
          {t('books')}
          <span className="label">{t('booksLabel')}</span>
        </h3>
        <div className="sum">
          {COUNTS.map((name) => (
            <div key={name} className={name === 'gaps' && source.counts.gaps > 0 ? 'hatched' : ''}>
              <span className="label">{t(`count.${name}`)}</span>
              <b className="num">{format.count(source.counts[name])}</b>
            </div>
          ))}
        </div>
        <p className="label sum-check num">
          <StateGlyph state={balanced ? 'met' : 'gone'} silent />{' '}
          {t(balanced ? 'addsUp' : 'addsNot', { received, stored, repeated, dropped })}
        </p>
      </div>
      <div className="sec">
        <h3>{t('col.hour')}</h3>
        <MiniBars
          values={source.series.received}
          width={664}
          height={64}
          className="mini wide"
          label={t('hourLabel', { count: source.series.received.reduce((sum, count) => sum + count, 0) })}
        />
      </div>
      <ZoneField key={source.zone} source={source} />
      {source.config === null ? null : (
        <div className="sec">
          <h3>{t('config')}</h3>
          <div className="json">{JSON.stringify(source.config, null, 2)}</div>
        </div>
      )}
    </>
  )
}

function Actions({ source }: { source: SourceDetail }): ReactNode {
  const { t } = useTranslation('sources')
  const client = useQueryClient()
  const notice = useNotice()
  const problemText = useProblemText()
  const path = `/api/v1/sources/${encodeURIComponent(source.id)}`
  const failed = (error: unknown): void => notice({ text: problemText(error), sticky: true })
  const test = useMutation({
    mutationFn: () => call(testReceipt, `${path}/test`, { method: 'POST' }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['sources'] }),
    onError: failed,
  })
  const toggle = useMutation({
    mutationFn: () => tell(path, { method: 'PATCH', body: { enabled: !source.enabled } }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['sources'] }),
    onError: failed,
  })
  const may = useMay()
  if (!may('sources:write')) return null
  return (
    <div className="row">
      {test.data === undefined ? (
        <DeedButton type="button" className="btn sm" busy={test.isPending} onClick={() => test.mutate()}>
          <Icon name="send" small />
          {t('test')}
        </DeedButton>
      ) : (
        <Link className="btn sm" to="/timeline" search={{ event: test.data.eventId }}>
          <Icon name="check" small />
          {t('testStored', { ms: Math.max(0, Date.parse(test.data.storedAt) - Date.parse(test.data.sentAt)) })}
        </Link>
      )}
      {source.config === null ? null : (
        <DeedButton type="button" className="btn sm" busy={toggle.isPending} onClick={() => toggle.mutate()}>
          {t(source.enabled ? 'switchOff' : 'switchOn')}
        </DeedButton>
      )}
    </div>
  )
}

function Unknowns({ id }: { id: string }): ReactNode {
  const { t } = useTranslation('sources')
  const format = useFormat()
  const { data } = useQuery(unknownsQuery(id))
  if (data === undefined) return null
  return (
    <div className="sec">
      <h3>
        {t('unknowns')}
        <span className="label num">{t('unknownsOf', { shown: data.samples.length, count: data.total })}</span>
        {data.total === 0 ? null : (
          <Link to="/timeline" search={{ q: `kanpeki.parser:unknown AND kanpeki.source:"${id}"` }}>
            {t('unknownsAll')}
          </Link>
        )}
      </h3>
      {data.total === 0 ? <p className="dim">{t('unknownsNone')}</p> : null}
      {data.samples.map((sample) => (
        <div key={sample.id} className="sample">
          <div className="row">
            <b>
              <Said code={unknownCode(sample.reason)} text={sample.reason} />
            </b>
            <time className="end dim num">{format.exact(sample.receivedAt)}</time>
          </div>
          <pre>{sample.text}</pre>
        </div>
      ))}
    </div>
  )
}
