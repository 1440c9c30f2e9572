import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { SourceSummary } from '../../../src/collect/schema.ts'
import { MiniBars } from '../../components/figures/bars.tsx'
import { Said } from '../../components/problem-note.tsx'
import { StateGlyph } from '../../components/state-glyph.tsx'
import { useFormat } from '../../components/use-format.ts'
import { glyphOfSource, recentRate, wordOf } from './source-glyph.ts'

export function SourceTable({
  sources,
  now,
  open,
  onOpen,
}: {
  sources: readonly SourceSummary[]
  now: number
  open: string | undefined
  onOpen: (id: string) => void
}): ReactNode {
  const { t } = useTranslation('sources')
  const format = useFormat()
  return (
    <section className="sheet">
      <table className="srcs">
        <thead>
          <tr>
            <th>{t('col.source')}</th>
            <th>{t('col.state')}</th>
            <th>{t('col.hour')}</th>
            <th className="r">{t('col.rate')}</th>
            <th className="r">{t('col.lag')}</th>
            <th className="r">{t('col.gaps')}</th>
            <th className="r x">{t('col.unknown')}</th>
            <th className="r x">{t('col.last')}</th>
          </tr>
        </thead>
        <tbody>
          {sources.map((source) => {
            const word = wordOf(source)
            const gaps = source.series.gaps.reduce((sum, count) => sum + count, 0)
            return (
              <tr key={source.id} aria-selected={source.id === open} onClick={() => onOpen(source.id)}>
                <td>
                  <button type="button" className="name" onClick={() => onOpen(source.id)}>
                    {source.title === '' ? source.id : source.title}
                  </button>
                  {source.title === '' || source.title === source.id ? null : <div className="label mono">{source.id}</div>}
                </td>
                <td>
                  <span className="row" title={source.reason ?? undefined}>
                    <StateGlyph state={glyphOfSource(word)} silent />
                    {t(`word.${word}`)}
                    {source.silence === 'silent' && source.silentSeconds !== null ? (
                      <span className="dim num">{format.duration(source.silentSeconds)}</span>
                    ) : null}
                    {source.problems.length === 0 ? null : (
                      <span className="chip">{t('problems', { count: source.problems.length })}</span>
                    )}
                  </span>
                  {word === 'failed' && source.reason !== null ? (
                    <div className="label failed-why">
                      <Said code={source.reasonCode} text={source.reason} brief />
                    </div>
                  ) : null}
                </td>
                <td>
                  <MiniBars
                    values={source.series.received}
                    width={150}
                    height={20}
                    label={t('hourLabel', { count: source.series.received.reduce((sum, count) => sum + count, 0) })}
                  />
                </td>
                <td className="r num">{format.rate(recentRate(source.series.received))}</td>
                <td className="r num">
                  {source.lagMs === null ? <span className="dim">–</span> : format.duration(Math.max(0, source.lagMs) / 1000)}
                </td>
                <td className="r num">{gaps > 0 ? <span className="gap-n">{format.count(gaps)}</span> : 0}</td>
                <td className="r num x">{format.count(source.counts.unknown)}</td>
                <td className="r num x">
                  {source.lastEventAt === null ? t('word.never') : t('ago', { age: format.age(source.lastEventAt, now) })}
                </td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </section>
  )
}
