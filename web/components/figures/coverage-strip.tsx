import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { CoverageResponse, CoverageState } from '../../../src/detect/schema.ts'
import { coverageQuery } from '../../api/queries.ts'
import { useFormat } from '../use-format.ts'

/** Weakest first, so that the strong cells stand at the bottom of a column like bricks. */
const ORDER: readonly CoverageState[] = ['nothing', 'rule', 'failed', 'older', 'proven']
export const CELL: Readonly<Record<CoverageState, string>> = {
  proven: 'c3',
  older: 'c2',
  failed: 'cx',
  rule: 'c1',
  nothing: 'c0',
}
/** Cells side by side in a tactic: more where one is long, so that the strip stays a strip. */
function columnsFor(longest: number): 4 | 6 | 8 {
  return longest <= 20 ? 4 : longest <= 36 ? 6 : 8
}

/** Fourteen tactics, one cell a technique: executed and seen lately, older, executed and missed, rule only, nothing. */
export function CoverageStrip({ days = 7 }: { days?: number }): ReactNode {
  const { t } = useTranslation()
  const format = useFormat()
  const { data } = useQuery(coverageQuery(days))
  if (data === undefined) return null
  const columns = columnsFor(Math.max(0, ...data.tactics.map((tactic) => tactic.techniques.length)))
  return (
    <section className="sheet cov" aria-label={t('coverage.title')}>
      <div className="cov-l">
        <span className="label">{t('coverage.title')}</span>
        <div className="fig num">
          {data.totals.percent === null ? '–' : format.decimal(data.totals.percent, 1)}
          <small>%</small>{' '}
          <small className="num">{t('coverage.of', { proven: data.totals.proven, total: data.totals.techniques })}</small>
        </div>
        <Link to="/rules">{t('coverage.open')}</Link>
      </div>
      <div className="grow">
        <div className={`tactics cols-${columns}`}>
          {data.tactics.map((tactic) => (
            <Tactic key={tactic.id} tactic={tactic} columns={columns} />
          ))}
        </div>
        <CoverageKey days={days} />
      </div>
    </section>
  )
}

export function CoverageKey({ days }: { days: number }): ReactNode {
  const { t } = useTranslation()
  return (
    <div className="key">
      {ORDER.toReversed().map((state) => (
        <span key={state}>
          <i className={CELL[state]} />
          {t(`coverage.${state}`, { days })}
        </span>
      ))}
    </div>
  )
}

function Tactic({ tactic, columns }: { tactic: CoverageResponse['tactics'][number]; columns: number }): ReactNode {
  const { t } = useTranslation()
  const format = useFormat()
  const cells = tactic.techniques.toSorted((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state))
  const proven = cells.filter((cell) => cell.state === 'proven').length
  const blanks = (columns - (cells.length % columns)) % columns
  const short = t(`tactic.${tactic.id}`)
  const tally = (name: string): string => t('coverage.cell', { tactic: name, proven, total: cells.length })
  return (
    <Link to="/rules" title={tally(format.text(tactic.name))} aria-label={tally(short)}>
      <div className="cells">
        {Array.from({ length: blanks }, (_, index) => (
          <i key={`blank-${index}`} />
        ))}
        {cells.map((cell) => (
          <i key={cell.id} className={CELL[cell.state]} />
        ))}
      </div>
      <span className="label">{short}</span>
    </Link>
  )
}
