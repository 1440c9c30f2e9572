import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { maskingQuery } from '../../api/queries.ts'
import { ProblemNote } from '../../components/problem-note.tsx'
import { StateGlyph } from '../../components/state-glyph.tsx'
import { useFormat } from '../../components/use-format.ts'

/** What is taken out of events before they are stored, and how often. */
export function MaskingSheet({ now }: { now: number }): ReactNode {
  const { t } = useTranslation('completeness')
  const { t: common } = useTranslation()
  const format = useFormat()
  const { data, error, refetch } = useQuery({ ...maskingQuery, refetchInterval: 30_000 })
  return (
    <section className="sheet" aria-label={t('tab.masking')}>
      {error === null ? null : <ProblemNote error={error} retry={() => void refetch()} />}
      {data === undefined && error === null ? <p className="loading">{common('loading')}</p> : null}
      {data === undefined ? null : (
        <>
          <p className="filters in-sheet ink2">{t('masking.lead')}</p>
          <table className="srcs still">
            <thead>
              <tr>
                <th>{t('masking.col.rule')}</th>
                <th>{t('masking.col.state')}</th>
                <th>{t('masking.col.fields')}</th>
                <th className="r">{t('masking.col.masked')}</th>
                <th className="r">{t('masking.col.last')}</th>
              </tr>
            </thead>
            <tbody>
              {data.rules.map((rule) => (
                <tr key={rule.id} className="inert">
                  <td className="named">
                    <b>{format.text(rule.title)}</b>
                    <div className="label mono">{rule.id}</div>
                  </td>
                  <td>
                    <span className="row">
                      {rule.enabled ? <StateGlyph state="met" silent /> : null}
                      {t(rule.enabled ? (rule.hash ? 'masking.hashed' : 'masking.on') : 'masking.off')}
                    </span>
                  </td>
                  <td className="mono clip">{rule.fields.join(', ')}</td>
                  <td className="r num">{format.count(rule.masked)}</td>
                  <td className="r num">
                    {rule.lastAt === null ? <span className="dim">–</span> : t('ago', { age: format.age(rule.lastAt, now) })}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </>
      )}
    </section>
  )
}
