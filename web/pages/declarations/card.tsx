import { Link } from '@tanstack/react-router'
import { type ReactNode, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import type { CardView } from '../../../src/declare/schema.ts'
import type { BadgeState } from '../../../src/kernel/measure.ts'
import { Ruler } from '../../components/figures/ruler.tsx'
import { Seal } from '../../components/seal.tsx'
import { useFormat } from '../../components/use-format.ts'
import { passed, worstFirst } from './card-state.ts'
import { ObjectiveRow } from './objective-row.tsx'
import { SignButton } from './sign-button.tsx'
import { WithdrawnLeaf } from './withdrawn-leaf.tsx'

const SHOWN = 8

/** What this page last showed for a card: a seal moves only when its state changes before one's eyes. */
const lastSeen = new Map<string, BadgeState>()

function useTurned(card: CardView): 'earned' | 'struck' | undefined {
  const before = useRef(lastSeen.get(card.id))
  const state = card.badge.state
  const was = before.current
  lastSeen.set(card.id, state)
  if (was === undefined || was === state) return undefined
  return state === 'held' ? 'earned' : state === 'withdrawn' ? 'struck' : undefined
}

export function CardHead({ card, now }: { card: CardView; now: number }): ReactNode {
  const { t } = useTranslation('declarations')
  const format = useFormat()
  const turned = useTurned(card)
  const state = card.badge.state
  const word =
    state === 'held'
      ? t('heldFor', { age: format.age(card.badge.since, now) })
      : state === 'draft' && card.signatures.complete
        ? t('notEarned')
        : t(`badge.${state}`)
  return (
    <div className="card-h">
      <div className="grow">
        <h2>
          <Link to="/declarations" search={{ card: card.id }}>
            {format.text(card.name)}
          </Link>
        </h2>
        <p className="scope">{format.text(card.description)}</p>
        <p className="ver">
          <span className="num">{state === 'draft' ? t('draft') : `v${card.version}`}</span>
          {state === 'draft' ? (
            <span>{t('signed', { given: card.signatures.given.length, required: card.signatures.required })}</span>
          ) : (
            <span>{t('owner', { name: card.owner })}</span>
          )}
        </p>
      </div>
      <Seal state={state} word={word} earned={turned === 'earned'} struck={turned === 'struck'} />
    </div>
  )
}

/** The drawn card: head, objectives, validity, triggers; withdrawn ones with a second leaf that says why. */
export function DeclarationCard({ card, now }: { card: CardView; now: number }): ReactNode {
  const { t } = useTranslation('declarations')
  const gone = card.badge.state === 'withdrawn' || card.badge.state === 'expired'
  const objectives = worstFirst(card.objectives)
  const body = (
    <>
      <CardHead card={card} now={now} />
      <ul className="objs">
        {objectives.slice(0, SHOWN).map((objective) => (
          <ObjectiveRow key={objective.id} objective={objective} now={now} />
        ))}
      </ul>
      {objectives.length > SHOWN ? (
        <Link className="label" to="/declarations" search={{ card: card.id }}>
          {t('moreObjectives', { count: objectives.length - SHOWN })}
        </Link>
      ) : null}
      <Validity card={card} now={now} />
    </>
  )
  if (!gone) return <article className="sheet card">{body}</article>
  return (
    <article className="sheet card withdrawn">
      <div className="l">{body}</div>
      <WithdrawnLeaf card={card} now={now} />
    </article>
  )
}

const DAY = 86_400_000

export function Validity({ card, now }: { card: CardView; now: number }): ReactNode {
  const { t } = useTranslation('declarations')
  const format = useFormat()
  const gone = card.badge.state === 'withdrawn' || card.badge.state === 'expired'
  const early = Math.floor((Date.parse(card.validity.until) - Date.parse(card.badge.since)) / DAY)
  return (
    <div className="valid">
      <div className="valid-t">
        {gone ? (
          <>
            <span className="struck">{t('wasValidUntil', { day: format.longDay(card.validity.until) })}</span>
            <b className="num">{early > 0 ? t('endedEarly', { days: format.days(early) }) : t('badge.expired')}</b>
          </>
        ) : (
          <>
            <span>
              {t('lapsesIn')} <b className="num">{format.days(card.validity.daysLeft)}</b>
            </span>
            <span className="num">{format.date(card.validity.until)}</span>
          </>
        )}
      </div>
      <Ruler done={passed(card.validity, now)} struck={gone} />
      <div className="trig">
        <Triggers card={card} />
        <span>{t('nextReview', { day: format.day(card.nextReview) })}</span>
      </div>
      {card.signatures.youMaySign && !card.signatures.complete ? (
        <div className="sign">
          <SignButton card={card} />
          <span>{t('signed', { given: card.signatures.given.length, required: card.signatures.required })}</span>
        </div>
      ) : null}
    </div>
  )
}

function Triggers({ card }: { card: CardView }): ReactNode {
  const { t } = useTranslation('declarations')
  const fired = card.triggers.filter((trigger) => trigger.state === 'fired').length
  const armed = card.triggers.length - fired
  return (
    <span className="armed">
      {card.triggers
        .toSorted((a, b) => a.state.localeCompare(b.state))
        .map((trigger) => (
          <i key={trigger.id} className={trigger.state === 'fired' ? 'fired' : ''} />
        ))}
      <em>{fired > 0 ? t('firedArmed', { fired, armed }) : t('armed', { count: armed })}</em>
    </span>
  )
}
