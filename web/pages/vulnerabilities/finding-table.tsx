import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { VulnerabilityView } from '../../../src/assess/inventory/schema.ts'
import { useFormat } from '../../components/use-format.ts'

/** What a finding is called in the address. */
export function keyOf({ id, asset, source, purl, name }: VulnerabilityView): string {
  return [id, asset, source, purl ?? name].join(' ')
}

/** How grave, by word and number; never by colour alone. */
export function SeverityText({ finding: { severity, score } }: { finding: VulnerabilityView }): ReactNode {
  const { t } = useTranslation('vulnerabilities')
  const format = useFormat()
  if (severity === null) return <span className="dim">{t('unrated')}</span>
  return (
    <span className={severity === 'critical' || severity === 'high' ? 'fig-miss' : ''}>
      <b>{t(`severity.${severity}`)}</b> {score === null ? null : <span className="num">{format.decimal(score, 1)}</span>}
    </span>
  )
}

export function FindingTable({
  items,
  gone,
  open,
  onShow,
}: {
  items: readonly VulnerabilityView[]
  gone: boolean
  open: string | undefined
  onShow: (key: string) => void
}): ReactNode {
  const { t } = useTranslation('vulnerabilities')
  const format = useFormat()
  return (
    <div className="scroll-x">
      <table className="figs controls vulns">
        <thead>
          <tr>
            {(['severity', 'id', 'package', 'asset', 'fix', 'likely', 'seen'] as const).map((column) => (
              <th key={column} scope="col">
                {t(`column.${column}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {items.map((finding) => {
            const key = keyOf(finding)
            return (
              <tr key={key} aria-selected={key === open} onClick={() => onShow(key)}>
                <td className="nw">
                  <SeverityText finding={finding} />
                </td>
                <td className="nw">
                  <button type="button" className="link" onClick={() => onShow(key)}>
                    {finding.id}
                  </button>
                  {finding.exploited === null ? null : <span className="chip shu">{t('exploited')}</span>}
                  {finding.regressed ? <span className="chip">{t('regressed')}</span> : null}
                </td>
                <td>
                  <bdi>{finding.name}</bdi> <span className="num dim">{finding.version}</span>
                </td>
                <td>
                  <bdi>{finding.asset}</bdi>
                </td>
                <td className="num">
                  {finding.fixed.length === 0 ? <span className="dim">{t('noFix')}</span> : finding.fixed.join(', ')}
                </td>
                <td className="num">{finding.epss === null ? '–' : `${format.decimal(finding.epss * 100, 1)} %`}</td>
                <td className="num nw">{format.day(gone ? (finding.gone ?? finding.lastSeen) : finding.firstSeen)}</td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </div>
  )
}
