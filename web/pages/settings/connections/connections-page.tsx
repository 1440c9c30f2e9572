import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import {
  type ConnectionTest,
  type ConnectionView,
  connectionTest,
  connectionView,
} from '../../../../src/respond/connections/schema.ts'
import { call, tell } from '../../../api/client.ts'
import { connectionsQuery } from '../../../api/queries.ts'
import { DeedButton } from '../../../components/deed-button.tsx'
import { ProblemNote, Said } from '../../../components/problem-note.tsx'
import { useMay } from '../../../components/session.ts'
import { useFormat } from '../../../components/use-format.ts'
import { useNow } from '../../../components/use-now.ts'
import { Panel } from '../panel.tsx'
import { SettingsHead } from '../settings-page.tsx'
import { SureButton } from '../sure-button.tsx'
import { EditConnectionDrawer } from './edit-connection.tsx'
import { NewConnectionDrawer } from './new-connection.tsx'

/** What response actions may reach: added, changed, tested, switched off for a while, removed. */
export function ConnectionsPage(): ReactNode {
  const { t } = useTranslation('connections')
  const may = useMay()
  const { data, error, refetch } = useQuery(connectionsQuery)
  const [adding, setAdding] = useState(false)
  const writes = may('connections:write')
  return (
    <div className="stack">
      <SettingsHead title={t('title')} lead={t('lead')}>
        {writes ? (
          <button type="button" className="btn ink" aria-haspopup="dialog" onClick={() => setAdding(true)}>
            {t('add')}
          </button>
        ) : null}
      </SettingsHead>
      {error === null ? null : <ProblemNote error={error} retry={() => void refetch()} />}
      <Panel title={t('list')} text={t('listText')}>
        {data?.connections.length === 0 ? <p className="dim">{t('none')}</p> : null}
        <ul className="rows">
          {data?.connections.map((connection) => (
            <ConnectionRow
              key={connection.id}
              connection={connection}
              writes={writes && (!connection.local || may('installation'))}
            />
          ))}
        </ul>
      </Panel>
      {adding ? <NewConnectionDrawer onClose={() => setAdding(false)} /> : null}
    </div>
  )
}

function ConnectionRow({ connection, writes }: { connection: ConnectionView; writes: boolean }): ReactNode {
  const { t } = useTranslation('connections')
  const format = useFormat()
  const now = useNow(10)
  const client = useQueryClient()
  const done = (): void => void client.invalidateQueries({ queryKey: connectionsQuery.queryKey })
  const path = `/api/v1/connections/${encodeURIComponent(connection.id)}`
  const change = useMutation({
    mutationFn: (enabled: boolean) => call(connectionView, path, { method: 'PATCH', body: { enabled } }),
    onSuccess: done,
  })
  const remove = useMutation({ mutationFn: () => tell(path, { method: 'DELETE' }), onSuccess: done })
  const test = useMutation({ mutationFn: () => call(connectionTest, `${path}/test`, { method: 'POST' }) })
  const [editing, setEditing] = useState(false)
  const busy = change.isPending || remove.isPending || test.isPending
  const failure = change.error ?? remove.error ?? test.error
  const settings = Object.entries(connection.settings)
  return (
    <li className="wrap">
      <span className="grow">
        <b>{connection.name}</b> <span className="chip">{t(`kind.${connection.kind}`)}</span>{' '}
        {connection.local ? <span className="chip">{t('local')}</span> : null}{' '}
        {connection.enabled ? null : <span className="chip">{t('off')}</span>}
        {settings.map(([name, value]) => (
          <span key={name} className="block">
            <span className="label">{t(`field.${name}` as 'field.url')}</span> <span className="mono">{value}</span>
          </span>
        ))}
        {connection.secrets.length === 0 ? null : (
          <span className="block label">
            {t('secrets', { names: connection.secrets.map((name) => t(`field.${name}` as 'field.url')).join(', ') })}
          </span>
        )}
        <span className="block label num">
          {t('changedBy', { name: connection.createdBy, age: format.age(connection.updatedAt, now) })}
        </span>
      </span>
      {writes ? (
        <span className="row">
          <DeedButton type="button" className="btn sm" busy={busy} disabled={!connection.enabled} onClick={() => test.mutate()}>
            {test.isPending ? t('testing') : t('test')}
          </DeedButton>
          <DeedButton type="button" className="btn sm" aria-haspopup="dialog" busy={busy} onClick={() => setEditing(true)}>
            {t('edit')}
          </DeedButton>
          <DeedButton type="button" className="btn sm" busy={busy} onClick={() => change.mutate(!connection.enabled)}>
            {connection.enabled ? t('stop') : t('start')}
          </DeedButton>
          <SureButton
            label={t('remove')}
            sure={t('removeSure')}
            yes={t('remove')}
            pending={busy}
            onSure={() => remove.mutate()}
          />
        </span>
      ) : null}
      <span className="block grow" role="status">
        {test.data === undefined ? null : <TestNote test={test.data} />}
      </span>
      {editing ? <EditConnectionDrawer connection={connection} onClose={() => setEditing(false)} /> : null}
      {failure === null ? null : <ProblemNote error={failure} />}
    </li>
  )
}

function TestNote({ test }: { test: ConnectionTest }): ReactNode {
  const { t } = useTranslation('connections')
  if (test.problem !== null)
    return (
      <span className="label bad">
        {t('broken')} <Said code={test.problem.code} text={test.problem.message} />
      </span>
    )
  return <span className="label">{test.told ? t('told') : t('works')}</span>
}
