import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { EVERY_SCOPE } from '../../../../src/platform/http/route.ts'
import { useFormat } from '../../../components/use-format.ts'

/** Of which scope, and observed when. */
export function Span({ scope, from, to }: { scope: string; from: string | null; to: string | null }): ReactNode {
  const { t } = useTranslation('keeping')
  const format = useFormat()
  const day = (at: string | null): string => (at === null ? '' : format.date(at))
  return (
    <>
      {scope === EVERY_SCOPE ? t('span.everyScope') : t('span.scope', { scope })}
      {from === null && to === null
        ? null
        : ` · ${t('span.observed', { from: day(from), to: day(to), has: from === null ? 'to' : to === null ? 'from' : 'both' })}`}
    </>
  )
}
