import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import {
  CONNECTION_KIND_NAMES,
  CONNECTION_KINDS,
  type ConnectionField,
  type ConnectionKind,
  connectionFields,
  connectionView,
  type NewConnection,
} from '../../../../src/respond/connections/schema.ts'
import { call } from '../../../api/client.ts'
import { connectionsQuery } from '../../../api/queries.ts'
import { DeedButton } from '../../../components/deed-button.tsx'
import { Field } from '../../../components/fields.tsx'
import { ProblemNote } from '../../../components/problem-note.tsx'
import { useMay } from '../../../components/session.ts'
import { Drawer } from '../drawer.tsx'
import { ConnectionFields } from './connection-fields.tsx'

/** Another connection; what a kind needs is asked for as its schema says. */
export function NewConnectionDrawer({ onClose }: { onClose: () => void }): ReactNode {
  const { t } = useTranslation('connections')
  const may = useMay()
  const client = useQueryClient()
  const kinds = CONNECTION_KIND_NAMES.filter((one) => !CONNECTION_KINDS[one].local || may('installation'))
  const [kind, setKind] = useState<ConnectionKind>('ldap')
  const [name, setName] = useState('')
  const [values, setValues] = useState<Readonly<Record<string, string>>>({})
  const fields = connectionFields(kind)
  const create = useMutation({
    mutationFn: (body: NewConnection) => call(connectionView, '/api/v1/connections', { method: 'POST', body }),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: connectionsQuery.queryKey })
      onClose()
    },
  })
  const valueIn = (field: ConnectionField): string => values[`${kind} ${field.name}`] ?? field.initial
  const given = (secret: boolean): Record<string, string> =>
    Object.fromEntries(
      fields.filter((field) => field.secret === secret && valueIn(field) !== '').map((field) => [field.name, valueIn(field)]),
    )
  return (
    <Drawer title={t('add')} onClose={onClose}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault()
          create.mutate({ name: name.trim(), kind, settings: given(false), secrets: given(true) })
        }}
      >
        <Field label={t('kindLabel')} {...(CONNECTION_KINDS[kind].local ? { hint: t('localHint') } : {})}>
          <select
            className="input"
            value={kind}
            onChange={(event) => setKind(kinds.find((one) => one === event.target.value) ?? kind)}
          >
            {kinds.map((one) => (
              <option key={one} value={one}>
                {t(`kind.${one}`)}
              </option>
            ))}
          </select>
        </Field>
        <Field label={t('name')} hint={t('nameHint')}>
          <input
            className="input mono"
            required
            maxLength={63}
            pattern="[a-z0-9][a-z0-9\-]*"
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
        </Field>
        <ConnectionFields
          fields={fields}
          valueIn={valueIn}
          onChange={(field, value) => setValues({ ...values, [`${kind} ${field.name}`]: value })}
        />
        <p className="label">{t('hosts')}</p>
        {create.error === null ? null : <ProblemNote error={create.error} />}
        <p>
          <DeedButton type="submit" className="btn ink" busy={create.isPending}>
            {t('create')}
          </DeedButton>
        </p>
      </form>
    </Drawer>
  )
}
