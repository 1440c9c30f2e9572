import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { CardView } from '../../../src/declare/schema.ts'
import { EntryLink } from '../../components/entry-link.tsx'
import { Overshoot } from '../../components/figures/overshoot.tsx'
import { useFormat } from '../../components/use-format.ts'
import { culprit, splitAtFigures } from './card-state.ts'

/** Why the seal was taken: one sentence, measured against allowed, the entries that prove it, and the way back. */
export function WithdrawnLeaf({ card, now }: { card: CardView; now: number }): ReactNode {
  const { t } = useTranslation('declarations')
  const { t: common } = useTranslation()
  const format = useFormat()
  const { badge } = card
  const objective = culprit(card)
  const bare = objective === undefined ? '' : format.text(objective.targetText).replace(/^[≤≥=<>\s]+/, '')
  const sentence = badge.reason === null ? t(`badge.${badge.state}`) : format.text(badge.reason.text)
  const figures = objective === undefined ? [] : [format.text(objective.figure), bare]
  const others = badge.reasons.slice(1)
  const failing = card.objectives.filter((one) => one.state !== 'met')
  return (
    <div className="r">
      <h3>
        <span>{t(badge.state === 'expired' ? 'expiredByItself' : 'withdrawnByItself')}</span>
        <time className="num" dateTime={badge.since}>
          {format.dateTime(badge.since)}
        </time>
      </h3>
      <p className="why">
        {splitAtFigures(sentence, figures).map((part, index) =>
          part.bold ? <b key={index}>{part.text}</b> : <span key={index}>{part.text}</span>,
        )}
      </p>
      {objective?.state === 'unmet' && objective.value !== null ? (
        <Overshoot
          value={objective.value}
          limit={objective.target}
          atLeast={objective.comparator === '>='}
          limitText={t(objective.comparator === '>=' ? 'floor' : 'limit', { limit: bare })}
          overText={t(objective.comparator === '>=' ? 'under' : 'over', {
            figure: format.text(objective.figure),
            by: format.figure(Math.abs(objective.value - objective.target), objective.unit),
          })}
          label={t('against', { figure: format.text(objective.figure), target: format.text(objective.targetText) })}
        />
      ) : null}
      <ul className="ev">
        {failing.slice(0, 4).map((one) => (
          <li key={one.id}>
            <span>{t(one.state === 'unproven' ? 'row.missing' : 'row.measure')}</span>
            <span>
              {one.state === 'unproven' && one.missing !== null
                ? common('pair', { name: format.text(one.title), text: format.text(one.missing) })
                : common('pair', { name: format.text(one.title), text: format.text(one.figure) })}
            </span>
            <EntryLink index={one.evidence?.index} />
          </li>
        ))}
        {others
          .filter((reason) => !failing.some((one) => one.id === reason.params['objective']))
          .map((reason) => (
            <li key={reason.code + format.text(reason.text)}>
              <span>{t('row.also')}</span>
              <span>{format.text(reason.text)}</span>
              <span />
            </li>
          ))}
        <li>
          <span>{t('row.notice')}</span>
          <span>{t('noticeText', { age: format.age(badge.since, now) })}</span>
          <EntryLink index={badge.evidence?.index} />
        </li>
      </ul>
      {card.earnBack.length === 0 ? null : (
        <div className="back">
          <h3 className="back-h">{t('earnBack')}</h3>
          <ul>
            {card.earnBack.map((step) => (
              <li key={step.code + format.text(step.text)}>
                <i className={step.done ? 'box on' : 'box'} />
                <span>
                  {format.text(step.text)}
                  <span className="sr">{t(step.done ? 'done' : 'notDone')}</span>
                </span>
              </li>
            ))}
          </ul>
        </div>
      )}
    </div>
  )
}
