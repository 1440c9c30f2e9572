import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { runView, type StepView } from '../../../src/respond/playbooks/schema.ts'
import { call } from '../../api/client.ts'
import { DeedButton } from '../../components/deed-button.tsx'
import { ProblemNote } from '../../components/problem-note.tsx'
import { useMay } from '../../components/session.ts'

type Answer = 'approve' | 'refuse' | 'done' | 'failed' | 'ran' | 'not-run'

/** What a person is asked about a step, and the buttons to say it; nothing where nobody is asked. */
export function StepDecision({ run, step }: { run: string; step: StepView }): ReactNode {
  const { t } = useTranslation('playbooks')
  const may = useMay()
  const client = useQueryClient()
  const [note, setNote] = useState('')
  const say = useMutation({
    mutationFn: (answer: Answer) => {
      const decides = answer === 'approve' || answer === 'refuse'
      const path = `/api/v1/runs/${run}/steps/${step.key}/${decides ? 'decide' : 'answer'}`
      return call(runView, path, { method: 'POST', body: decides ? { decision: answer, note } : { answer, note } })
    },
    onSuccess: () => client.invalidateQueries({ queryKey: ['playbooks'] }),
  })
  const answers: readonly Answer[] =
    step.state === 'approval'
      ? step.mayDecide
        ? ['approve', 'refuse']
        : []
      : !may('playbooks:run')
        ? []
        : step.state === 'person'
          ? ['done', 'failed']
          : step.state === 'unsure'
            ? ['ran', 'not-run', 'failed']
            : []
  if (step.state !== 'approval' && step.state !== 'person' && step.state !== 'unsure') return null
  return (
    <div className="pb-ask">
      <p>{t(`ask.${step.state}`)}</p>
      {answers.length === 0 ? (
        <p className="label">{t('notYou')}</p>
      ) : (
        <div className="row">
          <input
            className="input sm grow"
            aria-label={t('note')}
            placeholder={t('note')}
            value={note}
            onChange={(event) => setNote(event.target.value)}
          />
          {answers.map((answer) => (
            <DeedButton key={answer} type="button" className="btn sm" busy={say.isPending} onClick={() => say.mutate(answer)}>
              {t(`answer.${answer}`)}
            </DeedButton>
          ))}
        </div>
      )}
      {say.error === null ? null : <ProblemNote error={say.error} />}
    </div>
  )
}
