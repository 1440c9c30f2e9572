import { useTranslation } from 'react-i18next'
import { GRANTS, ROLES } from '../../../src/access/schema.ts'

/** What a role, or a token’s grant, is called; a word of a newer version stays as it is. */
export function useRoleWord(): (kind: 'assignment' | 'token', may: string) => string {
  const { t } = useTranslation('access')
  return (kind, may) => {
    const role = ROLES.find((one) => one === may)
    const grant = GRANTS.find((one) => one === may)
    if (kind === 'assignment' && role !== undefined) return t(`role.${role}`)
    return kind === 'token' && grant !== undefined ? t(`scope.${grant}`) : may
  }
}
