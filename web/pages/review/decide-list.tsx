import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import {
  CHOICES,
  type Choice,
  type DecisionView,
  type ReviewItem,
  type ReviewView,
  reviewView,
} from '../../../src/app/weekly/schema.ts'
import { call } from '../../api/client.ts'
import { DeedButton } from '../../components/deed-button.tsx'
import { EntryLink } from '../../components/entry-link.tsx'
import { Field } from '../../components/fields.tsx'
import { ProblemNote } from '../../components/problem-note.tsx'
import { Segmented } from '../../components/segmented.tsx'
import { useFormat } from '../../components/use-format.ts'
import { ItemLine } from './item-line.tsx'

/** What waits for a yes or no, and what was said. A decision is an entry of the ledger. */
export function DecideList({ view, decides }: { view: ReviewView; decides: boolean }): ReactNode {
  const { t } = useTranslation('weekly')
  const [open, setOpen] = useState<string | null>(null)
  const decided = new Map(view.decisions.map((decision) => [decision.item, decision]))
  const gone = view.decisions.filter(({ item }) => !view.toDecide.some(({ id }) => id === item))
  if (view.toDecide.length === 0 && gone.length === 0) return <p className="dim">{t('decide.none')}</p>
  return (
    <ul className="rows">
      {view.toDecide.map((item) => {
        const decision = decided.get(item.id)
        return (
          <ItemLine key={item.id} item={item}>
            {decision === undefined ? null : <Decided decision={decision} />}
            {!decides || open === item.id ? null : (
              <button type="button" className="btn sm" onClick={() => setOpen(item.id)}>
                {t(decision === undefined ? 'decide.now' : 'decide.again')}
              </button>
            )}
            {open === item.id ? <DecideForm view={view} item={item} onClose={() => setOpen(null)} /> : null}
          </ItemLine>
        )
      })}
      {gone.map((decision) => (
        <li key={decision.item} className="wrap">
          <DecidedTitle decision={decision} />
          <Decided decision={decision} />
        </li>
      ))}
    </ul>
  )
}

function DecidedTitle({ decision }: { decision: DecisionView }): ReactNode {
  const format = useFormat()
  return (
    <span className="grow">
      <bdi>{format.text(decision.title)}</bdi>
    </span>
  )
}

function Decided({ decision }: { decision: DecisionView }): ReactNode {
  const { t } = useTranslation('weekly')
  const format = useFormat()
  const { choice, note, owner, due, by, entry } = decision
  return (
    <span className="block decided">
      <b>{t(`choice.${choice}`)}</b> <bdi>{note}</bdi>{' '}
      <span className="label">
        {t('decide.by', { name: by })}
        {owner === '' ? null : ` · ${t('decide.owner')}: ${owner}`}
        {due === null ? null : ` · ${t('decide.until', { day: format.longDay(due) })}`}
      </span>{' '}
      <EntryLink index={entry} />
    </span>
  )
}

function DecideForm({ view, item, onClose }: { view: ReviewView; item: ReviewItem; onClose: () => void }): ReactNode {
  const { t } = useTranslation('weekly')
  const { t: common } = useTranslation()
  const client = useQueryClient()
  const [choice, setChoice] = useState<Choice>('act')
  const [note, setNote] = useState('')
  const [owner, setOwner] = useState('')
  const [due, setDue] = useState('')
  const decide = useMutation({
    mutationFn: () =>
      call(reviewView, '/api/v1/review/decisions', {
        method: 'POST',
        body: { week: view.week, item: item.id, choice, note, owner, due: due === '' ? null : due },
      }),
    onSuccess: async () => {
      onClose()
      await client.invalidateQueries({ queryKey: ['cards', 'review'] })
    },
  })
  const needsReason = choice !== 'act' && note.trim() === ''
  return (
    <form
      className="stack decide-form"
      onSubmit={(event) => {
        event.preventDefault()
        if (!needsReason) decide.mutate()
      }}
    >
      <Segmented
        label={t('decide.choice')}
        value={choice}
        choices={CHOICES.map((value) => ({ value, label: t(`choice.${value}`) }))}
        onChange={setChoice}
      />
      <Field label={t(choice === 'act' ? 'decide.what' : 'decide.why')}>
        <textarea className="input" rows={2} value={note} onChange={(event) => setNote(event.target.value)} />
      </Field>
      <div className="row">
        <Field label={t('decide.owner')}>
          <input className="input" value={owner} onChange={(event) => setOwner(event.target.value)} />
        </Field>
        <Field label={t('decide.due')}>
          <input className="input" type="date" value={due} onChange={(event) => setDue(event.target.value)} />
        </Field>
      </div>
      {decide.error === null ? null : <ProblemNote error={decide.error} />}
      <div className="row">
        <DeedButton type="submit" className="btn ink" busy={decide.isPending} disabled={needsReason}>
          {t('decide.save')}
        </DeedButton>
        <button type="button" className="btn quiet" onClick={onClose}>
          {common('cancel')}
        </button>
        {needsReason ? <span className="label">{t('decide.reason')}</span> : null}
      </div>
    </form>
  )
}
