import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { ledgerHeadQuery } from '../../api/queries.ts'
import { CopyButton } from '../../components/copy.tsx'
import { MiniBars } from '../../components/figures/bars.tsx'
import { ProblemNote } from '../../components/problem-note.tsx'
import { type GlyphState, StateGlyph } from '../../components/state-glyph.tsx'
import { useFormat } from '../../components/use-format.ts'
import { useNow } from '../../components/use-now.ts'

const COPY_GLYPH: Readonly<Record<'current' | 'behind' | 'failed', GlyphState>> = {
  current: 'met',
  behind: 'risk',
  failed: 'gone',
}
const GROWTH_DAYS = 30

/** Size, root, signature, growth, and the places outside this host that hold a copy of the head. */
export function LogHead(): ReactNode {
  const { t } = useTranslation('evidence')
  const format = useFormat()
  const now = useNow()
  const { data: head, error, refetch } = useQuery(ledgerHeadQuery)
  if (head === undefined) {
    return (
      <section className="sheet log">
        {error === null ? (
          <span className="label">{t('head.title')}</span>
        ) : (
          <ProblemNote error={error} retry={() => void refetch()} />
        )}
      </section>
    )
  }
  const growth = head.growth.slice(-GROWTH_DAYS)
  const grown = growth.reduce((sum, day) => sum + day.entries, 0)
  return (
    <section className="sheet log" aria-label={t('head.title')}>
      <span className="label">{t('head.title')}</span>
      <div className="fig num">
        {format.count(head.size)}
        <small>{t('head.entries', { count: head.size })}</small>
      </div>
      <dl>
        <dt>{t('head.root')}</dt>
        <dd className="mono row-copy">
          <span className="clip">{head.root}</span>
          <CopyButton text={head.root} label={t('head.copyRoot')} />
        </dd>
        <dt>{t('head.signed')}</dt>
        <dd className="num">
          {head.signed === null
            ? t('head.unsigned')
            : t('head.signedAt', { time: format.dateTime(head.signed), age: format.age(head.signed, now) })}
        </dd>
        <dt>{t('head.signer')}</dt>
        <dd className="mono row-copy">
          <span className="clip">{head.key}</span>
          <CopyButton text={head.key} label={t('head.copyKey')} />
        </dd>
        <dt>{t('head.growth', { days: growth.length })}</dt>
        <dd>
          <MiniBars
            values={growth.map((day) => day.entries)}
            width={150}
            height={20}
            label={t('head.growthLabel', { count: grown, days: growth.length })}
          />
        </dd>
      </dl>
      {head.fault === null ? null : (
        <div className="problem head-fault" role="alert">
          <div>
            <b>{head.fault.message}</b>
            {head.fault.remedy === null ? null : <p>{head.fault.remedy}</p>}
          </div>
        </div>
      )}
      <div className="copies">
        {head.copies.map((copy) => (
          <div key={copy.place} className="row" title={copy.reason ?? undefined}>
            <StateGlyph state={COPY_GLYPH[copy.state]} silent />
            <span className="sr">{t(`copy.${copy.state}`)}</span>
            <span className="label">{t(`copy.kind.${copy.kind}`)}</span>
            <span className="mono grow clip">{copy.place}</span>
            {copy.waiting === 0 ? null : <span className="dim num">{t('copy.waiting', { count: copy.waiting })}</span>}
            <span className="dim num">{copy.at === null ? t('copy.never') : format.age(copy.at, now)}</span>
          </div>
        ))}
        {head.copies.length === 0 ? <p className="label">{t('copy.none')}</p> : null}
        {head.pending > 0 ? <p className="label num">{t('head.pending', { count: head.pending })}</p> : null}
      </div>
    </section>
  )
}
