import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { type ScopeView, scopeReplySchema } from '../../../../src/access/scopes/schema.ts'
import { call } from '../../../api/client.ts'
import { DeedButton } from '../../../components/deed-button.tsx'
import { Dialog } from '../../../components/dialog.tsx'
import { Field } from '../../../components/fields.tsx'
import { Icon } from '../../../components/icon.tsx'
import { useNotice } from '../../../components/notice.tsx'
import { ProblemNote } from '../../../components/problem-note.tsx'
import { labelsText, readLabels } from '../../assets/labels-text.ts'

/** A scope to add or to change. Its name is given once; saying which labels it asks for moves assets at once. */
export function ScopeDrawer({ scope, onClose }: { scope: ScopeView | undefined; onClose: () => void }): ReactNode {
  const { t } = useTranslation('scopes')
  const { t: common } = useTranslation()
  const { t: assets } = useTranslation('assets')
  const client = useQueryClient()
  const notice = useNotice()
  const [name, setName] = useState('')
  const [title, setTitle] = useState(scope?.title ?? '')
  const [labels, setLabels] = useState(labelsText(scope?.labels ?? {}))
  const read = readLabels(labels)
  const save = useMutation({
    mutationFn: () =>
      scope === undefined
        ? call(scopeReplySchema, '/api/v1/scopes', { method: 'POST', body: { scope: name, title, labels: read.labels } })
        : call(scopeReplySchema, `/api/v1/scopes/${encodeURIComponent(scope.scope)}`, {
            method: 'PATCH',
            body: { title, labels: read.labels },
          }),
    onSuccess: async (reply) => {
      await Promise.all(['scopes', 'assets'].map((key) => client.invalidateQueries({ queryKey: [key] })))
      notice({ text: t('saved', { title: reply.scope.title, moved: reply.moved }) })
      onClose()
    },
  })
  const heading = scope?.title ?? t('add')
  return (
    <Dialog label={heading} className="slide" onClose={onClose} typed>
      <div className="slide-h">
        <div className="grow">
          <h2>
            <bdi>{heading}</bdi>
          </h2>
          {scope === undefined ? <p className="ink2">{t('form.text')}</p> : <p className="label mono">{scope.scope}</p>}
        </div>
        <button type="button" className="btn sm quiet square" aria-label={common('close')} onClick={onClose}>
          <Icon name="close" />
        </button>
      </div>
      <div className="slide-b">
        <form
          className="form"
          onSubmit={(event) => {
            event.preventDefault()
            if (read.wrong.length === 0) save.mutate()
          }}
        >
          {scope === undefined ? (
            <Field label={t('form.name')} hint={t('form.nameHint')}>
              <input
                className="input mono"
                required
                maxLength={40}
                pattern="[a-z0-9][a-z0-9\-]{0,39}"
                title={t('form.nameHint')}
                value={name}
                onChange={(event) => setName(event.target.value)}
              />
            </Field>
          ) : null}
          <Field label={t('form.title')}>
            <input className="input" required maxLength={80} value={title} onChange={(event) => setTitle(event.target.value)} />
          </Field>
          <Field
            label={t('form.labels')}
            hint={t('form.labelsHint')}
            wrong={read.wrong[0] === undefined ? undefined : assets('form.labelsWrong', { line: read.wrong[0] })}
          >
            <textarea
              className="input"
              rows={4}
              placeholder="team=payments"
              value={labels}
              onChange={(event) => setLabels(event.target.value)}
            />
          </Field>
          {save.error === null ? null : <ProblemNote error={save.error} />}
          <div className="row">
            <DeedButton type="submit" className="btn ink" busy={save.isPending}>
              {t(scope === undefined ? 'form.create' : 'form.save')}
            </DeedButton>
          </div>
        </form>
      </div>
    </Dialog>
  )
}
