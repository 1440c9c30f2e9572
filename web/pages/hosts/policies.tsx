import { useQuery, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { PolicySettings } from '../../../src/hosts/schema.ts'
import { policiesQuery } from '../../api/hosts.ts'
import { DeedsHead } from '../../components/deeds-head.tsx'
import { ProblemNote } from '../../components/problem-note.tsx'
import { useMay } from '../../components/session.ts'
import { useFormat } from '../../components/use-format.ts'
import { PolicyForm } from './policy-form.tsx'
import { PolicyPreview } from './policy-preview.tsx'
import { textOf } from './policy-text.ts'

const EVERY = '*'

/** What agents watch, by label of their host. */
export function Policies(): ReactNode {
  const { t } = useTranslation('hosts')
  const format = useFormat()
  const may = useMay()
  const client = useQueryClient()
  const { data, error } = useQuery({ ...policiesQuery, enabled: may('agents:read') })
  const [editing, setEditing] = useState<{ readonly label: string; readonly settings: PolicySettings } | undefined>()
  const [removing, setRemoving] = useState<string | undefined>()
  const refresh = (): void => void client.invalidateQueries({ queryKey: ['hosts', 'policies'] })
  if (!may('agents:read')) return null
  const items = data?.items ?? []
  return (
    <section className="sheet rules-place" aria-labelledby="host-policies">
      <div className="panel-h">
        <h2 id="host-policies">{t('policies.title')}</h2>
        <span className="label">{t('policies.text')}</span>
      </div>
      {error === null ? null : <ProblemNote error={error} />}
      {data !== undefined && items.length === 0 ? <p className="ink2 chart-p">{t('policies.none')}</p> : null}
      {items.length === 0 ? null : (
        <div className="figs-scroll">
          <table className="srcs still">
            <thead>
              <tr>
                <th>{t('policies.label')}</th>
                <th>{t('policies.sets')}</th>
                <th>{t('policies.changed')}</th>
                <DeedsHead />
              </tr>
            </thead>
            <tbody>
              {items.map((one) => (
                <tr key={one.label}>
                  <td className="mono">
                    <bdi>{one.label === EVERY ? t('policies.every') : one.label}</bdi>
                  </td>
                  <td className="mono wrap">
                    <bdi>{textOf(one.settings)}</bdi>
                  </td>
                  <td>
                    <span className="num">{format.minute(one.changed)}</span>
                    <div className="label">
                      <bdi>{one.by}</bdi>
                    </div>
                  </td>
                  <td>
                    {may('agents:write') ? (
                      <span className="row">
                        <button type="button" className="btn sm" onClick={() => setEditing(one)}>
                          {t('policies.edit')}
                        </button>
                        <button type="button" className="btn sm quiet" onClick={() => setRemoving(one.label)}>
                          {t('policies.remove')}
                        </button>
                      </span>
                    ) : null}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {removing === undefined ? null : (
        <div className="chart-p">
          <PolicyPreview
            key={removing}
            label={removing}
            settings={null}
            onDone={() => {
              refresh()
              setRemoving(undefined)
            }}
            onCancel={() => setRemoving(undefined)}
          />
        </div>
      )}
      {!may('agents:write') ? null : editing === undefined ? (
        <p className="chart-p">
          <button type="button" className="btn sm" onClick={() => setEditing({ label: '', settings: {} })}>
            {t('policies.add')}
          </button>
        </p>
      ) : (
        <PolicyForm
          key={editing.label}
          label={editing.label}
          settings={editing.settings}
          stopping={data?.stopping ?? []}
          onDone={() => {
            refresh()
            setEditing(undefined)
          }}
          onCancel={() => setEditing(undefined)}
        />
      )}
    </section>
  )
}
