import { useMutation, useQuery } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { PolicySettings } from '../../../src/hosts/schema.ts'
import type { JsonValue } from '../../../src/kernel/json.ts'
import { planPolicy, setPolicy } from '../../api/hosts.ts'
import { DeedButton } from '../../components/deed-button.tsx'
import { Field } from '../../components/fields.tsx'
import { ProblemNote } from '../../components/problem-note.tsx'
import { ScrollArea } from '../../components/scroll-area.tsx'
import { StateGlyph } from '../../components/state-glyph.tsx'
import { useFormat } from '../../components/use-format.ts'
import { textOf } from './policy-text.ts'

/** Hosts named one by one; of more the number is said. */
const SHOWN = 10

/** What a policy would change on which hosts, and which rules could stop something; it is set on the second press alone, with a reason. */
export function PolicyPreview({
  label,
  settings,
  onDone,
  onCancel,
}: {
  label: string
  /** Null: the policy is taken back. */
  settings: PolicySettings | null
  onDone: () => void
  onCancel: () => void
}): ReactNode {
  const { t } = useTranslation('hosts')
  const { t: common } = useTranslation()
  const format = useFormat()
  const [reason, setReason] = useState('')
  const plan = useQuery({
    queryKey: ['hosts', 'policy-plan', label, settings],
    queryFn: () => planPolicy(label, settings),
    retry: false,
  })
  const keep = useMutation({ mutationFn: () => setPolicy(label, settings, reason.trim()), onSuccess: onDone })
  const { data } = plan
  return (
    <section className="stack" aria-live="polite" aria-label={t('policies.preview')}>
      <h3>{t('policies.preview')}</h3>
      {plan.error === null ? null : <ProblemNote error={plan.error} />}
      {data === undefined ? null : (
        <>
          <p>{t('policies.touches', { count: data.hosts.length, all: data.all })}</p>
          {data.hosts.length === 0 ? null : (
            <ScrollArea label={t('policies.host')}>
              <table className="srcs still">
                <thead>
                  <tr>
                    <th>{t('policies.host')}</th>
                    <th>{t('policies.setting')}</th>
                    <th>{t('policies.before')}</th>
                    <th>{t('policies.after')}</th>
                  </tr>
                </thead>
                <tbody>
                  {data.hosts.slice(0, SHOWN).flatMap(({ agent, name, changes }) =>
                    changes.map(({ setting, before, after }) => (
                      <tr key={`${agent} ${setting}`}>
                        <td>
                          <bdi>{name}</bdi>
                        </td>
                        <td className="mono">{setting}</td>
                        <td className="mono wrap">{said(setting, before) ?? t('policies.default')}</td>
                        <td className="mono wrap">{said(setting, after) ?? t('policies.default')}</td>
                      </tr>
                    )),
                  )}
                </tbody>
              </table>
            </ScrollArea>
          )}
          {data.hosts.length > SHOWN ? <p className="label">{t('policies.more', { count: data.hosts.length - SHOWN })}</p> : null}
          {data.stops.length === 0 ? null : (
            <>
              <p className="row">
                <StateGlyph state="risk" silent />
                {t('policies.stops', { count: data.stops.length })}
              </p>
              <ul className="plain">
                {data.stops.map(({ id, title, titleJa, stop }) => (
                  <li key={id}>
                    <bdi>{format.text({ en: title, ja: titleJa })}</bdi>{' '}
                    <span className="label">{t(`policies.how.${stop}`)}</span>
                  </li>
                ))}
              </ul>
            </>
          )}
          {data.unknownRules.length === 0 ? null : (
            <p className="row">
              <StateGlyph state="miss" silent />
              {t('policies.unknownRules')} <bdi className="mono">{data.unknownRules.join(', ')}</bdi>
            </p>
          )}
          {settings === null ? <p className="ink2">{t('policies.removeText')}</p> : null}
          <form
            className="stack"
            onSubmit={(event) => {
              event.preventDefault()
              keep.mutate()
            }}
          >
            <Field label={t('hand.reason')} hint={t('policies.reasonHint')}>
              <input
                className="input"
                required
                maxLength={500}
                value={reason}
                onChange={(event) => setReason(event.target.value)}
              />
            </Field>
            <p className="row">
              <DeedButton type="submit" className="btn ink" busy={keep.isPending} disabled={reason.trim() === ''}>
                {t(settings === null ? 'policies.remove' : 'policies.keep')}
              </DeedButton>
              <button type="button" className="btn quiet" onClick={onCancel}>
                {common('cancel')}
              </button>
            </p>
          </form>
          {keep.error === null ? null : <ProblemNote error={keep.error} />}
        </>
      )}
    </section>
  )
}

/** As it is written in the table of policies, without its name; undefined where nothing is set. */
const said = (setting: string, value: JsonValue): string | undefined =>
  value === null ? undefined : textOf({ [setting]: value } as PolicySettings).slice(setting.length + 2) || '–'
