import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { createdTokenSchema, GRANTS, type Grant } from '../../../../src/access/schema.ts'
import { call } from '../../../api/client.ts'
import { DeedButton } from '../../../components/deed-button.tsx'
import { ProblemNote } from '../../../components/problem-note.tsx'
import { NO_PERIOD, PeriodFields, periodOfDays } from '../period-fields.tsx'
import { NewSecret } from './new-secret.tsx'

/** `''`: what the installation's settings say. */
const DAYS = ['', '7', '30', '90', '365', '3650'] as const

export function NewTokenForm(): ReactNode {
  const { t } = useTranslation('access')
  const { t: settings } = useTranslation('settings')
  const client = useQueryClient()
  const [name, setName] = useState('')
  const [scope, setScope] = useState<Grant>('ingest')
  const [source, setSource] = useState('')
  const [days, setDays] = useState('')
  const [period, setPeriod] = useState(NO_PERIOD)
  const create = useMutation({
    mutationFn: () =>
      call(createdTokenSchema, '/api/v1/tokens', {
        method: 'POST',
        body: {
          name,
          scope,
          ...(days === '' ? {} : { expiresInDays: Number(days) }),
          ...(scope === 'ingest' && source !== '' ? { source } : {}),
          ...(scope === 'audit' && (period.from !== '' || period.to !== '') ? { period: periodOfDays(period) } : {}),
        },
      }),
    onSuccess: () => {
      setName('')
      setSource('')
      void client.invalidateQueries({ queryKey: ['tokens'] })
    },
  })
  if (create.data !== undefined) return <NewSecret token={create.data} onKept={() => create.reset()} />
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault()
        create.mutate()
      }}
    >
      <div className="row ask token-form">
        <label className="field grow">
          <span>{t('tokens.name')}</span>
          <input className="input" required maxLength={80} value={name} onChange={(e) => setName(e.target.value)} />
        </label>
        <label className="field">
          <span>{t('tokens.scope')}</span>
          <select
            className="input"
            value={scope}
            onChange={(e) => setScope(GRANTS.find((one) => one === e.target.value) ?? 'ingest')}
          >
            {GRANTS.map((one) => (
              <option key={one} value={one}>
                {t(`scope.${one}`)}
              </option>
            ))}
          </select>
        </label>
        {scope === 'ingest' ? (
          <label className="field">
            <span>{settings('tokens.source')}</span>
            <input
              className="input mono"
              maxLength={64}
              pattern="[a-z0-9][a-z0-9._\-]*"
              placeholder={settings('tokens.anySource')}
              title={settings('tokens.sourceHint')}
              autoCapitalize="none"
              spellCheck={false}
              value={source}
              onChange={(e) => setSource(e.target.value)}
            />
          </label>
        ) : null}
        {scope === 'audit' ? <PeriodFields days={period} onChange={setPeriod} /> : null}
        <label className="field">
          <span>{t('tokens.expires')}</span>
          <select className="input" value={days} onChange={(e) => setDays(e.target.value)}>
            {DAYS.map((one) => (
              <option key={one} value={one}>
                {one === '' ? settings('tokens.byDefault') : settings('tokens.afterDays', { days: Number(one) })}
              </option>
            ))}
          </select>
        </label>
        <DeedButton type="submit" className="btn ink" busy={create.isPending}>
          {t('tokens.create')}
        </DeedButton>
      </div>
      {create.error === null ? null : <ProblemNote error={create.error} />}
    </form>
  )
}
