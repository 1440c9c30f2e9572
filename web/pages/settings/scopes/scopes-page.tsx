import { useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { ScopeView } from '../../../../src/access/scopes/schema.ts'
import { scopesQuery } from '../../../api/house-queries.ts'
import { Icon } from '../../../components/icon.tsx'
import { ProblemNote } from '../../../components/problem-note.tsx'
import { useFormat } from '../../../components/use-format.ts'
import { LabelChips } from '../../assets/label-chips.tsx'
import { SettingsHead } from '../settings-page.tsx'
import { ScopeDrawer } from './scope-drawer.tsx'

const route = getRouteApi('/house/settings/scopes')
const NEW = 'new'

/** The partitions of this installation: teams or customers, and the assets that belong to each by their labels. */
export function ScopesPage(): ReactNode {
  const { t } = useTranslation('scopes')
  const { open } = route.useSearch()
  const navigate = useNavigate({ from: '/settings/scopes' })
  const { data, error, refetch } = useQuery(scopesQuery)
  const scopes = data?.items ?? []
  const show = (next: string | undefined): void =>
    void navigate({ search: (before) => ({ ...before, open: next }), replace: true })
  const opened = scopes.find(({ scope }) => scope === open)
  return (
    <>
      <SettingsHead title={t('title')} lead={t('lead')}>
        <button type="button" className="btn ink" onClick={() => show(NEW)}>
          <Icon name="plus" />
          {t('add')}
        </button>
      </SettingsHead>
      {error === null ? null : <ProblemNote error={error} retry={() => void refetch()} />}
      {data === undefined ? null : (
        <section className="sheet" aria-label={t('title')}>
          <ScopeTable scopes={scopes} open={open} onOpen={show} />
          {scopes.length > 1 ? null : (
            <div className="empty add-first">
              <h2>{t('emptyTitle')}</h2>
              <p>{t('emptyText')}</p>
            </div>
          )}
        </section>
      )}
      {open === NEW ? <ScopeDrawer scope={undefined} onClose={() => show(undefined)} /> : null}
      {opened === undefined || opened.shared ? null : <ScopeDrawer scope={opened} onClose={() => show(undefined)} />}
    </>
  )
}

function ScopeTable({
  scopes,
  open,
  onOpen,
}: {
  scopes: readonly ScopeView[]
  open: string | undefined
  onOpen: (scope: string) => void
}): ReactNode {
  const { t } = useTranslation('scopes')
  const format = useFormat()
  return (
    <table className="srcs">
      <thead>
        <tr>
          <th>{t('col.scope')}</th>
          <th>{t('col.labels')}</th>
          <th className="r">{t('col.assets')}</th>
          <th className="r">{t('col.people')}</th>
          <th className="r">{t('col.tokens')}</th>
          <th className="r x">{t('col.created')}</th>
        </tr>
      </thead>
      <tbody>
        {scopes.map((one) => (
          <tr
            key={one.scope}
            className={one.shared ? 'inert' : undefined}
            aria-selected={one.scope === open}
            onClick={() => (one.shared ? undefined : onOpen(one.scope))}
          >
            <td className="named">
              {one.shared ? (
                <b>{t('shared')}</b>
              ) : (
                <button type="button" className="name" onClick={() => onOpen(one.scope)}>
                  <bdi>{one.title}</bdi>
                </button>
              )}
              <div className="label mono">{one.scope}</div>
            </td>
            <td>
              {one.shared ? <span className="dim">{t('rest')}</span> : null}
              {!one.shared && Object.keys(one.labels).length === 0 ? <span className="dim">{t('noLabels')}</span> : null}
              <LabelChips labels={one.labels} />
            </td>
            <td className="r num">{format.count(one.assets)}</td>
            <td className="r num">{format.count(one.people)}</td>
            <td className="r num">{format.count(one.tokens)}</td>
            <td className="r num dim x">{one.created === null ? '' : format.date(one.created)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
