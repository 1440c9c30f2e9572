import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { CardView } from '../../../src/declare/schema.ts'
import type { ObjectiveState } from '../../../src/kernel/measure.ts'
import { Code } from '../../components/copy.tsx'
import { Tally } from '../../components/figures/bars.tsx'
import { CardHead } from './card.tsx'
import { SignButton } from './sign-button.tsx'

/** A card that has not earned its seal: an empty box for it, what is measured already, and what is still to do. */
export function DraftCard({ card, now }: { card: CardView; now: number }): ReactNode {
  const { t } = useTranslation('declarations')
  const count = (state: ObjectiveState): number => card.objectives.filter((objective) => objective.state === state).length
  return (
    <article className="sheet card blank">
      <CardHead card={card} now={now} />
      <div className="empty grow">
        <h3>{card.signatures.complete ? t('draftSigned') : t('draftTitle')}</h3>
        <p>{card.signatures.complete ? t('draftSignedText') : t('draftText', { required: card.signatures.required })}</p>
        <div className="row draft-row">
          {card.signatures.youMaySign ? <SignButton card={card} primary /> : null}
          <Link className={card.signatures.youMaySign ? 'btn quiet' : 'btn'} to="/declarations" search={{ card: card.id }}>
            {t('readDraft')}
          </Link>
          {card.evaluatedAt === null ? null : (
            <span className="draft-tally">
              <Tally
                start
                met={count('met')}
                missed={count('unmet')}
                gone={count('unproven')}
                label={t('tile.metSub', { unmet: count('unmet'), unproven: count('unproven') })}
              />
              <span className="label num">{t('metOf', { met: count('met'), objectives: card.objectives.length })}</span>
            </span>
          )}
        </div>
      </div>
      <Code text={`./kanpeki declare status ${card.id}`} />
    </article>
  )
}
