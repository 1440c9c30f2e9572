import { useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { SourceList } from '../../../src/collect/schema.ts'
import { sourcesQuery } from '../../api/queries.ts'
import { Icon } from '../../components/icon.tsx'
import { ProblemNote } from '../../components/problem-note.tsx'
import { Segmented } from '../../components/segmented.tsx'
import { useMay } from '../../components/session.ts'
import { StateGlyph } from '../../components/state-glyph.tsx'
import { TestAttackButton } from '../../components/test-attack.tsx'
import { useFormat } from '../../components/use-format.ts'
import { useNow } from '../../components/use-now.ts'
import { AddSource } from './add-source.tsx'
import { HostsSheet } from './hosts-sheet.tsx'
import { MaskingSheet } from './masking-sheet.tsx'
import { MinimumSheet } from './minimum-sheet.tsx'
import { SourceDrawer } from './source-drawer.tsx'
import { SourceTable } from './source-table.tsx'

const route = getRouteApi('/house/sources')
const VIEWS = ['sources', 'hosts', 'minimum', 'masking'] as const

/** What arrives, what is late, what is missing; and how to add more. */
export function SourcesPage(): ReactNode {
  const { t } = useTranslation('sources')
  const { t: common } = useTranslation()
  const { t: missing } = useTranslation('completeness')
  const now = useNow()
  const search = route.useSearch()
  const navigate = useNavigate({ from: '/sources' })
  const { data, error, refetch } = useQuery({ ...sourcesQuery, refetchInterval: 15_000 })
  const may = useMay()
  const writable = may('sources:write') && may('tokens:write')
  const adding = writable && (search.add !== undefined || data?.sources.length === 0)
  return (
    <main className="main" id="main">
      <div className="head">
        <div className="grow">
          <h1>{common('room.sources')}</h1>
          <p>{t('lead')}</p>
        </div>
        <TestAttackButton primary={false} />
        {writable ? (
          <button
            type="button"
            className="btn ink"
            onClick={() => void navigate({ search: search.add === undefined ? { add: 'curl' } : {} })}
            aria-expanded={adding}
          >
            <Icon name={search.add === undefined ? 'plus' : 'close'} />
            {t(search.add === undefined ? 'add' : 'addClose')}
          </button>
        ) : null}
      </div>
      {error === null ? null : <ProblemNote error={error} retry={() => void refetch()} />}
      {adding ? (
        <AddSource
          chosen={search.add}
          onChoose={(add) => void navigate({ search: { add }, replace: true })}
          first={data?.sources.length === 0}
        />
      ) : null}
      {data === undefined || data.sources.length === 0 ? null : (
        <>
          <Tiles list={data} />
          <div className="row tabs-row">
            <Segmented
              label={missing('tabs')}
              value={search.view ?? 'sources'}
              choices={VIEWS.map((value) => ({ value, label: missing(`tab.${value}`) }))}
              onChange={(view) => void navigate({ search: view === 'sources' ? {} : { view } })}
            />
          </div>
          {search.view === 'hosts' ? (
            <HostsSheet
              state={search.state ?? 'all'}
              now={now}
              onState={(state) => void navigate({ search: state === 'all' ? { view: 'hosts' } : { view: 'hosts', state } })}
            />
          ) : search.view === 'minimum' ? (
            <MinimumSheet now={now} />
          ) : search.view === 'masking' ? (
            <MaskingSheet now={now} />
          ) : (
            <SourceTable
              sources={data.sources}
              now={now}
              open={search.source}
              onOpen={(source) => void navigate({ search: { source } })}
            />
          )}
        </>
      )}
      {search.source === undefined ? null : (
        <SourceDrawer id={search.source} now={now} onClose={() => void navigate({ search: {} })} />
      )}
    </main>
  )
}

function Tiles({ list }: { list: SourceList }): ReactNode {
  const { t } = useTranslation('sources')
  const format = useFormat()
  const { totals } = list
  const hour = totals.lastHour
  const day = totals.lastDay
  const balanced = day.received === day.stored + day.repeated + day.dropped
  return (
    <section className="sheet tiles">
      <div className="tile">
        <span className="label">{t('tile.reporting')}</span>
        <div className="fig num">
          {format.count(totals.reporting)}
          <small>/ {format.count(totals.sources)}</small>
        </div>
        <div className="sub">{t('tile.reportingSub', { silent: totals.silent, failed: totals.failed })}</div>
      </div>
      <div className="tile">
        <span className="label">{t('tile.hour')}</span>
        <div className="fig num">{format.count(hour.received)}</div>
        <div className="sub">{t('tile.hourSub', { stored: hour.stored, repeated: hour.repeated, dropped: hour.dropped })}</div>
      </div>
      <div className="tile">
        <span className="label">{t('tile.unknown')}</span>
        <div className="fig num">{format.count(day.unknown)}</div>
        <div className="sub">{t('tile.unknownSub', { stored: day.stored })}</div>
      </div>
      <div className="tile">
        <span className="label">{t('tile.gaps')}</span>
        <div className="fig num">{format.count(day.gaps)}</div>
        {day.gaps > 0 ? (
          <div className="aux">
            <StateGlyph state="gone" />
          </div>
        ) : null}
        <div className="sub">{t(balanced ? 'tile.balanced' : 'tile.unbalanced')}</div>
      </div>
    </section>
  )
}
