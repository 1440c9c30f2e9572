import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import {
  type ConnectionChange,
  type ConnectionField,
  type ConnectionView,
  connectionFields,
  connectionView,
} from '../../../../src/respond/connections/schema.ts'
import { call } from '../../../api/client.ts'
import { connectionsQuery } from '../../../api/queries.ts'
import { DeedButton } from '../../../components/deed-button.tsx'
import { ProblemNote } from '../../../components/problem-note.tsx'
import { Drawer } from '../drawer.tsx'
import { ConnectionFields } from './connection-fields.tsx'

/**
 * Other settings or other secrets of a connection. Secrets come back to nobody: they stay as long as nothing else changes, and have to be
 * entered again where a setting does.
 */
export function EditConnectionDrawer({ connection, onClose }: { connection: ConnectionView; onClose: () => void }): ReactNode {
  const { t } = useTranslation('connections')
  const client = useQueryClient()
  const [values, setValues] = useState<Readonly<Record<string, string>>>(connection.settings)
  const fields = connectionFields(connection.kind)
  const given = (secret: boolean): Record<string, string> =>
    Object.fromEntries(
      fields.flatMap(({ name, secret: sealed }) => {
        const value = values[name] ?? ''
        return sealed === secret && value !== '' ? [[name, value]] : []
      }),
    )
  const settings = given(false)
  const isMoved = !sameValues(settings, connection.settings)
  const hasSecrets = Object.keys(given(true)).length > 0
  const change = useMutation({
    mutationFn: (body: ConnectionChange) =>
      call(connectionView, `/api/v1/connections/${encodeURIComponent(connection.id)}`, { method: 'PATCH', body }),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: connectionsQuery.queryKey })
      onClose()
    },
  })
  return (
    <Drawer title={t('editTitle', { name: connection.name })} onClose={onClose}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault()
          change.mutate({ ...(isMoved ? { settings } : {}), ...(hasSecrets ? { secrets: given(true) } : {}) })
        }}
      >
        <p className="label">{t(`kind.${connection.kind}`)}</p>
        <ConnectionFields
          fields={fields}
          valueIn={({ name }: ConnectionField) => values[name] ?? ''}
          onChange={({ name }, value) => setValues({ ...values, [name]: value })}
          kept={!isMoved && !hasSecrets}
        />
        {isMoved && connection.secrets.length > 0 ? <p className="label">{t('again')}</p> : null}
        {change.error === null ? null : <ProblemNote error={change.error} />}
        <p>
          <DeedButton type="submit" className="btn ink" busy={change.isPending} disabled={!isMoved && !hasSecrets}>
            {t('save')}
          </DeedButton>
        </p>
      </form>
    </Drawer>
  )
}

function sameValues(one: Readonly<Record<string, string>>, other: Readonly<Record<string, string>>): boolean {
  const names = new Set([...Object.keys(one), ...Object.keys(other)])
  return [...names].every((name) => (one[name] ?? '') === (other[name] ?? ''))
}
