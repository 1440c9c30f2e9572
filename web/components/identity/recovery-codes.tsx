import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { CopyButton } from '../copy.tsx'
import { useSession } from '../session.ts'

/** Codes told once: to be printed or copied, and confirmed as kept. */
export function RecoveryCodes({ codes, onKept }: { codes: readonly string[]; onKept: () => void }): ReactNode {
  const { t } = useTranslation('access')
  const { organisation, user } = useSession()
  return (
    <div className="recovery" role="status">
      <p>
        <b>{t('recovery.title')}</b>
      </p>
      <p className="ink2">{t('recovery.text')}</p>
      <div className="codes">
        <p className="label print-only">{t('recovery.of', { organisation, name: user.name })}</p>
        <ul className="mono">
          {codes.map((code) => (
            <li key={code}>{code}</li>
          ))}
        </ul>
        <CopyButton text={codes.join('\n')} label={t('recovery.copy')} />
      </div>
      <div className="row">
        <button type="button" className="btn" onClick={() => window.print()}>
          {t('recovery.print')}
        </button>
        <button type="button" className="btn ink" onClick={onKept}>
          {t('recovery.kept')}
        </button>
      </div>
    </div>
  )
}
