import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { CardView } from '../../../src/declare/schema.ts'
import { Code } from '../../components/copy.tsx'
import { CardHead } from './card.tsx'
import { SignButton } from './sign-button.tsx'

/** A card that nobody has signed in full: an empty box for the seal, and what to do before signing. */
export function DraftCard({ card, now }: { card: CardView; now: number }): ReactNode {
  const { t } = useTranslation('declarations')
  return (
    <article className="sheet card blank">
      <CardHead card={card} now={now} />
      <div className="empty grow">
        <h4>{t('draftTitle')}</h4>
        <p>{t('draftText', { required: card.signatures.required })}</p>
        <div className="row draft-row">
          {card.signatures.youMaySign ? <SignButton card={card} primary /> : null}
          <Link className="btn quiet" to="/declarations" search={{ card: card.id }}>
            {t('readDraft')}
          </Link>
        </div>
      </div>
      <Code text={`./kanpeki declare status ${card.id}`} />
    </article>
  )
}
