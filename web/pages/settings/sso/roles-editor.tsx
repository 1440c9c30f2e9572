import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { ROLES } from '../../../../src/access/schema.ts'
import type { GroupRole } from '../../../../src/access/sso/schema.ts'
import { EVERY_SCOPE } from '../../../../src/platform/http/route.ts'
import { scopesQuery } from '../../../api/house-queries.ts'
import { Icon } from '../../../components/icon.tsx'
import { useRoleWord } from '../role-word.ts'

/** Which roles in which scopes: a row each. `about` names what gets them, for those who cannot see the place. */
export function RolesEditor({
  about,
  roles,
  onChange,
}: {
  about: string
  roles: readonly GroupRole[]
  onChange: (roles: GroupRole[]) => void
}): ReactNode {
  const { t } = useTranslation('sso')
  const roleWord = useRoleWord()
  const { data } = useQuery(scopesQuery)
  const known = [EVERY_SCOPE, ...(data?.items ?? []).map(({ scope }) => scope)]
  const set = (at: number, change: Partial<GroupRole>): void =>
    onChange(roles.map((one, index) => (index === at ? { ...one, ...change } : one)))
  return (
    <div className="role-rows">
      {roles.map((one, at) => {
        const scopes = known.includes(one.scope) ? known : [...known, one.scope]
        return (
          <div key={at} className="row">
            <select
              className="input sm"
              aria-label={t('roleOf', { about })}
              value={one.role}
              onChange={(event) => {
                const role = ROLES.find((known) => known === event.target.value)
                if (role !== undefined) set(at, { role })
              }}
            >
              {ROLES.map((role) => (
                <option key={role} value={role}>
                  {roleWord('assignment', role)}
                </option>
              ))}
            </select>
            <span className="dim nw">{t('in')}</span>
            <select
              className="input sm"
              aria-label={t('scopeOf', { about })}
              value={one.scope}
              onChange={(event) => set(at, { scope: event.target.value })}
            >
              {scopes.map((scope) => (
                <option key={scope} value={scope}>
                  {scope === EVERY_SCOPE ? t('everyScope') : scope}
                </option>
              ))}
            </select>
            <button
              type="button"
              className="btn sm quiet square"
              aria-label={t('removeRole', { about })}
              onClick={() => onChange(roles.filter((_, index) => index !== at))}
            >
              <Icon name="close" small />
            </button>
          </div>
        )
      })}
      <button
        type="button"
        className="btn sm"
        onClick={() => onChange([...roles, { role: 'viewer', scope: data?.items[0]?.scope ?? 'default' }])}
      >
        <Icon name="plus" small />
        {t('addRole')}
      </button>
    </div>
  )
}
