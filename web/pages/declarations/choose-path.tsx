import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { chooseReply, type FirstWeekView } from '../../../src/app/first-week/schema.ts'
import { proposeResponse } from '../../../src/declare/schema.ts'
import { call } from '../../api/client.ts'
import { DeedButton } from '../../components/deed-button.tsx'
import { Check, Field } from '../../components/fields.tsx'
import { ProblemNote } from '../../components/problem-note.tsx'
import { useFormat } from '../../components/use-format.ts'

const WANTED = 5

/** The path, in both languages, and what it is measured by; then its card, to be read, changed and proposed. */
export function ChoosePath({ view }: { view: FirstWeekView }): ReactNode {
  const { t } = useTranslation('firstWeek')
  const format = useFormat()
  const client = useQueryClient()
  const [name, setName] = useState({ en: view.path?.name.en ?? '', ja: view.path?.name.ja ?? '' })
  const [words, setWords] = useState({ en: '', ja: '' })
  const [picked, setPicked] = useState<readonly string[]>(view.offered.filter(({ own }) => own).map(({ id }) => id))
  const choose = useMutation({
    mutationFn: () =>
      call(chooseReply, '/api/v1/first-week', { method: 'POST', body: { name, description: words, objectives: picked } }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['cards', 'first-week'] }),
  })
  if (choose.data !== undefined) return <ReadCard yaml={choose.data.yaml} />
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault()
        choose.mutate()
      }}
    >
      <div className="two even">
        <Field label={t('form.nameEn')} hint={t('form.nameHint')}>
          <input
            className="input"
            required
            maxLength={200}
            value={name.en}
            onChange={(event) => setName({ ...name, en: event.target.value })}
          />
        </Field>
        <Field label={t('form.nameJa')}>
          <input
            className="input"
            required
            maxLength={200}
            value={name.ja}
            onChange={(event) => setName({ ...name, ja: event.target.value })}
          />
        </Field>
        <Field label={t('form.wordsEn')}>
          <input
            className="input"
            required
            maxLength={200}
            value={words.en}
            onChange={(event) => setWords({ ...words, en: event.target.value })}
          />
        </Field>
        <Field label={t('form.wordsJa')}>
          <input
            className="input"
            required
            maxLength={200}
            value={words.ja}
            onChange={(event) => setWords({ ...words, ja: event.target.value })}
          />
        </Field>
      </div>
      <fieldset className="plain stack">
        <legend>{t('form.objectives', { count: picked.length, wanted: WANTED })}</legend>
        {view.offered.map(({ id, title, target, own }) => (
          <Check
            key={id}
            label={`${format.text(title)} ${format.text(target)}`}
            {...(own ? {} : { hint: t('form.outside') })}
            checked={picked.includes(id)}
            onChange={(checked) => setPicked(checked ? [...picked, id] : picked.filter((one) => one !== id))}
          />
        ))}
      </fieldset>
      {choose.error === null ? null : <ProblemNote error={choose.error} />}
      <div className="row">
        <DeedButton type="submit" className="btn ink" busy={choose.isPending} disabled={picked.length === 0}>
          {t('form.choose')}
        </DeedButton>
      </div>
    </form>
  )
}

function ReadCard({ yaml: drafted }: { yaml: string }): ReactNode {
  const { t } = useTranslation('firstWeek')
  const client = useQueryClient()
  const navigate = useNavigate()
  const [yaml, setYaml] = useState(drafted)
  const propose = useMutation({
    mutationFn: () => call(proposeResponse, '/api/v1/cards', { method: 'POST', body: { yaml } }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['cards'] })
      await navigate({ to: '/first-week' })
    },
  })
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault()
        propose.mutate()
      }}
    >
      <Field label={t('form.yaml')} hint={t('form.yamlHint')}>
        <textarea
          className="input mono"
          rows={18}
          spellCheck={false}
          value={yaml}
          onChange={(event) => setYaml(event.target.value)}
        />
      </Field>
      {propose.error === null ? null : <ProblemNote error={propose.error} />}
      <div className="row">
        <DeedButton type="submit" className="btn ink" busy={propose.isPending}>
          {t('form.propose')}
        </DeedButton>
      </div>
    </form>
  )
}
