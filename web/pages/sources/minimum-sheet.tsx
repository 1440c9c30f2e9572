import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { MinimumEventView } from '../../../src/collect/completeness/schema.ts'
import { minimumEventsQuery } from '../../api/queries.ts'
import { Coded } from '../../components/coded.tsx'
import { ProblemNote } from '../../components/problem-note.tsx'
import { type GlyphState, StateGlyph } from '../../components/state-glyph.tsx'
import { useFormat } from '../../components/use-format.ts'

const GLYPHS: Readonly<Record<MinimumEventView['state'], GlyphState>> = { received: 'met', stale: 'risk', missing: 'gone' }

/** Which of the minimum set of events arrives here; what does not is a blind spot, with what to do about it. */
export function MinimumSheet({ now }: { now: number }): ReactNode {
  const { t } = useTranslation('completeness')
  const { t: common } = useTranslation()
  const format = useFormat()
  const { data, error, refetch } = useQuery({ ...minimumEventsQuery, refetchInterval: 30_000 })
  return (
    <section className="sheet" aria-label={t('tab.minimum')}>
      {error === null ? null : <ProblemNote error={error} retry={() => void refetch()} />}
      {data === undefined && error === null ? <p className="loading">{common('loading')}</p> : null}
      {data === undefined ? null : (
        <>
          <p className="filters in-sheet ink2">
            <StateGlyph state={data.received === data.events.length ? 'met' : 'gone'} silent />
            {t('minimum.sum', { received: data.received, total: data.events.length })}
          </p>
          <table className="srcs still kinds">
            <thead>
              <tr>
                <th>{t('minimum.col.event')}</th>
                <th>{t('minimum.col.state')}</th>
                <th className="r">{t('minimum.col.since')}</th>
                <th className="r">{t('minimum.col.last')}</th>
                <th className="r">{t('minimum.col.hosts')}</th>
              </tr>
            </thead>
            <tbody>
              {data.events.map((event) => (
                <tr key={event.id} className="inert">
                  <td className="named">
                    <details>
                      <summary>
                        <b>{format.text(event.title)}</b>
                      </summary>
                      <dl className="ways">
                        {event.ways.map(({ source, how }) => (
                          <div key={source.en}>
                            <dt>{format.text(source)}</dt>
                            <dd>
                              <Coded text={format.text(how)} />
                            </dd>
                          </div>
                        ))}
                      </dl>
                    </details>
                  </td>
                  <td>
                    <span className="row">
                      <StateGlyph state={GLYPHS[event.state]} silent />
                      {t(`minimum.state.${event.state}`)}
                    </span>
                  </td>
                  <td className="r num">
                    {event.firstSeenAt === null ? <span className="dim">–</span> : format.date(event.firstSeenAt)}
                  </td>
                  <td className="r num">
                    {event.lastSeenAt === null ? (
                      <span className="dim">–</span>
                    ) : (
                      <Link to="/timeline" search={{ q: event.query, span: '7d' }}>
                        {t('ago', { age: format.age(event.lastSeenAt, now) })}
                      </Link>
                    )}
                  </td>
                  <td className="r num">{format.count(event.hosts)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </>
      )}
    </section>
  )
}
