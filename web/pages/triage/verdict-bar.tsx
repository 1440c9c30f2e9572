import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { Verdict } from '../../../src/detect/schema.ts'
import { DeedButton } from '../../components/deed-button.tsx'

export const VERDICT_KEYS = [
  { verdict: 'true', key: 't' },
  { verdict: 'expected', key: 'b' },
  { verdict: 'false', key: 'f' },
  { verdict: 'escalated', key: 'e' },
] as const satisfies readonly { verdict: Verdict; key: string }[]

export function VerdictBar({
  targets,
  busy,
  onVerdict,
}: {
  targets: number
  busy: boolean
  onVerdict: (verdict: Verdict) => void
}): ReactNode {
  const { t } = useTranslation('triage')
  return (
    <div className="verdict" role="toolbar" aria-label={t('verdict.label')}>
      {VERDICT_KEYS.map(({ verdict, key }, index) => (
        <DeedButton
          key={verdict}
          type="button"
          className={index === 0 ? 'btn ink' : 'btn'}
          busy={busy}
          disabled={targets === 0}
          aria-keyshortcuts={key.toUpperCase()}
          onClick={() => onVerdict(verdict)}
        >
          {t(`verdict.${verdict}`)}
          <kbd>{key.toUpperCase()}</kbd>
        </DeedButton>
      ))}
      <span className="grow" />
      <span className="label hint">{targets === 0 ? t('verdict.closed') : t('verdict.hint', { count: targets })}</span>
    </div>
  )
}
