import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Code } from '../../../components/copy.tsx'
import { useFormat } from '../../../components/use-format.ts'

/** A link that is told once, to be sent to the person by a way that only they read. */
export function OneTimeLink({ link, expires, text }: { link: string; expires: string; text: string }): ReactNode {
  const { t } = useTranslation('settings')
  const format = useFormat()
  return (
    <div role="status">
      <p>
        <b>{text}</b>
      </p>
      <p className="ink2">{t('link.once', { until: format.dateTime(expires) })}</p>
      <Code text={link} />
    </div>
  )
}
