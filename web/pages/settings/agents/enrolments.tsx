import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { createdEnrolmentSchema } from '../../../../src/access/machines/schema.ts'
import { call, tell } from '../../../api/client.ts'
import { authoritiesQuery, enrolmentsQuery } from '../../../api/house-queries.ts'
import { Code } from '../../../components/copy.tsx'
import { DeedButton } from '../../../components/deed-button.tsx'
import { DeedsHead } from '../../../components/deeds-head.tsx'
import { Field, NumberInput } from '../../../components/fields.tsx'
import { ProblemNote } from '../../../components/problem-note.tsx'
import { useMay } from '../../../components/session.ts'
import { StateGlyph } from '../../../components/state-glyph.tsx'
import { useFormat } from '../../../components/use-format.ts'
import { SureButton } from '../sure-button.tsx'
import { enrolCommands } from './enrol-command.ts'

const HOURS = [1, 24, 168, 720] as const

/** Tokens that let a machine ask for its certificate: short-lived, and good for so many machines. */
export function Enrolments(): ReactNode {
  const { t } = useTranslation('agents')
  const may = useMay()
  const format = useFormat()
  const client = useQueryClient()
  const { data, error, refetch } = useQuery(enrolmentsQuery)
  const withdraw = useMutation({
    mutationFn: (id: string) => tell(`/api/v1/enrolments/${id}`, { method: 'DELETE' }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['agents'] }),
  })
  const items = data?.items ?? []
  const authorities = useQuery(authoritiesQuery)
  return (
    <section className="sheet" aria-labelledby="enrol">
      <div className="panel-h">
        <h2 id="enrol">{t('enrol')}</h2>
      </div>
      {authorities.data?.items.length === 0 ? (
        <p className="chart-p row">
          <StateGlyph state="risk" silent />
          {t('noAuthority')}
        </p>
      ) : null}
      {may('agents:write') ? (
        <div className="chart-p">
          <NewEnrolment />
        </div>
      ) : null}
      {error === null ? null : <ProblemNote error={error} retry={() => void refetch()} />}
      {withdraw.error === null ? null : <ProblemNote error={withdraw.error} />}
      {data !== undefined && items.length === 0 ? <p className="chart-p dim">{t('noEnrolments')}</p> : null}
      {items.length === 0 ? null : (
        <table className="srcs still">
          <thead>
            <tr>
              <th>{t('col.token')}</th>
              <th className="r">{t('col.left')}</th>
              <th>{t('col.ends')}</th>
              <th className="x">{t('col.by')}</th>
              <DeedsHead />
            </tr>
          </thead>
          <tbody>
            {items.map((one) => (
              <tr key={one.id}>
                <td className="named name">
                  <bdi>{one.name}</bdi>
                </td>
                <td className="r num">
                  {format.count(one.usesLeft)} / {format.count(one.uses)}
                </td>
                <td className="num">{format.dateTime(one.expires)}</td>
                <td className="named x">
                  <bdi>{one.by}</bdi>
                </td>
                <td className="r">
                  {may('agents:write') ? (
                    <SureButton
                      label={t('withdraw')}
                      sure={t('withdrawSure')}
                      yes={t('withdrawYes')}
                      pending={withdraw.isPending}
                      onSure={() => withdraw.mutate(one.id)}
                    />
                  ) : null}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  )
}

function NewEnrolment(): ReactNode {
  const { t } = useTranslation('agents')
  const client = useQueryClient()
  const may = useMay()
  const [name, setName] = useState('')
  const [hours, setHours] = useState<number>(24)
  const [uses, setUses] = useState(1)
  const create = useMutation({
    mutationFn: () =>
      call(createdEnrolmentSchema, '/api/v1/enrolments', { method: 'POST', body: { name: name.trim(), hours, uses } }),
    onSuccess: () => {
      setName('')
      setUses(1)
      void client.invalidateQueries({ queryKey: ['agents'] })
    },
  })
  if (create.data !== undefined) {
    const { trust, enrol, run } = enrolCommands(window.location.origin, create.data.token)
    return (
      <div role="status">
        <p>{t('once')}</p>
        <Code text={create.data.token} />
        {trust === undefined ? null : (
          <>
            <p className="sec label">
              {t('compare')}{' '}
              {may('audit:read') ? (
                <Link to="/audit" search={{ action: 'certificate.replace' }}>
                  {t('compareWith')}
                </Link>
              ) : null}
            </p>
            <Code text={trust} />
          </>
        )}
        <p className="sec label">{t('run')}</p>
        <Code text={enrol} />
        <p className="sec label">{t('watch')}</p>
        <Code text={run} />
        <p className="sec">
          <button type="button" className="btn" onClick={() => create.reset()}>
            {t('kept')}
          </button>
        </p>
      </div>
    )
  }
  return (
    <form
      className="inline-form"
      onSubmit={(event) => {
        event.preventDefault()
        create.mutate()
      }}
    >
      <label className="field grow">
        <span>{t('form.name')}</span>
        <input
          className="input"
          required
          maxLength={80}
          placeholder={t('form.namePlace')}
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
      </label>
      <Field label={t('form.uses')}>
        <NumberInput short min={1} max={10_000} value={uses} onChange={setUses} />
      </Field>
      <label className="field">
        <span>{t('form.hours')}</span>
        <select className="input" value={hours} onChange={(event) => setHours(Number(event.target.value))}>
          {HOURS.map((one) => (
            <option key={one} value={one}>
              {t(`hours.${one}`)}
            </option>
          ))}
        </select>
      </label>
      <DeedButton type="submit" className="btn ink" busy={create.isPending}>
        {t('form.create')}
      </DeedButton>
      {create.error === null ? null : <ProblemNote error={create.error} />}
    </form>
  )
}
