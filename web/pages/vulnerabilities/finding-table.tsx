import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { VulnerabilityView } from '../../../src/assess/inventory/schema.ts'
import { useFormat } from '../../components/use-format.ts'

/** What a finding is called in the address. */
export function keyOf({ id, asset, package: place }: VulnerabilityView): string {
  return [id, asset, place].join(' ')
}

/** How grave, by word and number; never by colour alone. */
export function SeverityText({ finding: { severity, score } }: { finding: VulnerabilityView }): ReactNode {
  const { t } = useTranslation('vulnerabilities')
  if (severity === null) return <span className="dim">{t('unrated')}</span>
  return (
    <span className={severity === 'critical' || severity === 'high' ? 'fig-miss' : ''}>
      <b>{t(`severity.${severity}`)}</b> {score === null ? null : <span className="num">{score.toFixed(1)}</span>}
    </span>
  )
}

const LAST = { open: 'due', waived: 'until', gone: 'seen' } as const

function lastOf(finding: VulnerabilityView, state: keyof typeof LAST, format: ReturnType<typeof useFormat>): ReactNode {
  if (state === 'gone') return format.day(finding.gone ?? finding.lastSeen)
  if (state === 'waived') return finding.waiver === null ? '–' : format.day(finding.waiver.expires)
  if (finding.due === null) return '–'
  return <span className={finding.overdue ? 'fig-miss' : ''}>{format.day(finding.due)}</span>
}

export function FindingTable({
  items,
  state,
  open,
  onShow,
}: {
  items: readonly VulnerabilityView[]
  state: 'open' | 'waived' | 'gone'
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
            {(['severity', 'id', 'package', 'asset', 'decision', 'owner', 'fix', LAST[state]] as const).map((column) => (
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
                <td>
                  <button type="button" className="link" onClick={() => onShow(key)}>
                    {finding.id}
                  </button>
                  {finding.exploited === null ? null : <span className="chip shu">{t('exploited')}</span>}
                  {finding.state === 'regressed' ? <span className="chip">{t('state7.regressed')}</span> : null}
                  {state === 'open' ? null : <span className="chip">{t(`state7.${finding.state}`)}</span>}
                  {finding.guessed ? (
                    <span className="chip" title={t('guessedWhy')}>
                      {t('guessed')}
                    </span>
                  ) : null}
                  {finding.inUse === false ? <span className="chip">{t('notInUse')}</span> : null}
                </td>
                <td>
                  <bdi>{finding.name}</bdi> <span className="num dim">{finding.version}</span>
                </td>
                <td className="long">
                  <bdi>{finding.asset}</bdi>
                </td>
                <td className="nw">
                  {t(`decision.${finding.risk.decision}`)} <span className="num dim">{finding.risk.score}</span>
                </td>
                <td className={finding.owner === null ? 'nw' : ''}>
                  {finding.owner === null ? <span className="dim">{t('noOwner')}</span> : <bdi>{finding.owner}</bdi>}
                  {finding.ticket === null ? null : <span className="label"> {finding.ticket}</span>}
                </td>
                <td className="num">
                  {finding.fixed.length === 0 ? <span className="dim">{t('noFix')}</span> : finding.fixed.join(', ')}
                </td>
                <td className="num nw">{lastOf(finding, state, format)}</td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </div>
  )
}
