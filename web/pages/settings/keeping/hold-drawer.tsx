import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { holdSchema } from '../../../../src/app/retention/schema.ts'
import { call } from '../../../api/client.ts'
import { DeedButton } from '../../../components/deed-button.tsx'
import { Field } from '../../../components/fields.tsx'
import { useNotice } from '../../../components/notice.tsx'
import { usePreferences } from '../../../components/preferences.tsx'
import { ProblemNote } from '../../../components/problem-note.tsx'
import { startOfDay } from '../../audit/audit-text.ts'
import { Drawer } from '../drawer.tsx'
import { spanAsked } from './asked.ts'
import { NO_SPAN, SpanFields } from './span-fields.tsx'

const EMPTY = { name: '', query: '', owner: '', reason: '', until: '' }

/** Keeps events from retention and from erasure until somebody lets go. */
export function HoldDrawer({ onClose }: { onClose: () => void }): ReactNode {
  const { t } = useTranslation('keeping')
  const utc = usePreferences().timeZone === 'UTC'
  const client = useQueryClient()
  const notice = useNotice()
  const [draft, setDraft] = useState(EMPTY)
  const [span, setSpan] = useState(NO_SPAN)
  const place = useMutation({
    mutationFn: () => {
      const { until, ...rest } = draft
      const ends = startOfDay(until, utc, true)
      const body = { ...rest, ...spanAsked(span, utc), ...(ends === undefined ? {} : { until: ends }) }
      return call(holdSchema, '/api/v1/holds', { method: 'POST', body })
    },
    onSuccess: async ({ name }) => {
      await client.invalidateQueries({ queryKey: ['keeping'] })
      notice({ text: t('hold.placed', { name }) })
      onClose()
    },
  })
  const input = (key: keyof typeof EMPTY, most: number, required = true): ReactNode => (
    <Field label={t(`hold.form.${key}`)} hint={t(`hold.form.${key}Hint`)}>
      <input
        className={key === 'query' ? 'input mono' : 'input'}
        type={key === 'until' ? 'date' : 'text'}
        required={required}
        maxLength={most}
        value={draft[key]}
        onChange={(event) => setDraft({ ...draft, [key]: event.target.value })}
      />
    </Field>
  )
  return (
    <Drawer title={t('hold.add')} lead={t('hold.form.lead')} onClose={onClose}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault()
          place.mutate()
        }}
      >
        {input('name', 120)}
        {input('query', 4000, false)}
        <SpanFields span={span} onChange={setSpan} />
        {input('owner', 120)}
        {input('reason', 500)}
        {input('until', 10, false)}
        {place.error === null ? null : <ProblemNote error={place.error} />}
        <div className="row">
          <DeedButton type="submit" className="btn ink" busy={place.isPending}>
            {t('hold.form.place')}
          </DeedButton>
        </div>
      </form>
    </Drawer>
  )
}
