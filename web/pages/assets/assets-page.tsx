import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { type ReactNode, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { type AssetView, CRITICALITIES, type Criticality } from '../../../src/access/assets/schema.ts'
import { assetsQuery, assetWeaknessesQuery } from '../../api/house-queries.ts'
import { DeedButton } from '../../components/deed-button.tsx'
import { DeedsHead } from '../../components/deeds-head.tsx'
import { Icon } from '../../components/icon.tsx'
import { useKeys } from '../../components/keys.ts'
import { ProblemNote } from '../../components/problem-note.tsx'
import { useMay } from '../../components/session.ts'
import { useFormat } from '../../components/use-format.ts'
import { AssetDrawer } from './asset-drawer.tsx'
import { CriticalityTag } from './criticality.tsx'
import { hostQuery } from './host-query.ts'
import { ImportDialog } from './import-dialog.tsx'
import { LabelChips } from './label-chips.tsx'
import { WeakText } from './weak-on-asset.tsx'

const route = getRouteApi('/house/assets')
const TYPING_MS = 250

/** What there is to protect: by what names events know it, who answers for it, how much it matters. */
export function AssetsPage(): ReactNode {
  const { t } = useTranslation('assets')
  const { t: common } = useTranslation()
  const may = useMay()
  const format = useFormat()
  const search = route.useSearch()
  const navigate = useNavigate({ from: '/assets' })
  const assets = useInfiniteQuery(assetsQuery({ q: search.q, criticality: search.criticality }))
  const rows = assets.data?.pages.flatMap((page) => page.items) ?? []
  const total = assets.data?.pages[0]?.total ?? 0
  const filtered = search.q !== undefined || search.criticality !== undefined
  const writes = may('assets:write')

  const go = (change: Partial<typeof search>): void =>
    void navigate({ search: (before) => ({ ...before, ...change }), replace: true, resetScroll: false })
  useKeys({
    '/': () => document.getElementById('asset-q')?.focus(),
    ...(writes ? { n: () => go({ add: 'one', asset: undefined }) } : {}),
  })
  const close = (): void => go({ add: undefined, asset: undefined })

  return (
    <main className="main" id="main">
      <div className="head">
        <div className="grow">
          <h1>{common('room.assets')}</h1>
          <p>{t('lead')}</p>
        </div>
        {writes ? (
          <>
            <button type="button" className="btn" onClick={() => go({ add: 'import' })}>
              <Icon name="download" />
              {t('import.open')}
            </button>
            <button type="button" className="btn ink" onClick={() => go({ add: 'one' })} aria-keyshortcuts="N">
              <Icon name="plus" />
              {t('add')}
            </button>
          </>
        ) : null}
      </div>
      <Filters
        q={search.q}
        criticality={search.criticality}
        onChange={go}
        shown={assets.data === undefined ? '' : t('count', { count: total })}
      />
      {assets.error === null ? null : <ProblemNote error={assets.error} retry={() => void assets.refetch()} />}
      <section className="sheet" aria-label={common('room.assets')}>
        {assets.data === undefined && assets.error === null ? <p className="loading">{common('loading')}</p> : null}
        {assets.data !== undefined && rows.length === 0 ? (
          <div className="empty add-first">
            <h2>{t(filtered ? 'noneTitle' : 'emptyTitle')}</h2>
            <p>{t(filtered ? 'noneText' : 'emptyText')}</p>
          </div>
        ) : null}
        {rows.length === 0 ? null : <Table rows={rows} open={search.asset} onOpen={(asset) => go({ asset, add: undefined })} />}
        {assets.hasNextPage ? (
          <div className="more">
            <DeedButton
              type="button"
              className="btn sm"
              busy={assets.isFetchingNextPage}
              onClick={() => void assets.fetchNextPage()}
            >
              {common('more')} ({format.count(total - rows.length)})
            </DeedButton>
          </div>
        ) : null}
      </section>
      {search.add === 'import' && writes ? <ImportDialog onClose={close} /> : null}
      {search.add === 'one' && writes ? <AssetDrawer id={undefined} onClose={close} /> : null}
      {search.asset === undefined ? null : <AssetDrawer id={search.asset} onClose={close} />}
    </main>
  )
}

function Filters({
  q,
  criticality,
  onChange,
  shown,
}: {
  q: string | undefined
  criticality: Criticality | undefined
  onChange: (change: { q?: string | undefined; criticality?: Criticality | undefined }) => void
  shown: string
}): ReactNode {
  const { t } = useTranslation('assets')
  const [typed, setTyped] = useState(q ?? '')
  useEffect(() => setTyped(q ?? ''), [q])
  useEffect(() => {
    const wanted = typed.trim() === '' ? undefined : typed.trim()
    if (wanted === q) return
    const timer = setTimeout(() => onChange({ q: wanted }), TYPING_MS)
    return () => clearTimeout(timer)
  }, [typed, q, onChange])
  return (
    <search className="filters">
      <input
        id="asset-q"
        className="input sm"
        type="search"
        aria-label={t('search')}
        placeholder={t('search')}
        maxLength={200}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
      />
      <select
        className="input sm"
        aria-label={t('col.criticality')}
        value={criticality ?? ''}
        onChange={(event) => onChange({ criticality: CRITICALITIES.find((one) => one === event.target.value) })}
      >
        <option value="">{t('every')}</option>
        {CRITICALITIES.toReversed().map((one) => (
          <option key={one} value={one}>
            {t(`criticality.${one}`)}
          </option>
        ))}
      </select>
      <span className="label end num" role="status">
        {shown}
      </span>
    </search>
  )
}

function Table({
  rows,
  open,
  onOpen,
}: {
  rows: readonly AssetView[]
  open: string | undefined
  onOpen: (id: string) => void
}): ReactNode {
  const { t } = useTranslation('assets')
  const format = useFormat()
  const weak = useQuery(assetWeaknessesQuery(rows.map(({ id }) => id)))
  return (
    <table className="srcs assets">
      <thead>
        <tr>
          <th>{t('col.name')}</th>
          <th>{t('col.criticality')}</th>
          <th>{t('col.owner')}</th>
          <th className="w">{t('col.labels')}</th>
          <th>{t('col.weak')}</th>
          <th>{t('col.scope')}</th>
          <th className="r x">{t('col.updated')}</th>
          <DeedsHead />
        </tr>
      </thead>
      <tbody>
        {rows.map((asset) => {
          const [first = '', ...others] = asset.names
          return (
            <tr key={asset.id} aria-selected={asset.id === open} onClick={() => onOpen(asset.id)}>
              <td className="named">
                <button type="button" className="name" onClick={() => onOpen(asset.id)}>
                  <bdi>{first}</bdi>
                </button>
                {others.length === 0 ? null : (
                  <div className="label mono">
                    <bdi>{others.join('  ')}</bdi>
                  </div>
                )}
              </td>
              <td>
                <CriticalityTag criticality={asset.criticality} />
              </td>
              <td className="named">
                {asset.owner === null ? <span className="dim">{t('noOwner')}</span> : <bdi>{asset.owner}</bdi>}
              </td>
              <td className="w">
                <LabelChips labels={asset.labels} />
              </td>
              <td className="nw">
                <WeakText weak={weak.data?.get(asset.id)} />
              </td>
              <td className="mono">{asset.scope}</td>
              <td className="r num dim x">{format.date(asset.updated)}</td>
              <td className="r">
                <Link
                  className="nw"
                  to="/timeline"
                  search={{ q: hostQuery(asset.names), span: '24h' }}
                  onClick={(event) => event.stopPropagation()}
                >
                  {t('events')}
                </Link>
              </td>
            </tr>
          )
        })}
      </tbody>
    </table>
  )
}
