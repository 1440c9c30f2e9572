import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { addedSchema, type IocList } from '../../../src/detect/ioc/schema.ts'
import { call } from '../../api/client.ts'
import { DeedButton } from '../../components/deed-button.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { Field } from '../../components/fields.tsx'
import { Icon } from '../../components/icon.tsx'
import { ProblemNote } from '../../components/problem-note.tsx'

/** Indicators as people have them: typed, pasted, or out of a file. */
export function IndicatorPaste({ list, onClose }: { list: IocList; onClose: () => void }): ReactNode {
  const { t } = useTranslation('rules')
  const { t: common } = useTranslation()
  const client = useQueryClient()
  const [text, setText] = useState('')
  const add = useMutation({
    mutationFn: () =>
      call(addedSchema, `/api/v1/ioc/lists/${encodeURIComponent(list.id)}/indicators`, { method: 'POST', body: { text } }),
    onSuccess: () => {
      setText('')
      void client.invalidateQueries({ queryKey: ['rules', 'ioc'] })
    },
  })
  const left = add.data === undefined ? 0 : Object.values(add.data.skipped.counts).reduce((sum, count) => sum + count, 0)
  return (
    <Dialog label={t('ioc.addTo', { name: list.name })} className="slide" typed onClose={onClose}>
      <div className="slide-h">
        <div className="grow">
          <h2>{t('ioc.addTo', { name: list.name })}</h2>
          <p className="ink2">{t('ioc.paste.text')}</p>
        </div>
        <button type="button" className="btn sm quiet square" aria-label={common('close')} onClick={onClose}>
          <Icon name="close" />
        </button>
      </div>
      <div className="slide-b">
        <form
          className="stack sec"
          onSubmit={(event) => {
            event.preventDefault()
            add.mutate()
          }}
        >
          <Field label={t('ioc.paste.indicators')}>
            <textarea
              className="input mono"
              rows={12}
              spellCheck={false}
              required
              placeholder={'198.51.100.7\nbad.example\nhttps://bad.example/x'}
              value={text}
              onChange={(event) => setText(event.target.value)}
            />
          </Field>
          <Field label={t('ioc.paste.file')}>
            <input
              className="input"
              type="file"
              accept=".txt,.csv,.json,.stix,text/*,application/json"
              onChange={(event) => void event.target.files?.[0]?.text().then(setText)}
            />
          </Field>
          {add.error === null ? null : <ProblemNote error={add.error} />}
          {add.data === undefined ? null : (
            <p role="status">{t('ioc.paste.done', { added: add.data.added, changed: add.data.changed, left })}</p>
          )}
          <DeedButton type="submit" className="btn ink" busy={add.isPending} disabled={text.trim() === ''}>
            {t('ioc.add')}
          </DeedButton>
        </form>
      </div>
    </Dialog>
  )
}
