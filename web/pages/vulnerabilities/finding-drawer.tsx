import { lazy, type ReactNode, Suspense, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { VulnerabilityView } from '../../../src/assess/inventory/schema.ts'
import { CopyButton } from '../../components/copy.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { Icon } from '../../components/icon.tsx'
import { useMay } from '../../components/session.ts'
import { SourceText } from '../../components/source-text.tsx'
import { useFormat } from '../../components/use-format.ts'
import { keyOf, SeverityText } from './finding-table.tsx'
import { RatingFacts } from './rating-facts.tsx'
import { WaiverForm, WorkForm } from './work-form.tsx'

/** Loaded when it is asked for: it holds the tables of every version of CVSS. */
const RatingForms = lazy(async () => ({ default: (await import('./rating-form.tsx')).RatingForms }))

/** One vulnerability of one package on one asset: why, since when, and what helps. */
export function FindingDrawer({ finding, onClose }: { finding: VulnerabilityView; onClose: () => void }): ReactNode {
  const { t } = useTranslation('vulnerabilities')
  const { t: common } = useTranslation()
  const format = useFormat()
  const may = useMay()
  const { id, ids, aliases, summary, asset, name, version, purl, vector, fixed, exploited, epss } = finding
  const rows: readonly (readonly [string, ReactNode])[] = [
    [t('column.severity'), <SeverityText key="severity" finding={finding} />],
    ...(vector === null ? [] : [[t('vector'), <code key="vector">{vector}</code>] as const]),
    [t('exploited'), exploited === null ? t('notInKev') : t('inKev', { day: format.longDay(exploited) })],
    [t('column.likely'), epss === null ? t('noEpss') : `${format.decimal(epss * 100, 1)} %`],
    [t('column.fix'), fixed.length === 0 ? t('noFix') : fixed.join(', ')],
    [t('column.package'), <bdi key="package">{purl ?? `${name} ${version ?? ''}`}</bdi>],
    ...(finding.place === '' ? [] : [[t('place'), <bdi key="place">{finding.place}</bdi>] as const]),
    [t('column.asset'), <bdi key="asset">{asset}</bdi>],
    [t('column.use'), <UseText key="use" finding={finding} />],
    [t('sources'), finding.sources.join(', ')],
    [t('advisories'), ids.join(', ')],
    ...(aliases.length === 0 ? [] : [[t('aliases'), aliases.join(', ')] as const]),
    ...(finding.cwes.length === 0 ? [] : [[t('cwes'), <Cwes key="cwes" ids={finding.cwes} />] as const]),
    [t('firstSeen'), format.dateTime(finding.firstSeen)],
    [t('lastSeen'), format.dateTime(finding.lastSeen)],
    ...(finding.gone === null
      ? []
      : [
          [
            t(`state7.${finding.state}`),
            finding.proof === null
              ? t('withdrawnAt', { at: format.dateTime(finding.gone) })
              : t('goneAt', {
                  at: format.dateTime(finding.gone),
                  list: finding.proof.list.slice(0, 12),
                  entry: finding.proof.outbox ?? 0,
                }),
          ] as const,
        ]),
    ...(finding.waiver === null
      ? []
      : [
          [
            t(`state7.${finding.state}`),
            t('waivedBy', {
              why: finding.waiver.why,
              by: finding.waiver.approvedBy,
              until: format.day(finding.waiver.expires),
            }),
          ] as const,
        ]),
  ]
  return (
    <Dialog label={id} className="slide" onClose={onClose}>
      <div className="slide-h">
        <div className="grow">
          <h2>{id}</h2>
          <p className="ink2">
            {summary === '' && finding.summaryJa === null
              ? t('noSummary')
              : format.text({ en: summary === '' ? finding.summaryJa! : summary, ja: finding.summaryJa ?? summary })}
          </p>
        </div>
        <button type="button" className="btn sm quiet square" aria-label={common('close')} onClick={onClose}>
          <Icon name="close" />
        </button>
      </div>
      <div className="slide-b stack sec">
        {finding.guessed ? (
          <div className="problem card-problem">
            <div className="grow">
              <b>{t('guessed')}</b>
              <p>{t('guessedWhy')}</p>
            </div>
          </div>
        ) : null}
        <section className="form-part" aria-label={t('why')}>
          <h3 className="sec-h">
            {t(`decision.${finding.risk.decision}`)} <span className="label">SSVC</span>{' '}
            <span className="label">{t('risk', { score: finding.risk.score, cisa: finding.risk.cisa })}</span>
          </h3>
          <ul className="rows">
            {finding.risk.reasons.map((reason) => (
              <li key={reason.point}>
                <span className="grow">{format.text(reason)}</span>
                <span className="num dim">{pointsText(Math.round(reason.points))}</span>
              </li>
            ))}
          </ul>
          {finding.due === null || finding.gone !== null ? null : (
            <p className={finding.overdue ? 'fig-miss' : 'ink2'}>
              {finding.dueRule === null
                ? t('dueByHand', { day: format.day(finding.due) })
                : t('dueByRule', { day: format.day(finding.due), rule: finding.dueRule })}
            </p>
          )}
        </section>
        <dl className="role-list">
          {rows.map(([title, value]) => (
            <div key={title}>
              <dt>{title}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
        <RatingFacts finding={finding} />
        {finding.virtualPatch === null ? null : (
          <section className="form-part" aria-label={t('patch.title')}>
            <h3 className="sec-h">{t('patch.title')}</h3>
            <p className="ink2">{t('patch.lead')}</p>
            <div className="pre-w">
              <SourceText text={finding.virtualPatch} label={t('patch.title')} className="mono scroll-x" />
              <CopyButton text={finding.virtualPatch} />
            </div>
          </section>
        )}
        {may('assets:write') && finding.gone === null ? (
          <>
            <section className="form-part" aria-label={t('work.title')}>
              <h3 className="sec-h">{t('work.title')}</h3>
              <WorkForm finding={finding} />
            </section>
            <section className="form-part" aria-label={t('rate.title')}>
              <h3 className="sec-h">{t('rate.title')}</h3>
              <Rating key={keyOf(finding)} finding={finding} />
            </section>
            {finding.waiver === null ? (
              <section className="form-part" aria-label={t('waiver.ask')}>
                <h3 className="sec-h">{t('waiver.ask')}</h3>
                <WaiverForm finding={finding} />
              </section>
            ) : null}
          </>
        ) : null}
      </div>
    </Dialog>
  )
}

/** By the number that MITRE gives to kinds of faults, each with its page there. */
function Cwes({ ids }: { ids: readonly string[] }): ReactNode {
  return ids.map((id, at) => (
    <span key={id}>
      {at === 0 ? null : ', '}
      <a href={`https://cwe.mitre.org/data/definitions/${id.slice('CWE-'.length)}.html`} target="_blank" rel="noreferrer">
        {id}
      </a>
    </span>
  ))
}

function Rating({ finding }: { finding: VulnerabilityView }): ReactNode {
  const { t } = useTranslation('vulnerabilities')
  const [open, setOpen] = useState(false)
  if (open)
    return (
      <Suspense fallback={null}>
        <RatingForms finding={finding} />
      </Suspense>
    )
  return (
    <div className="row">
      <button type="button" className="btn" onClick={() => setOpen(true)}>
        {t('rate.open')}
      </button>
    </div>
  )
}

function UseText({ finding: { inUse, seen } }: { finding: VulnerabilityView }): ReactNode {
  const { t } = useTranslation('vulnerabilities')
  const format = useFormat()
  if (inUse === null) return <span className="dim">{t('inUseUnknown')}</span>
  if (!inUse) return t('inUseNo')
  if (seen === null) return t('inUseListed')
  return <bdi>{t('inUseBy', { process: seen.process, file: seen.file, at: format.dateTime(seen.at) })}</bdi>
}

function pointsText(points: number): string {
  return points === 0 ? '–' : `${points > 0 ? '+' : '−'}${Math.abs(points)}`
}
