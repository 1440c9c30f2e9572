import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { VulnerabilityView } from '../../../src/assess/inventory/schema.ts'
import { Dialog } from '../../components/dialog.tsx'
import { Icon } from '../../components/icon.tsx'
import { useFormat } from '../../components/use-format.ts'
import { SeverityText } from './finding-table.tsx'

/** One vulnerability of one package on one asset: why, since when, and what helps. */
export function FindingDrawer({ finding, onClose }: { finding: VulnerabilityView; onClose: () => void }): ReactNode {
  const { t } = useTranslation('vulnerabilities')
  const { t: common } = useTranslation()
  const format = useFormat()
  const { id, ids, aliases, summary, asset, source, name, version, purl, vector, fixed, exploited, epss } = finding
  const rows: readonly (readonly [string, ReactNode])[] = [
    [t('column.severity'), <SeverityText key="severity" finding={finding} />],
    ...(vector === null ? [] : [[t('vector'), <code key="vector">{vector}</code>] as const]),
    [t('exploited'), exploited === null ? t('notInKev') : t('inKev', { day: format.day(exploited) })],
    [t('column.likely'), epss === null ? t('noEpss') : `${format.decimal(epss * 100, 1)} %`],
    [t('column.fix'), fixed.length === 0 ? t('noFix') : fixed.join(', ')],
    [t('column.package'), <bdi key="package">{purl ?? `${name} ${version ?? ''}`}</bdi>],
    [t('column.asset'), <bdi key="asset">{`${asset} (${source})`}</bdi>],
    [t('advisories'), ids.join(', ')],
    ...(aliases.length === 0 ? [] : [[t('aliases'), aliases.join(', ')] as const]),
    [t('firstSeen'), format.minute(finding.firstSeen)],
    [t('lastSeen'), format.minute(finding.lastSeen)],
    ...(finding.gone === null ? [] : [[t('gone'), t('goneAt', { at: format.minute(finding.gone) })] as const]),
  ]
  return (
    <Dialog label={id} className="slide" onClose={onClose}>
      <div className="slide-h">
        <div className="grow">
          <h2>{id}</h2>
          <p className="ink2">{summary === '' ? t('noSummary') : summary}</p>
        </div>
        <button type="button" className="btn sm quiet square" aria-label={common('close')} onClick={onClose}>
          <Icon name="close" />
        </button>
      </div>
      <div className="slide-b">
        <dl className="role-list">
          {rows.map(([title, value]) => (
            <div key={title}>
              <dt>{title}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      </div>
    </Dialog>
  )
}
