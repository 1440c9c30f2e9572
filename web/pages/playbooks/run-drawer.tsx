import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { type RunView, runView, type StepView } from '../../../src/respond/playbooks/schema.ts'
import { call } from '../../api/client.ts'
import { runQuery } from '../../api/playbooks.ts'
import { DeedButton } from '../../components/deed-button.tsx'
import { ProblemNote } from '../../components/problem-note.tsx'
import { useMay } from '../../components/session.ts'
import { SourceText } from '../../components/source-text.tsx'
import { type GlyphState, StateGlyph } from '../../components/state-glyph.tsx'
import { useFormat } from '../../components/use-format.ts'
import { Drawer } from '../settings/drawer.tsx'
import { SureButton } from '../settings/sure-button.tsx'
import { Graph, type Mark } from './graph.tsx'
import { RunState } from './run-list.tsx'
import { StepDecision } from './step-decision.tsx'

export const STEP_GLYPH: Readonly<Record<StepView['state'], GlyphState>> = {
  delayed: 'gone',
  planned: 'gone',
  approval: 'risk',
  approved: 'gone',
  hours: 'gone',
  person: 'risk',
  ready: 'gone',
  started: 'gone',
  retry: 'risk',
  unsure: 'risk',
  done: 'met',
  failed: 'miss',
  refused: 'miss',
}

/** One run: its way through the graph, each step's plan and receipt, and what can be stopped or taken back. */
export function RunDrawer({ id, onClose }: { id: string; onClose: () => void }): ReactNode {
  const { t } = useTranslation('playbooks')
  const { t: common } = useTranslation()
  const format = useFormat()
  const may = useMay()
  const client = useQueryClient()
  const { data: run, error, refetch } = useQuery(runQuery(id))
  const act = useMutation({
    mutationFn: (deed: 'stop' | 'undo') => call(runView, `/api/v1/runs/${id}/${deed}`, { method: 'POST', body: {} }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['playbooks'] }),
  })
  return (
    <Drawer
      title={run === undefined ? t('col.run') : format.text(run.playbook.name)}
      onClose={onClose}
      {...(run === undefined
        ? {}
        : {
            lead: `${t('version', { version: run.playbook.version })} · ${run.simulated ? t('simulated') : t(`mode.${run.mode}`)}`,
          })}
    >
      {error === null ? null : <ProblemNote error={error} retry={() => void refetch()} />}
      {act.error === null ? null : <ProblemNote error={act.error} />}
      {run === undefined ? (
        <p className="loading">{common('loading')}</p>
      ) : (
        <>
          <section className="sec">
            <RunState run={run} />
            {run.reason === null ? null : (
              <p className="ink2">
                <bdi>{run.reason}</bdi>
              </p>
            )}
            <Facts run={run} />
            {may('playbooks:run') && (run.state === 'waiting' || run.undoable > 0) ? (
              <p className="row pb-deeds">
                {run.state === 'waiting' ? (
                  <SureButton
                    label={t('stop')}
                    sure={t('stopSure')}
                    yes={t('stop')}
                    pending={act.isPending}
                    onSure={() => act.mutate('stop')}
                  />
                ) : (
                  <DeedButton type="button" className="btn" busy={act.isPending} onClick={() => act.mutate('undo')}>
                    {t('undo', { count: run.undoable })}
                  </DeedButton>
                )}
              </p>
            ) : null}
          </section>
          {run.graph === null ? null : <Graph graph={run.graph} marks={marksOf(run)} />}
          <section className="sec">
            <h3>{t('steps')}</h3>
            {run.steps.length === 0 ? <p className="ink2">{t('noSteps')}</p> : null}
            <ol className="pb-steps">
              {run.steps.map((step) => (
                <Step key={step.key} run={run.id} step={step} />
              ))}
            </ol>
          </section>
        </>
      )}
    </Drawer>
  )
}

function Facts({ run }: { run: RunView }): ReactNode {
  const { t } = useTranslation('playbooks')
  const format = useFormat()
  return (
    <dl className="pairs">
      <dt>{t('col.by')}</dt>
      <dd>
        <bdi>{run.by}</bdi>
      </dd>
      <dt>{t('col.begun')}</dt>
      <dd>{format.dateTime(run.createdAt)}</dd>
      {run.alert === null ? null : (
        <>
          <dt>{t('alert')}</dt>
          <dd>
            <Link to="/triage" search={{ alert: run.alert, tab: undefined }}>
              <bdi className="mono">{run.alert}</bdi>
            </Link>
          </dd>
        </>
      )}
      {run.undoAt === null ? null : (
        <>
          <dt>{t('undoAt')}</dt>
          <dd>{format.dateTime(run.undoAt)}</dd>
        </>
      )}
      {Object.entries(run.variables).map(([name, value]) => (
        <FactOf key={name} name={name} value={value} />
      ))}
    </dl>
  )
}

function FactOf({ name, value }: { name: string; value: string }): ReactNode {
  return (
    <>
      <dt className="mono">{name}</dt>
      <dd>
        <bdi className="mono">{value}</bdi>
      </dd>
    </>
  )
}

function Step({ run, step }: { run: string; step: StepView }): ReactNode {
  const { t } = useTranslation('playbooks')
  const format = useFormat()
  return (
    <li>
      <div className="row pb-step-h">
        <StateGlyph state={STEP_GLYPH[step.state]} silent />
        <b className="grow">
          <bdi>{format.text(step.name)}</bdi>
        </b>
        <span className="chip mono">{step.work}</span>
        <span className="label">{t(`step.${step.state}`)}</span>
      </div>
      {step.plan === null ? null : (
        <p>
          <bdi>{format.text(step.plan.summary)}</bdi>{' '}
          {step.plan.reversible ? <span className="label">{t('reversible')}</span> : null}
        </p>
      )}
      {step.message === null ? null : (
        <p className="ink2">
          <bdi>{step.message}</bdi>
        </p>
      )}
      {step.nextAt === null ? null : (
        <p className="label">{t('next', { when: format.dateTime(step.nextAt), tries: step.tries })}</p>
      )}
      {step.receipt === null ? null : (
        <details>
          <summary>{t('receipt', { when: step.endedAt === null ? '' : format.dateTime(step.endedAt) })}</summary>
          <SourceText
            text={JSON.stringify(step.receipt.detail, null, 2)}
            label={t('receipt', { when: step.endedAt === null ? '' : format.dateTime(step.endedAt) })}
          />
        </details>
      )}
      {step.undo === null ? null : (
        <p className={step.undo === 'failed' ? 'label bad' : 'label'}>
          {t(`undoState.${step.undo}`)} {step.undoMessage === null ? null : <bdi>{step.undoMessage}</bdi>}
        </p>
      )}
      {step.person === null ? null : <p className="label">{t('person', { name: step.person })}</p>}
      <StepDecision run={run} step={step} />
    </li>
  )
}

function marksOf(run: RunView): ReadonlyMap<string, Mark> {
  const marks = new Map<string, Mark>()
  for (const step of run.steps) {
    const mark =
      step.state === 'done'
        ? 'done'
        : step.state === 'planned'
          ? 'plan'
          : step.state === 'failed' || step.state === 'refused'
            ? 'fail'
            : 'wait'
    marks.set(step.step, mark)
  }
  return marks
}
