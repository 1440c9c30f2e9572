import { useMutation } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { draftReply } from '../../../src/detect/draft/schema.ts'
import { LEVELS, type Level } from '../../../src/kernel/detection.ts'
import { call } from '../../api/client.ts'
import { Code } from '../../components/copy.tsx'
import { DeedButton } from '../../components/deed-button.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { Field } from '../../components/fields.tsx'
import { Icon } from '../../components/icon.tsx'
import { ProblemNote } from '../../components/problem-note.tsx'

/** A search as a Sigma rule: drafted by the server, which has loaded it before it is shown. */
export function RuleDialog({ query, onClose }: { query: string; onClose: () => void }): ReactNode {
  const { t } = useTranslation('timeline')
  const { t: common } = useTranslation()
  const [title, setTitle] = useState('')
  const [level, setLevel] = useState<Level>('medium')
  const draft = useMutation({
    mutationFn: () => call(draftReply, '/api/v1/rules/draft', { method: 'POST', body: { title: title.trim(), level, query } }),
  })
  return (
    <Dialog label={t('rule.title')} className="slide" typed onClose={onClose}>
      <div className="slide-h">
        <div className="grow">
          <h2>{t('rule.title')}</h2>
          <p className="mono ink2">{query}</p>
        </div>
        <button type="button" className="btn sm quiet square" aria-label={common('close')} onClick={onClose}>
          <Icon name="close" />
        </button>
      </div>
      <div className="slide-b stack sec">
        <form
          className="form"
          onSubmit={(event) => {
            event.preventDefault()
            draft.mutate()
          }}
        >
          <Field label={t('rule.name')}>
            <input className="input" required maxLength={200} value={title} onChange={(event) => setTitle(event.target.value)} />
          </Field>
          <Field label={t('rule.level')}>
            <select
              className="input"
              value={level}
              onChange={(event) => setLevel(LEVELS.find((one) => one === event.target.value) ?? 'medium')}
            >
              {LEVELS.map((one, index) => (
                <option key={one} value={one}>
                  {common(`severity.${(5 - index) as 1 | 2 | 3 | 4 | 5}`)}
                </option>
              ))}
            </select>
          </Field>
          {draft.error === null ? null : <ProblemNote error={draft.error} />}
          <p>
            <DeedButton type="submit" className="btn ink" busy={draft.isPending} disabled={title.trim() === ''}>
              {t('rule.draft')}
            </DeedButton>
          </p>
        </form>
        {draft.data === undefined ? null : (
          <div className="stack" role="status">
            <Code text={draft.data.yaml} />
            <p className="label">{t('rule.next')}</p>
          </div>
        )}
      </div>
    </Dialog>
  )
}
