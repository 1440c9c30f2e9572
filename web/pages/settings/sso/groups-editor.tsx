import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Icon } from '../../../components/icon.tsx'
import type { ProviderDraft } from './provider-draft.ts'
import { RolesEditor } from './roles-editor.tsx'

type Groups = ProviderDraft['groups']

/** What each group of the provider gives. */
export function GroupsEditor({ groups, onChange }: { groups: Groups; onChange: (groups: Groups) => void }): ReactNode {
  const { t } = useTranslation('sso')
  const set = (at: number, change: Partial<Groups[number]>): void =>
    onChange(groups.map((one, index) => (index === at ? { ...one, ...change } : one)))
  return (
    <div className="group-rows">
      {groups.map((one, at) => (
        <div key={at} className="group-row">
          <div className="row">
            <input
              className="input sm mono"
              required
              maxLength={300}
              aria-label={t('form.group')}
              placeholder={t('form.group')}
              value={one.group}
              onChange={(event) => set(at, { group: event.target.value })}
            />
            <button
              type="button"
              className="btn sm quiet square"
              aria-label={t('removeGroup', { group: one.group })}
              onClick={() => onChange(groups.filter((_, index) => index !== at))}
            >
              <Icon name="close" small />
            </button>
          </div>
          <RolesEditor about={one.group} roles={one.roles} onChange={(roles) => set(at, { roles })} />
        </div>
      ))}
      <button type="button" className="btn sm" onClick={() => onChange([...groups, { group: '', roles: [] }])}>
        <Icon name="plus" small />
        {t('form.addGroup')}
      </button>
    </div>
  )
}
