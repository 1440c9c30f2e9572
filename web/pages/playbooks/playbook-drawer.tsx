import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { type PlaybookView, playbookView, runView } from '../../../src/respond/playbooks/schema.ts'
import { call } from '../../api/client.ts'
import { playbookQuery } from '../../api/playbooks.ts'
import { withScope } from '../../api/scope.ts'
import { DeedButton } from '../../components/deed-button.tsx'
import { Check, Field } from '../../components/fields.tsx'
import { ProblemNote } from '../../components/problem-note.tsx'
import { useMay } from '../../components/session.ts'
import { SourceText } from '../../components/source-text.tsx'
import { useFormat } from '../../components/use-format.ts'
import { Drawer } from '../settings/drawer.tsx'
import { SureButton } from '../settings/sure-button.tsx'
import { Graph } from './graph.tsx'
import { VersionDecision } from './inbox.tsx'
import { Tests } from './tests.tsx'

/** One playbook: what it does, whether it runs by itself and in earnest, its tests and versions. */
export function PlaybookDrawer({
  id,
  onEdit,
  onRun,
  onClose,
}: {
  id: string
  onEdit: () => void
  onRun: (run: string) => void
  onClose: () => void
}): ReactNode {
  const { t } = useTranslation('playbooks')
  const { t: common } = useTranslation()
  const format = useFormat()
  const may = useMay()
  const { data, error, refetch } = useQuery(playbookQuery(id))
  return (
    <Drawer
      title={data === undefined ? id : format.text(data.name)}
      onClose={onClose}
      {...(data === undefined ? {} : { lead: format.text(data.description) })}
      end={
        may('playbooks:write') ? (
          <button type="button" className="btn sm" onClick={onEdit}>
            {t('edit')}
          </button>
        ) : undefined
      }
    >
      {error === null ? null : <ProblemNote error={error} retry={() => void refetch()} />}
      {data === undefined ? (
        <p className="loading">{common('loading')}</p>
      ) : (
        <>
          <Settings playbook={data} />
          {data.graph === null ? null : <Graph graph={data.graph} />}
          {may('alerts:write') || may('playbooks:run') ? <Start playbook={data} onRun={onRun} /> : null}
          <Tests tests={data.tests} />
          <section className="sec">
            <h3>{t('versions')}</h3>
            <ol className="pb-steps">
              {data.versions.map((one) => (
                <li key={one.version}>
                  <div className="row pb-step-h">
                    <b className="grow">{t('version', { version: one.version })}</b>
                    <span className="chip">{t(`versionState.${one.state}`)}</span>
                  </div>
                  <p className="label">{t('written', { by: one.author, when: format.dateTime(one.createdAt) })}</p>
                  {one.state === 'waiting' ? (
                    <VersionDecision playbook={data.id} version={one.version} may={one.mayDecide} />
                  ) : null}
                </li>
              ))}
            </ol>
            <p>
              <a className="link" href={withScope(`/api/v1/playbooks/${data.id}/cacao`)} download>
                {t('export')}
              </a>
            </p>
          </section>
          <section className="sec">
            <h3>{t('text')}</h3>
            <SourceText text={data.source} label={t('text')} />
          </section>
        </>
      )}
    </Drawer>
  )
}

function Settings({ playbook }: { playbook: PlaybookView }): ReactNode {
  const { t } = useTranslation('playbooks')
  const may = useMay()
  const client = useQueryClient()
  const set = useMutation({
    mutationFn: (change: { enabled?: boolean; mode?: 'plan' | 'real' }) =>
      call(playbookView, `/api/v1/playbooks/${playbook.id}/settings`, { method: 'POST', body: change }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['playbooks'] }),
  })
  return (
    <section className="sec stack">
      {may('playbooks:write') ? (
        <>
          <Check
            label={playbook.triggered ? t('enabled') : t('enabledByHand')}
            checked={playbook.enabled}
            onChange={(enabled) => set.mutate({ enabled })}
          />
          <Check
            label={t('real')}
            hint={playbook.approved ? t('realHint') : t('realNot')}
            checked={playbook.mode === 'real'}
            onChange={(real) => set.mutate({ mode: real ? 'real' : 'plan' })}
          />
        </>
      ) : (
        <p>
          <span className="chip">{playbook.enabled ? t(`mode.${playbook.mode}`) : t('off')}</span>
        </p>
      )}
      {set.error === null ? null : <ProblemNote error={set.error} />}
    </section>
  )
}

function Start({ playbook, onRun }: { playbook: PlaybookView; onRun: (run: string) => void }): ReactNode {
  const { t } = useTranslation('playbooks')
  const may = useMay()
  const client = useQueryClient()
  const external = playbook.variables.filter((one) => one.external)
  const [values, setValues] = useState<Readonly<Record<string, string>>>({})
  const start = useMutation({
    mutationFn: (how: 'plan' | 'run') => {
      const variables = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== ''))
      return call(runView, `/api/v1/playbooks/${playbook.id}/${how}`, { method: 'POST', body: { variables } })
    },
    onSuccess: async ({ id }) => {
      await client.invalidateQueries({ queryKey: ['playbooks'] })
      onRun(id)
    },
  })
  return (
    <section className="sec stack">
      <h3>{t('start')}</h3>
      {external.map(({ name, value, description }) => (
        <Field key={name} label={name} hint={description}>
          <input
            className="input mono"
            value={values[name] ?? value ?? ''}
            onChange={(event) => setValues({ ...values, [name]: event.target.value })}
          />
        </Field>
      ))}
      {start.error === null ? null : <ProblemNote error={start.error} />}
      <div className="row">
        {may('alerts:write') ? (
          <DeedButton type="button" className="btn" busy={start.isPending} onClick={() => start.mutate('plan')}>
            {t('plan')}
          </DeedButton>
        ) : null}
        {may('playbooks:run') && playbook.approved ? (
          <SureButton
            label={t('runReal')}
            sure={t('runSure')}
            yes={t('runReal')}
            pending={start.isPending}
            onSure={() => start.mutate('run')}
          />
        ) : null}
      </div>
    </section>
  )
}
