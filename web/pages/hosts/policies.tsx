import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { PolicySettings } from '../../../src/hosts/schema.ts'
import { policiesQuery, removePolicy, setPolicy } from '../../api/hosts.ts'
import { Check, Field } from '../../components/fields.tsx'
import { ProblemNote } from '../../components/problem-note.tsx'
import { useMay } from '../../components/session.ts'
import { useFormat } from '../../components/use-format.ts'
import { SureButton } from '../settings/sure-button.tsx'
import { rulesOf, textOf } from './policy-text.ts'

const EVERY = '*'

/** What agents watch, by label of their host. */
export function Policies(): ReactNode {
  const { t } = useTranslation('hosts')
  const format = useFormat()
  const may = useMay()
  const client = useQueryClient()
  const { data, error } = useQuery({ ...policiesQuery, enabled: may('agents:read') })
  const [editing, setEditing] = useState<{ readonly label: string; readonly settings: PolicySettings } | undefined>()
  const remove = useMutation({
    mutationFn: removePolicy,
    onSuccess: () => client.invalidateQueries({ queryKey: ['hosts', 'policies'] }),
  })
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
                <th />
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
                        <SureButton
                          label={t('policies.remove')}
                          sure={t('policies.removeText')}
                          yes={t('policies.remove')}
                          pending={remove.isPending}
                          onSure={() => remove.mutate(one.label)}
                        />
                      </span>
                    ) : null}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {remove.error === null ? null : <ProblemNote error={remove.error} />}
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
          onDone={() => {
            void client.invalidateQueries({ queryKey: ['hosts', 'policies'] })
            setEditing(undefined)
          }}
          onCancel={() => setEditing(undefined)}
        />
      )}
    </section>
  )
}

const linesOf = (text: string): string[] => text.split('\n').flatMap((line) => (line.trim() === '' ? [] : [line.trim()]))

function PolicyForm({
  label: first,
  settings,
  onDone,
  onCancel,
}: {
  label: string
  settings: PolicySettings
  onDone: () => void
  onCancel: () => void
}): ReactNode {
  const { t } = useTranslation('hosts')
  const { t: common } = useTranslation()
  const [label, setLabel] = useState(first === '' ? EVERY : first)
  const [watch, setWatch] = useState((settings.watch ?? []).join('\n'))
  const [ignore, setIgnore] = useState((settings.ignore ?? []).join('\n'))
  const [rules, setRules] = useState((settings.integrity ?? []).map(textOf).join('\n'))
  const [frozen, setFrozen] = useState(settings.frozen === true)
  const [minutes, setMinutes] = useState(settings.fullCheckMs === undefined ? '' : String(settings.fullCheckMs / 60_000))
  const parsed = rulesOf(rules)
  const keep = useMutation({
    mutationFn: () => {
      const { watch: _w, ignore: _i, integrity: _r, frozen: _f, fullCheckMs: _c, ...others } = settings
      const watched = linesOf(watch)
      const ignored = linesOf(ignore)
      return setPolicy(label.trim(), {
        ...others,
        ...(watched.length === 0 ? {} : { watch: watched }),
        ...(ignored.length === 0 ? {} : { ignore: ignored }),
        ...(parsed === undefined || parsed.length === 0 ? {} : { integrity: parsed }),
        ...(frozen ? { frozen } : {}),
        ...(minutes === '' ? {} : { fullCheckMs: Math.round(Number(minutes) * 60_000) }),
      })
    },
    onSuccess: onDone,
  })
  return (
    <form
      className="stack chart-p"
      onSubmit={(event) => {
        event.preventDefault()
        keep.mutate()
      }}
    >
      <Field label={t('policies.label')} hint={t('policies.labelHint')}>
        <input
          className="input mono"
          required
          maxLength={200}
          pattern="\*|[^=\s]+=.+"
          disabled={first !== ''}
          value={label}
          onChange={(event) => setLabel(event.target.value)}
        />
      </Field>
      <Field label={t('policies.watch')} hint={t('policies.watchHint')}>
        <textarea className="input mono" rows={3} value={watch} onChange={(event) => setWatch(event.target.value)} />
      </Field>
      <Field label={t('policies.ignore')}>
        <textarea className="input mono" rows={2} value={ignore} onChange={(event) => setIgnore(event.target.value)} />
      </Field>
      <Field
        label={t('policies.rules')}
        hint={t('policies.rulesHint')}
        wrong={parsed === undefined ? t('policies.rulesWrong') : undefined}
      >
        <textarea className="input mono" rows={3} value={rules} onChange={(event) => setRules(event.target.value)} />
      </Field>
      <Field label={t('policies.minutes')}>
        <input
          className="input num short"
          type="number"
          min={1}
          max={10_080}
          value={minutes}
          onChange={(event) => setMinutes(event.target.value)}
        />
      </Field>
      <Check label={t('policies.frozen')} hint={t('policies.frozenHint')} checked={frozen} onChange={setFrozen} />
      <p className="row">
        <button type="submit" className="btn ink" disabled={keep.isPending || parsed === undefined}>
          {t('policies.keep')}
        </button>
        <button type="button" className="btn quiet" onClick={onCancel}>
          {common('cancel')}
        </button>
      </p>
      {keep.error === null ? null : <ProblemNote error={keep.error} />}
    </form>
  )
}
