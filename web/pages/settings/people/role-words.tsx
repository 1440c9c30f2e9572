import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { Person } from '../../../../src/access/people/schema.ts'
import { StateGlyph } from '../../../components/state-glyph.tsx'
import { byScope } from './held-roles.ts'
import { useScopeName } from './use-scope-name.ts'

/** What somebody holds, by scope, and how many duties of theirs belong apart. */
export function RoleWords({ person }: { person: Person }): ReactNode {
  const { t } = useTranslation('settings')
  const { t: access } = useTranslation('access')
  const scopeName = useScopeName()
  if (person.roles.length === 0) return <span className="dim">{t('people.noRoles')}</span>
  return (
    <ul className="held">
      {byScope(person.roles).map(({ scope, roles }) => (
        <li key={scope}>
          <span className="label">{scopeName(scope)}</span> {roles.map((role) => access(`role.${role}`)).join(t('comma'))}
        </li>
      ))}
      {person.conflicts.length === 0 ? null : (
        <li className="row">
          <StateGlyph state="risk" silent />
          <span>{t('people.hasConflict', { count: person.conflicts.length })}</span>
        </li>
      )}
    </ul>
  )
}
