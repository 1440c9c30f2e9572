import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { type RoleAt, rolesQuery } from '../../../api/access.ts'
import { StateGlyph } from '../../../components/state-glyph.tsx'
import { conflictsOf, keyOf, scopeOrder } from './held-roles.ts'
import { useScopeName } from './use-scope-name.ts'

/**
 * Roles × scopes as boxes to tick, with what each role is for. Boxes that the reader may not give, and roles that an
 * identity provider keeps, are shown and cannot be changed.
 */
export function RoleGrid({
  chosen,
  grantable,
  locked,
  onChange,
}: {
  chosen: readonly RoleAt[]
  grantable: readonly RoleAt[]
  locked: readonly RoleAt[]
  onChange: (chosen: readonly RoleAt[]) => void
}): ReactNode {
  const { t } = useTranslation('settings')
  const { t: access } = useTranslation('access')
  const scopeName = useScopeName()
  const table = useQuery(rolesQuery)
  const may = new Set(grantable.map(keyOf))
  const kept = new Set(locked.map(keyOf))
  const held = new Set([...chosen, ...locked].map(keyOf))
  const scopes = [...new Set([...grantable, ...chosen, ...locked].map(({ scope }) => scope))].sort(scopeOrder)
  const roles = (table.data?.items ?? []).map(({ role }) => role)
  const conflicts = conflictsOf([...chosen, ...locked], table.data?.conflicts ?? [])
  const toggle = (one: RoleAt): void =>
    onChange(held.has(keyOf(one)) ? chosen.filter((other) => keyOf(other) !== keyOf(one)) : [...chosen, one])
  return (
    <div className="stack">
      <div className="scroll-x">
        <table className="role-grid">
          <thead>
            <tr>
              <th scope="col">{t('roles.role')}</th>
              {scopes.map((scope) => (
                <th key={scope} scope="col" className="c">
                  {scopeName(scope)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {roles.map((role) => (
              <tr key={role}>
                <th scope="row">
                  {access(`role.${role}`)}
                  <span className="label block">{t(`roles.about.${role}`)}</span>
                </th>
                {scopes.map((scope) => {
                  const one = { role, scope }
                  return (
                    <td key={scope} className="c">
                      <input
                        type="checkbox"
                        aria-label={t('roles.at', { role: access(`role.${role}`), scope: scopeName(scope) })}
                        checked={held.has(keyOf(one))}
                        disabled={kept.has(keyOf(one)) || !may.has(keyOf(one))}
                        onChange={() => toggle(one)}
                      />
                    </td>
                  )
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {locked.length === 0 ? null : <p className="label">{t('roles.locked')}</p>}
      <div role="status" className="meets">
        {conflicts.map((one) => (
          <p key={`${one.roles.join()} ${one.scope}`} className="row">
            <StateGlyph state="risk" silent />
            {t('roles.conflict', {
              one: access(`role.${one.roles[0]}`),
              other: access(`role.${one.roles[1]}`),
              scope: scopeName(one.scope),
            })}
          </p>
        ))}
      </div>
    </div>
  )
}
