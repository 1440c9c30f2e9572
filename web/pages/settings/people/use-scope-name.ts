import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { DEFAULT_SCOPE } from '../../../../src/kernel/event.ts'
import { EVERY_SCOPE } from '../../../../src/platform/http/route.ts'
import { ownScopesQuery } from '../../../api/queries.ts'

/** How a scope is called on pages: its title where the reader may know it. */
export function useScopeName(): (scope: string) => string {
  const { t } = useTranslation('settings')
  const { t: common } = useTranslation()
  const { data } = useQuery(ownScopesQuery)
  return (scope) => {
    if (scope === EVERY_SCOPE) return t('scope.every')
    if (scope === DEFAULT_SCOPE) return common('bar.sharedScope')
    return data?.items.find((one) => one.scope === scope)?.title ?? scope
  }
}
