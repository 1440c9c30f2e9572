import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { FrameworksResponse } from '../../../src/declare/frameworks/schema.ts'
import { useFormat } from '../../components/use-format.ts'

/** A tile a framework: how many of its controls are proven, and what the others are. */
export function FrameworkTiles({
  frameworks,
  chosen,
  onChoose,
}: {
  frameworks: FrameworksResponse['frameworks']
  chosen: string | undefined
  onChoose: (id: string) => void
}): ReactNode {
  const { t } = useTranslation('frameworks')
  const format = useFormat()
  return (
    <section className="sheet tiles frameworks">
      {frameworks.map(({ id, name, totals }) => (
        <button key={id} type="button" className="tile" aria-pressed={id === chosen} onClick={() => onChoose(id)}>
          <span className="label">{format.text(name)}</span>
          <span className="fig num">
            {format.count(totals.proven)}
            <small>/ {format.count(totals.controls)}</small>
          </span>
          <Shares totals={totals} />
          <span className="sub">
            {t('totals', { atRisk: totals.atRisk, notProven: totals.notProven, notCovered: totals.notCovered })}
          </span>
        </button>
      ))}
    </section>
  )
}

/** One bar of all controls: proven, at risk, not proven (hatched), not covered (empty). The words are below it. */
function Shares({ totals }: { totals: FrameworksResponse['frameworks'][number]['totals'] }): ReactNode {
  const parts = [
    { key: 'met', size: totals.proven },
    { key: 'risk', size: totals.atRisk },
    { key: 'gone', size: totals.notProven },
  ]
  let at = 0
  return (
    <svg className="shares" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
      <rect className="sh-rest" width="100" height="8" />
      {parts.map(({ key, size }) => {
        const x = at
        const width = (100 * size) / Math.max(1, totals.controls)
        at += width
        return <rect key={key} className={`sh-${key}`} x={x.toFixed(2)} width={width.toFixed(2)} height="8" />
      })}
    </svg>
  )
}
