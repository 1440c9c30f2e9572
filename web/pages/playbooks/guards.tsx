import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { z } from 'zod'
import { guardsView } from '../../../src/respond/playbooks/schema.ts'
import { call } from '../../api/client.ts'
import { guardsQuery } from '../../api/playbooks.ts'
import { DeedButton } from '../../components/deed-button.tsx'
import { Field } from '../../components/fields.tsx'
import { ProblemNote } from '../../components/problem-note.tsx'
import { useMay } from '../../components/session.ts'
import { useFormat } from '../../components/use-format.ts'

type Settings = z.infer<typeof guardsView>['settings']
const LISTS = ['networks', 'hosts', 'accounts'] as const
const KINDS = ['address', 'account', 'host', 'process', 'file', 'session', 'secret'] as const

/** What no playbook ever acts upon, and on how many it may act. */
export function Guards(): ReactNode {
  const { t } = useTranslation('playbooks')
  const format = useFormat()
  const { data, error, refetch } = useQuery(guardsQuery)
  if (error !== null) return <ProblemNote error={error} retry={() => void refetch()} />
  if (data === undefined) return null
  return (
    <section className="sheet">
      <div className="panel-h">
        <p className="ink2 grow">{t('guardsLead')}</p>
        {data.by === null || data.updatedAt === null ? null : (
          <span className="label">{t('written', { by: data.by, when: format.dateTime(data.updatedAt) })}</span>
        )}
      </div>
      <Form settings={data.settings} />
    </section>
  )
}

function Form({ settings }: { settings: Settings }): ReactNode {
  const { t } = useTranslation('playbooks')
  const may = useMay()('playbooks:write')
  const client = useQueryClient()
  const [lists, setLists] = useState(
    () =>
      Object.fromEntries(LISTS.map((name) => [name, settings.never[name].join('\n')])) as Record<(typeof LISTS)[number], string>,
  )
  const [limits, setLimits] = useState(settings.limits)
  const linesOf = (text: string): string[] => text.split('\n').flatMap((line) => (line.trim() === '' ? [] : [line.trim()]))
  const save = useMutation({
    mutationFn: () => {
      const never = { networks: linesOf(lists.networks), hosts: linesOf(lists.hosts), accounts: linesOf(lists.accounts) }
      return call(guardsView, '/api/v1/respond/guards', { method: 'PUT', body: { never, limits } })
    },
    onSuccess: () => client.invalidateQueries({ queryKey: ['playbooks', 'guards'] }),
  })
  return (
    <form
      className="form pb-guards"
      onSubmit={(event) => {
        event.preventDefault()
        save.mutate()
      }}
    >
      <div className="pb-lists">
        {LISTS.map((name) => (
          <Field key={name} label={t(`never.${name}`)} hint={t(`neverHint.${name}`)}>
            <textarea
              className="input"
              rows={8}
              disabled={!may}
              value={lists[name]}
              onChange={(event) => setLists({ ...lists, [name]: event.target.value })}
            />
          </Field>
        ))}
      </div>
      <table className="srcs pb-limits">
        <thead>
          <tr>
            <th>{t('limit')}</th>
            <th className="r">{t('perRun')}</th>
            <th className="r">{t('perHour')}</th>
          </tr>
        </thead>
        <tbody>
          {KINDS.map((kind) => (
            <tr key={kind} className="inert">
              <td>{t(`kind.${kind}`)}</td>
              {(['run', 'hour'] as const).map((per) => (
                <td key={per} className="r">
                  <input
                    className="input sm"
                    type="number"
                    min={0}
                    disabled={!may}
                    aria-label={`${t(`kind.${kind}`)} ${t(per === 'run' ? 'perRun' : 'perHour')}`}
                    value={limits[per][kind] ?? ''}
                    onChange={({ target: { value } }) => {
                      const { [kind]: _, ...rest } = limits[per]
                      setLimits({ ...limits, [per]: value === '' ? rest : { ...rest, [kind]: Number(value) } })
                    }}
                  />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {save.error === null ? null : <ProblemNote error={save.error} />}
      {may ? (
        <div className="row">
          <DeedButton type="submit" className="btn" busy={save.isPending}>
            {t('saveGuards')}
          </DeedButton>
          {save.isSuccess ? <span role="status">{t('saved')}</span> : null}
        </div>
      ) : null}
    </form>
  )
}
