import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { type ReviewView, reviewView } from '../../../src/app/weekly/schema.ts'
import { call } from '../../api/client.ts'
import { DeedButton } from '../../components/deed-button.tsx'
import { Field } from '../../components/fields.tsx'
import { ProblemNote } from '../../components/problem-note.tsx'
import { Panel } from '../settings/panel.tsx'

/** The end of the ten minutes: how things stood is kept, and its hash goes into the ledger. */
export function HoldForm({ view }: { view: ReviewView }): ReactNode {
  const { t } = useTranslation('weekly')
  const client = useQueryClient()
  const [note, setNote] = useState('')
  const hold = useMutation({
    mutationFn: () => call(reviewView, '/api/v1/review/held', { method: 'POST', body: { week: view.week, note } }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['cards', 'review'] }),
  })
  const decided = new Set(view.decisions.map(({ item }) => item))
  const open = view.toDecide.filter(({ id }) => !decided.has(id)).length
  return (
    <Panel title={t('hold.title')} text={t('hold.text')}>
      <Field label={t('hold.note')}>
        <input className="input" value={note} onChange={(event) => setNote(event.target.value)} />
      </Field>
      {hold.error === null ? null : <ProblemNote error={hold.error} />}
      <div className="row">
        <DeedButton type="button" className="btn ink" busy={hold.isPending} onClick={() => hold.mutate()}>
          {t('hold.now')}
        </DeedButton>
        {open === 0 ? null : <span className="label">{t('hold.open', { count: open })}</span>}
      </div>
    </Panel>
  )
}
