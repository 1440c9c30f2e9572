import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { type NewSearch, type SavedSearch, savedSearchSchema } from '../../../src/app/searches/schema.ts'
import { call, tell } from '../../api/client.ts'
import { savedSearchesQuery } from '../../api/queries.ts'
import { DeedButton } from '../../components/deed-button.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { Check, Field } from '../../components/fields.tsx'
import { Icon } from '../../components/icon.tsx'
import { ProblemNote } from '../../components/problem-note.tsx'
import { useMay } from '../../components/session.ts'
import { SureButton } from '../settings/sure-button.tsx'
import { addressOf } from './saved-address.ts'
import type { Span } from './window.ts'

/** What the page shows now, as it would be saved. */
export interface Shown {
  readonly query: string
  readonly span: Span | undefined
  readonly from: string | undefined
  readonly to: string | undefined
}

/** Searches that are kept, one's own and those that everybody sees, and a form to keep the one on the page. */
export function SavedSearches({ shown, onClose }: { shown: Shown; onClose: () => void }): ReactNode {
  const { t } = useTranslation('timeline')
  const { t: common } = useTranslation()
  const client = useQueryClient()
  const { data, error, refetch } = useQuery(savedSearchesQuery)
  const refresh = (): Promise<void> => client.invalidateQueries({ queryKey: savedSearchesQuery.queryKey })
  return (
    <Dialog label={t('saved.title')} className="slide" onClose={onClose}>
      <div className="slide-h">
        <div className="grow">
          <h2>{t('saved.title')}</h2>
          <p className="ink2">{t('saved.text')}</p>
        </div>
        <button type="button" className="btn sm quiet square" aria-label={common('close')} onClick={onClose}>
          <Icon name="close" />
        </button>
      </div>
      <div className="slide-b stack sec">
        {error === null ? null : <ProblemNote error={error} retry={() => void refetch()} />}
        {data?.searches.length === 0 ? <p className="dim">{t('saved.none')}</p> : null}
        <ul className="rows boxed" aria-label={t('saved.title')}>
          {data?.searches.map((search) => (
            <Row key={search.id} search={search} onOpen={onClose} onGone={() => void refresh()} />
          ))}
        </ul>
        <SaveForm shown={shown} onSaved={() => void refresh()} />
      </div>
    </Dialog>
  )
}

function Row({ search, onOpen, onGone }: { search: SavedSearch; onOpen: () => void; onGone: () => void }): ReactNode {
  const { t } = useTranslation('timeline')
  const remove = useMutation({
    mutationFn: () => tell(`/api/v1/searches/${encodeURIComponent(search.id)}`, { method: 'DELETE' }),
    onSuccess: onGone,
  })
  return (
    <li>
      <span className="grow clip">
        <Link to="/timeline" search={addressOf(search)} onClick={onOpen}>
          <b>{search.name}</b>
        </Link>{' '}
        <span className="mono label" title={search.query}>
          {search.query === '' ? t('saved.all') : search.query}
        </span>
        {search.shared ? <span className="label"> {t('saved.by', { owner: search.owner })}</span> : null}
        {remove.error === null ? null : <ProblemNote error={remove.error} />}
      </span>
      {search.mine ? (
        <SureButton
          label={t('saved.delete')}
          sure={search.shared ? t('saved.sureShared') : t('saved.sure')}
          yes={t('saved.delete')}
          pending={remove.isPending}
          onSure={() => remove.mutate()}
        />
      ) : null}
    </li>
  )
}

function SaveForm({ shown, onSaved }: { shown: Shown; onSaved: () => void }): ReactNode {
  const { t } = useTranslation('timeline')
  const may = useMay()
  const [name, setName] = useState('')
  const [shared, setShared] = useState(false)
  const save = useMutation({
    mutationFn: (body: NewSearch) => call(savedSearchSchema, '/api/v1/searches', { method: 'POST', body }),
    onSuccess: () => {
      setName('')
      onSaved()
    },
  })
  const { query, span, from, to } = shown
  const fixed = from !== undefined && to !== undefined
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault()
        save.mutate({ name: name.trim(), query, shared, ...(fixed ? { from, to } : { span: span ?? '24h' }) })
      }}
    >
      <h3 className="sec-h">{t('saved.keep')}</h3>
      <p className="mono label">{query === '' ? t('saved.all') : query}</p>
      <Field label={t('saved.name')}>
        <input className="input" value={name} maxLength={120} required onChange={(event) => setName(event.target.value)} />
      </Field>
      {may('alerts:write') ? (
        <Check label={t('saved.shared')} hint={t('saved.sharedHint')} checked={shared} onChange={setShared} />
      ) : null}
      {save.error === null ? null : <ProblemNote error={save.error} />}
      <p className="sec" role="status">
        <DeedButton type="submit" className="btn ink" busy={save.isPending} disabled={name.trim() === ''}>
          {t('saved.save')}
        </DeedButton>{' '}
        {save.isSuccess && name === '' ? t('saved.done') : null}
      </p>
    </form>
  )
}
