import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { CardView, HistoryResponse } from '../../../src/declare/schema.ts'
import { cardHistoryQuery } from '../../api/queries.ts'
import { Code } from '../../components/copy.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { EntryLink } from '../../components/entry-link.tsx'
import { Icon } from '../../components/icon.tsx'
import { SealDot } from '../../components/seal.tsx'
import { useFormat } from '../../components/use-format.ts'
import { ChangeList } from './change-list.tsx'
import { ObjectiveRow } from './objective-row.tsx'
import { SignButton } from './sign-button.tsx'
import { VersionList } from './version-list.tsx'

/** The whole card: threats, objectives, triggers, residual risk, signatures, history, and the badge to embed. */
export function CardDetails({
  card,
  now,
  onRewrite,
  onClose,
}: {
  card: CardView
  now: number
  /** Begins a new version; undefined for whoever may not. */
  onRewrite: (() => void) | undefined
  onClose: () => void
}): ReactNode {
  const { t } = useTranslation('declarations')
  const { t: common } = useTranslation()
  const format = useFormat()
  const name = format.text(card.name)
  const badgeUrl = new URL(card.badgeUrl, window.location.origin).href
  const sectionTitle = (text: string, label?: string): ReactNode => (
    <h3>
      {text}
      {label === undefined ? null : <span className="label">{label}</span>}
    </h3>
  )
  return (
    <Dialog label={name} className="slide" onClose={onClose}>
      <div className="slide-h">
        <div className="grow">
          <h2>{name}</h2>
          <p className="ink2">{format.text(card.description)}</p>
          <p className="label num">
            v{card.version} · {t('owner', { name: card.owner })} · <span className="mono">{card.hash.slice(0, 16)}</span>
          </p>
        </div>
        {onRewrite === undefined ? null : (
          <button type="button" className="btn sm" onClick={onRewrite}>
            {t('details.rewrite')}
          </button>
        )}
        <button type="button" className="btn sm quiet square" aria-label={common('close')} onClick={onClose}>
          <Icon name="close" />
        </button>
      </div>
      <div className="slide-b">
        <div className="sec">
          {sectionTitle(
            t('details.objectives'),
            card.evaluatedAt === null ? t('details.notYet') : t('details.evaluated', { at: format.dateTime(card.evaluatedAt) }),
          )}
          <p className="ink2 coverage-line">
            {t('details.coverage', { proven: card.evidenceCoverage.proven, of: card.evidenceCoverage.of })}
            {card.evidenceCoverage.share === null
              ? null
              : ` ${t('details.coverageShare', { share: format.percent(card.evidenceCoverage.share) })}`}
          </p>
          <ul className="objs long">
            {card.objectives.map((objective) => (
              <ObjectiveRow key={objective.id} objective={objective} now={now} explained />
            ))}
          </ul>
        </div>
        <div className="sec">
          {sectionTitle(t('details.triggers'))}
          <ul className="rows">
            {card.triggers.map((trigger) => (
              <li key={trigger.id}>
                <span className={trigger.state === 'fired' ? 'chip fired' : 'chip'}>{t(`trigger.${trigger.state}`)}</span>
                <span className="grow">{format.text(trigger.text)}</span>
                {trigger.firesAt === null || trigger.state === 'fired' ? null : (
                  <span className="num dim">{t('firesAt', { at: format.dateTime(trigger.firesAt) })}</span>
                )}
              </li>
            ))}
          </ul>
        </div>
        {card.pending.map((pending) => (
          <div className="sec" key={pending.hash}>
            {sectionTitle(
              t('details.pending', { version: pending.version }),
              t('details.proposed', { name: pending.proposedBy, at: format.dateTime(pending.proposedAt) }),
            )}
            <ChangeList changes={pending.changes} weakened={pending.weakened} />
            <div className="sign">
              <SignButton card={card} hash={pending.hash} />
              <span>{t('signed', { given: pending.given.length, required: pending.required })}</span>
            </div>
          </div>
        ))}
        <div className="sec">
          {sectionTitle(t('details.threats'))}
          <ul className="bullets">
            {card.threats.in.map((threat) => (
              <li key={threat.en}>{format.text(threat)}</li>
            ))}
          </ul>
          {card.threats.out.length === 0 ? null : (
            <>
              <p className="label sec">{t('details.threatsOut')}</p>
              <ul className="bullets">
                {card.threats.out.map((threat) => (
                  <li key={threat.en}>{format.text(threat)}</li>
                ))}
              </ul>
            </>
          )}
        </div>
        {card.residualRisks.length === 0 ? null : (
          <div className="sec">
            {sectionTitle(t('details.risks'))}
            <ul className="rows">
              {card.residualRisks.map((risk) => (
                <li key={risk.description.en}>
                  <span className="grow">{format.text(risk.description)}</span>
                  <span className="dim">
                    {risk.until === null
                      ? t('details.accepted', { name: risk.approver })
                      : t('details.acceptedUntil', { name: risk.approver, day: format.day(risk.until) })}
                  </span>
                </li>
              ))}
            </ul>
          </div>
        )}
        <div className="sec">
          {sectionTitle(
            t('details.signatures'),
            t('signed', { given: card.signatures.given.length, required: card.signatures.required }),
          )}
          <ul className="rows">
            {card.signatures.given.map((signature) => (
              <li key={signature.name}>
                <b className="grow">{signature.name}</b>
                <span className="num dim">{format.dateTime(signature.at)}</span>
                <EntryLink index={signature.evidence?.index} />
              </li>
            ))}
          </ul>
          {card.signatures.youMaySign && !card.signatures.complete ? (
            <div className="sign">
              <SignButton card={card} />
            </div>
          ) : null}
        </div>
        <History id={card.id} />
        <div className="sec">
          {sectionTitle(t('details.embed'), t('details.embedLabel'))}
          <p>
            <img src={card.badgeUrl} alt={t('details.badgeAlt', { name, state: t(`badge.${card.badge.state}`) })} height="28" />
          </p>
          <Code
            text={`<a href="${badgeUrl.replace(/\.svg$/, '.json')}">\n  <img src="${badgeUrl}" alt="${card.name.en}">\n</a>`}
          />
          <Code text={`curl ${badgeUrl.replace(/\.svg$/, '.json')}`} prompt />
        </div>
      </div>
    </Dialog>
  )
}

function History({ id }: { id: string }): ReactNode {
  const { data } = useQuery(cardHistoryQuery(id))
  if (data === undefined) return null
  return (
    <>
      <VersionList id={id} versions={data.versions} />
      {data.badge.length === 0 ? null : <BadgeHistory badge={data.badge} />}
    </>
  )
}

function BadgeHistory({ badge }: Pick<HistoryResponse, 'badge'>): ReactNode {
  const { t } = useTranslation('declarations')
  const format = useFormat()
  return (
    <div className="sec">
      <h3>{t('details.history')}</h3>
      <ul className="rows">
        {badge.slice(0, 12).map((change) => (
          <li key={`${change.at}${change.to}`}>
            <SealDot state={change.to} />
            <span className="num dim nw">{format.dateTime(change.at)}</span>
            <span className="grow">{change.reason === null ? t(`badge.${change.to}`) : format.text(change.reason.text)}</span>
            <EntryLink index={change.evidence?.index} />
          </li>
        ))}
      </ul>
    </div>
  )
}
