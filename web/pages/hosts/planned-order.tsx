import { useMutation, useQuery } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { giveOrder, type Order, planOf } from '../../api/hosts.ts'
import { DeedButton } from '../../components/deed-button.tsx'
import { Field } from '../../components/fields.tsx'
import { useNotice } from '../../components/notice.tsx'
import { ProblemNote } from '../../components/problem-note.tsx'

/** What a command would do, in words; it is done on the second press alone. */
export function PlannedOrder({
  agent,
  order,
  onCancel,
  onDone,
}: {
  agent: string
  order: Order
  onCancel: () => void
  onDone: () => void
}): ReactNode {
  const { t, i18n } = useTranslation('hosts')
  const { t: common } = useTranslation()
  const notice = useNotice()
  const [reason, setReason] = useState('')
  const plan = useQuery({ queryKey: ['hosts', 'plan', agent, order], queryFn: () => planOf(agent, order), retry: false })
  const give = useMutation({
    mutationFn: () => giveOrder(agent, order, reason.trim() === '' ? undefined : reason.trim()),
    onSuccess: ({ state, failed }) => {
      if (state === 'failed') return
      const said = `${t(`told.kind.${order.kind}`)}: ${t(`told.state.${state}`)}`
      notice({ text: state === 'done' ? said : t('hand.sent') })
      if (failed === null) onDone()
    },
  })
  const failed = give.data?.failed ?? undefined
  return (
    <section className="stack" aria-live="polite">
      {plan.error === null ? null : <ProblemNote error={plan.error} />}
      {plan.data === undefined ? null : (
        <>
          <p>
            <b>{i18n.language === 'ja' ? plan.data.summary.ja : plan.data.summary.en}</b>
          </p>
          <p className="label">
            {t(plan.data.reversible ? 'hand.undone' : 'hand.final')} {plan.data.seen === null ? t('hand.never') : ''}
          </p>
          <Field label={t('hand.reason')}>
            <input className="input" maxLength={500} value={reason} onChange={(event) => setReason(event.target.value)} />
          </Field>
          <p className="row">
            <DeedButton type="button" className="btn ink" busy={give.isPending} onClick={() => give.mutate()}>
              {t('hand.do')}
            </DeedButton>
            <button type="button" className="btn quiet" onClick={onCancel}>
              {common('cancel')}
            </button>
          </p>
        </>
      )}
      {failed === undefined ? null : <ProblemNote error={new Error(failed)} />}
      {give.error === null ? null : <ProblemNote error={give.error} />}
    </section>
  )
}
