import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { createdTokenSchema } from '../../../../src/access/schema.ts'
import { call } from '../../../api/client.ts'
import { Code } from '../../../components/copy.tsx'
import { curlLine } from '../../../components/curl.ts'
import { ProblemNote } from '../../../components/problem-note.tsx'

const SCOPES = ['ingest', 'read', 'admin'] as const
type Scope = (typeof SCOPES)[number]

export function NewTokenForm(): ReactNode {
  const { t } = useTranslation('access')
  const client = useQueryClient()
  const [name, setName] = useState('')
  const [scope, setScope] = useState<Scope>('ingest')
  const create = useMutation({
    mutationFn: () => call(createdTokenSchema, '/api/v1/tokens', { method: 'POST', body: { name, scope } }),
    onSuccess: () => {
      setName('')
      void client.invalidateQueries({ queryKey: ['tokens'] })
    },
  })
  if (create.data !== undefined) {
    return (
      <div role="status">
        <p>{t('tokens.once')}</p>
        <Code text={create.data.token} />
        {create.data.scope === 'ingest' ? (
          <>
            <p className="sec label">{t('tokens.try')}</p>
            <Code prompt text={curlLine(create.data.token)} />
          </>
        ) : null}
        <p className="sec">
          <button type="button" className="btn" onClick={() => create.reset()}>
            {t('tokens.done')}
          </button>
        </p>
      </div>
    )
  }
  return (
    <form
      className="row"
      onSubmit={(event) => {
        event.preventDefault()
        create.mutate()
      }}
    >
      <label className="grow">
        <span className="sr">{t('tokens.name')}</span>
        <input
          className="input"
          required
          maxLength={80}
          placeholder={t('tokens.name')}
          value={name}
          onChange={(e) => setName(e.target.value)}
        />
      </label>
      <label>
        <span className="sr">{t('tokens.scope')}</span>
        <select
          className="input"
          value={scope}
          onChange={(e) => setScope(SCOPES.find((one) => one === e.target.value) ?? 'ingest')}
        >
          {SCOPES.map((one) => (
            <option key={one} value={one}>
              {t(`scope.${one}`)}
            </option>
          ))}
        </select>
      </label>
      <button type="submit" className="btn ink" disabled={create.isPending}>
        {t('tokens.create')}
      </button>
      {create.error === null ? null : <ProblemNote error={create.error} />}
    </form>
  )
}
