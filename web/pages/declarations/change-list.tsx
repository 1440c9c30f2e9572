import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { Change } from '../../../src/declare/schema.ts'
import { useFormat } from '../../components/use-format.ts'

/** What another version would promise; whatever loosens it is named as such. */
export function ChangeList({ changes, weakened }: { changes: readonly Change[]; weakened: number }): ReactNode {
  const { t } = useTranslation('declarations')
  const format = useFormat()
  if (changes.length === 0) return <p className="dim">{t('change.none')}</p>
  return (
    <>
      {weakened > 0 ? (
        <p className="effect-weaker" role="status">
          {t('change.weakened', { count: weakened })}
        </p>
      ) : null}
      <ul className="rows">
        {changes.map((change) => (
          <li key={change.path}>
            <span className={`chip effect-${change.effect}`}>{t(`change.${change.effect}`)}</span>
            <span className="grow">
              {format.text(change.text)} <span className="mono dim">{change.path}</span>
            </span>
          </li>
        ))}
      </ul>
    </>
  )
}
