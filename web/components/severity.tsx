import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { Severity } from '../../src/kernel/detection.ts'

/** Weight of ink, four bars, a P-number and a word: never colour alone. */
export function SeverityTag({ severity, word = false }: { severity: Severity; word?: boolean }): ReactNode {
  const { t } = useTranslation()
  const name = t(`severity.${severity}`)
  return (
    <span className={`sev s${severity}`} title={name}>
      <i aria-hidden="true">
        <b />
        <b />
        <b />
        <b />
      </i>
      <span>
        P{severity}
        {word ? ` · ${name}` : <span className="sr">{name}</span>}
      </span>
    </span>
  )
}
