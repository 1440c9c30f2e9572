import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { type Inbox, playbookView } from '../../../src/respond/playbooks/schema.ts'
import { call } from '../../api/client.ts'
import { inboxQuery } from '../../api/playbooks.ts'
import { DeedButton } from '../../components/deed-button.tsx'
import { ProblemNote } from '../../components/problem-note.tsx'
import { useFormat } from '../../components/use-format.ts'
import { useNow } from '../../components/use-now.ts'
import { StepDecision } from './step-decision.tsx'

/** What waits for somebody: steps of runs first, since alerts wait behind them, then versions of playbooks. */
export function InboxList({
  onRun,
  onPlaybook,
}: {
  onRun: (run: string) => void
  onPlaybook: (playbook: string) => void
}): ReactNode {
  const { t } = useTranslation('playbooks')
  const { t: sources } = useTranslation('sources')
  const format = useFormat()
  const now = useNow(30)
  const { data, error, refetch } = useQuery(inboxQuery)
  if (error !== null) return <ProblemNote error={error} retry={() => void refetch()} />
  if (data === undefined) return null
  if (data.steps.length + data.versions.length === 0)
    return (
      <section className="sheet empty">
        <h2>{t('inboxEmpty')}</h2>
        <p>{t('inboxEmptyText')}</p>
      </section>
    )
  return (
    <section className="sheet">
      <ol className="pb-steps pb-inbox">
        {data.steps.map((step) => (
          <li key={step.key}>
            <div className="row pb-step-h">
              <button type="button" className="link grow" onClick={() => onRun(step.run)}>
                <b>
                  <bdi>{format.text(step.name)}</bdi>
                </b>{' '}
                <span className="ink2">
                  <bdi>{format.text(step.playbook.name)}</bdi>
                </span>
              </button>
              <span className="label">{sources('ago', { age: format.age(step.reachedAt, now) })}</span>
            </div>
            {step.plan === null ? null : (
              <p>
                <bdi>{format.text(step.plan.summary)}</bdi>
              </p>
            )}
            {step.message === null ? null : (
              <p className="ink2">
                <bdi>{step.message}</bdi>
              </p>
            )}
            <StepDecision run={step.run} step={step} />
          </li>
        ))}
        {data.versions.map((version) => (
          <Version
            key={`${version.playbook.id} ${version.version}`}
            version={version}
            onOpen={() => onPlaybook(version.playbook.id)}
          />
        ))}
      </ol>
    </section>
  )
}

function Version({ version, onOpen }: { version: Inbox['versions'][number]; onOpen: () => void }): ReactNode {
  const { t } = useTranslation('playbooks')
  const format = useFormat()
  return (
    <li>
      <div className="row pb-step-h">
        <button type="button" className="link grow" onClick={onOpen}>
          <b>
            <bdi>{format.text(version.playbook.name)}</bdi>
          </b>{' '}
          <span className="ink2">{t('version', { version: version.version })}</span>
        </button>
        <span className="label">{t('written', { by: version.author, when: format.dateTime(version.createdAt) })}</span>
      </div>
      {version.note === '' ? null : (
        <p>
          <bdi>{version.note}</bdi>
        </p>
      )}
      <VersionDecision playbook={version.playbook.id} version={version.version} may={version.mayDecide} />
    </li>
  )
}

export function VersionDecision({ playbook, version, may }: { playbook: string; version: number; may: boolean }): ReactNode {
  const { t } = useTranslation('playbooks')
  const client = useQueryClient()
  const decide = useMutation({
    mutationFn: (decision: 'approve' | 'refuse') =>
      call(playbookView, `/api/v1/playbooks/${encodeURIComponent(playbook)}/versions/${version}/decide`, {
        method: 'POST',
        body: { decision },
      }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['playbooks'] }),
  })
  if (!may) return <p className="label">{t('notYou')}</p>
  return (
    <div className="row pb-ask">
      {(['approve', 'refuse'] as const).map((one) => (
        <DeedButton key={one} type="button" className="btn sm" busy={decide.isPending} onClick={() => decide.mutate(one)}>
          {t(`answer.${one}`)}
        </DeedButton>
      ))}
      {decide.error === null ? null : <ProblemNote error={decide.error} />}
    </div>
  )
}
