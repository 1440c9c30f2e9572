import { useInfiniteQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { type ReactNode, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { AUDIT_TYPES } from '../../../src/prove/audit/schema.ts'
import { withQuery } from '../../api/client.ts'
import { type AuditFilter, auditQuery } from '../../api/house-queries.ts'
import { withScope } from '../../api/scope.ts'
import { DeedButton } from '../../components/deed-button.tsx'
import { Icon } from '../../components/icon.tsx'
import { useKeys } from '../../components/keys.ts'
import { ProblemNote } from '../../components/problem-note.tsx'
import { Segmented } from '../../components/segmented.tsx'
import { useMay } from '../../components/session.ts'
import { useFormat } from '../../components/use-format.ts'
import { EntryDrawer } from '../evidence/entry-drawer.tsx'
import { AuditTable } from './audit-table.tsx'
import { startOfDay } from './audit-text.ts'
import { ReadsTable } from './reads-table.tsx'

const route = getRouteApi('/house/audit')
const TYPING_MS = 250

/** Who did what, when and from where: the ledger, read as a diary. Every line opens to its proof. */
export function AuditPage(): ReactNode {
  const { t } = useTranslation('audit')
  const { t: common } = useTranslation()
  const { timeZone } = useFormat()
  const may = useMay()
  const search = route.useSearch()
  const navigate = useNavigate({ from: '/audit' })
  const utc = timeZone === 'UTC'
  const filter: AuditFilter = {
    type: AUDIT_TYPES.find((one) => one === search.type),
    person: search.person,
    action: search.action,
    from: search.from === undefined ? undefined : startOfDay(search.from, utc),
    to: search.to === undefined ? undefined : startOfDay(search.to, utc, true),
  }
  const { data, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = useInfiniteQuery(auditQuery(filter))
  const rows = data?.pages.flatMap((page) => page.items) ?? []
  const actions = data?.pages[0]?.actions ?? []
  const filtered = Object.values(filter).some((value) => value !== undefined)

  const show = (entry: number | undefined): void =>
    void navigate({ search: (before) => ({ ...before, entry }), replace: true, resetScroll: false })
  const narrow = (change: Partial<typeof search>): void =>
    void navigate({ search: (before) => ({ ...before, ...change, entry: undefined }), replace: true, resetScroll: false })
  const move = (by: number): void => {
    const at = rows.findIndex((row) => row.index === search.entry)
    show(rows[Math.min(rows.length - 1, Math.max(0, at + by))]?.index)
  }
  useKeys({ j: () => move(1), k: () => move(-1), '/': () => document.getElementById('audit-person')?.focus() })

  return (
    <main className="main" id="main">
      <div className="head">
        <div className="grow">
          <h1>{common('room.audit')}</h1>
          <p>{t('lead')}</p>
        </div>
        <Segmented
          label={t('reads.which')}
          value={search.view ?? 'deeds'}
          choices={[
            { value: 'deeds', label: t('reads.deeds') },
            { value: 'reads', label: t('reads.title') },
          ]}
          onChange={(view) => narrow({ view: view === 'reads' ? 'reads' : undefined })}
        />
        <a className="btn" href={withScope(withQuery('/api/v1/audit/export', { ...filter }))} download>
          <Icon name="download" />
          {t('csv')}
        </a>
      </div>
      {search.view === 'reads' ? (
        <ReadsTable
          person={search.person}
          onPerson={(person) => narrow({ person: search.person === person ? undefined : person })}
        />
      ) : (
        <>
          <Filters search={search} actions={actions} filtered={filtered} onNarrow={narrow} />
          {error === null ? null : <ProblemNote error={error} retry={() => void refetch()} />}
          <div className={search.entry === undefined ? undefined : 'prove audit-open'}>
            <section className="sheet audit" aria-label={t('title')}>
              {data === undefined && error === null ? <p className="loading">{common('loading')}</p> : null}
              {data !== undefined && rows.length === 0 ? <Nothing filtered={filtered} /> : null}
              {rows.length === 0 ? null : (
                <AuditTable rows={rows} open={search.entry} onShow={show} onPerson={(person) => narrow({ person })} />
              )}
              {hasNextPage ? (
                <div className="more">
                  <DeedButton type="button" className="btn sm" busy={isFetchingNextPage} onClick={() => void fetchNextPage()}>
                    {common('more')}
                  </DeedButton>
                </div>
              ) : null}
            </section>
            {search.entry === undefined ? null : may('ledger:read') ? (
              <EntryDrawer index={search.entry} figure={undefined} onClose={() => show(undefined)} />
            ) : null}
          </div>
        </>
      )}
    </main>
  )
}

interface AuditSearch {
  readonly type?: string | undefined
  readonly person?: string | undefined
  readonly action?: string | undefined
  readonly from?: string | undefined
  readonly to?: string | undefined
}

function Filters({
  search,
  actions,
  filtered,
  onNarrow,
}: {
  search: AuditSearch
  actions: readonly string[]
  filtered: boolean
  onNarrow: (change: AuditSearch) => void
}): ReactNode {
  const { t } = useTranslation('audit')
  const [person, setPerson] = useState(search.person ?? '')
  useEffect(() => setPerson(search.person ?? ''), [search.person])
  useEffect(() => {
    const wanted = person.trim() === '' ? undefined : person.trim()
    if (wanted === search.person) return
    const timer = setTimeout(() => onNarrow({ person: wanted }), TYPING_MS)
    return () => clearTimeout(timer)
  }, [person, search.person, onNarrow])
  const pick = (text: string): string | undefined => (text === '' ? undefined : text)
  const nouns = [...new Set(actions.map((action) => action.split('.')[0] ?? action))]
  return (
    <search className="filters">
      <input
        id="audit-person"
        className="input sm"
        type="search"
        aria-label={t('person')}
        placeholder={t('person')}
        maxLength={200}
        value={person}
        onChange={(event) => setPerson(event.target.value)}
      />
      <select
        className="input sm"
        aria-label={t('kind')}
        value={search.type ?? ''}
        onChange={(event) => onNarrow({ type: pick(event.target.value) })}
      >
        <option value="">{t('everyKind')}</option>
        {AUDIT_TYPES.map((one) => (
          <option key={one} value={one}>
            {t(`kinds.${one}`)}
          </option>
        ))}
      </select>
      <select
        className="input sm"
        aria-label={t('actionPick')}
        value={search.action ?? ''}
        onChange={(event) => onNarrow({ action: pick(event.target.value) })}
      >
        <option value="">{t('everyAction')}</option>
        {search.action === undefined || actions.includes(search.action) || search.action.endsWith('.') ? null : (
          <option value={search.action}>{search.action}</option>
        )}
        {nouns.map((noun) => (
          <optgroup key={noun} label={noun}>
            <option value={`${noun}.`}>{noun}.*</option>
            {actions
              .filter((action) => action.startsWith(`${noun}.`))
              .map((action) => (
                <option key={action} value={action}>
                  {action}
                </option>
              ))}
          </optgroup>
        ))}
      </select>
      <label className="day-pick">
        <span className="label">{t('from')}</span>
        <input
          className="input sm"
          type="date"
          max={search.to}
          value={search.from ?? ''}
          onChange={(event) => onNarrow({ from: pick(event.target.value) })}
        />
      </label>
      <label className="day-pick">
        <span className="label">{t('to')}</span>
        <input
          className="input sm"
          type="date"
          min={search.from}
          value={search.to ?? ''}
          onChange={(event) => onNarrow({ to: pick(event.target.value) })}
        />
      </label>
      {filtered ? (
        <button
          type="button"
          className="btn sm quiet"
          onClick={() => onNarrow({ type: undefined, person: undefined, action: undefined, from: undefined, to: undefined })}
        >
          {t('clear')}
        </button>
      ) : null}
    </search>
  )
}

function Nothing({ filtered }: { filtered: boolean }): ReactNode {
  const { t } = useTranslation('audit')
  return (
    <div className="empty add-first">
      <h2>{t(filtered ? 'noneTitle' : 'emptyTitle')}</h2>
      <p>{t(filtered ? 'noneText' : 'emptyText')}</p>
    </div>
  )
}
