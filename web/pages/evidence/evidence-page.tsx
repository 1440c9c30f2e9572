import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { getRouteApi, useLocation, useNavigate } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { ENTRY_TYPES, type EntryType } from '../../../src/kernel/evidence.ts'
import type { EntrySummaryView } from '../../../src/prove/schema.ts'
import { entriesQuery, ledgerHeadQuery, wallQuery } from '../../api/queries.ts'
import { DeedButton } from '../../components/deed-button.tsx'
import { Icon } from '../../components/icon.tsx'
import { useKeys } from '../../components/keys.ts'
import { glyphOf } from '../../components/objective-glyph.ts'
import { ProblemNote } from '../../components/problem-note.tsx'
import { Segmented } from '../../components/segmented.tsx'
import { useMay } from '../../components/session.ts'
import { StateGlyph } from '../../components/state-glyph.tsx'
import { useFormat } from '../../components/use-format.ts'
import { ArtefactDrawer } from './artefact-drawer.tsx'
import { ArtefactList } from './artefact-list.tsx'
import { BringDialog } from './bring-dialog.tsx'
import { EntryDrawer } from './entry-drawer.tsx'
import { gist } from './entry-text.ts'
import { ExportDialog } from './export-dialog.tsx'
import { type FigureInUse, figuresInUse } from './figures.ts'
import { LogHead } from './log-head.tsx'

const route = getRouteApi('/house/evidence')

/** The log's head, the figures in use, every entry; and whichever is open, down to the signed root. */
export function EvidencePage(): ReactNode {
  const { t } = useTranslation('evidence')
  const { t: common } = useTranslation()
  const search = route.useSearch()
  const hash = useLocation({ select: (location) => location.hash })
  const navigate = useNavigate({ from: '/evidence' })
  const wall = useQuery(wallQuery)
  const head = useQuery(ledgerHeadQuery)
  const may = useMay()
  const [list, setList] = useState<'figures' | 'entries' | 'artefacts' | undefined>(
    search.artefact !== undefined
      ? 'artefacts'
      : search.type === undefined && search.subject === undefined
        ? undefined
        : 'entries',
  )
  const type = ENTRY_TYPES.find((one) => one === search.type)
  const entries = useInfiniteQuery(
    entriesQuery({
      ...(type === undefined ? {} : { type }),
      ...(search.subject === undefined ? {} : { subject: search.subject }),
    }),
  )
  const figures = figuresInUse(wall.data?.cards ?? [])
  const rows = entries.data?.pages.flatMap((page) => page.items) ?? []
  // Until somebody chooses: the figures, or the entries where no card shows a figure yet.
  const asArtefacts = list === 'artefacts'
  const asEntries = list === undefined ? wall.data !== undefined && figures.length === 0 : list === 'entries'
  const indexes = asEntries
    ? rows.map((row) => row.index)
    : figures.flatMap((figure) => (figure.index === null ? [] : [figure.index]))
  const open = search.entry ?? indexes[0]

  const show = (entry: number | undefined): void =>
    void navigate({
      search: (before) => ({ ...before, entry, artefact: undefined }),
      hash: '',
      replace: true,
      resetScroll: false,
    })
  const showArtefact = (artefact: string | undefined): void =>
    void navigate({ search: (before) => ({ ...before, artefact }), hash: '', replace: true, resetScroll: false })
  const move = (by: number): void => {
    const at = open === undefined ? -1 : indexes.indexOf(open)
    show(indexes[Math.min(indexes.length - 1, Math.max(0, at + by))])
  }
  useKeys({ j: () => move(1), k: () => move(-1) })

  return (
    <main className="main" id="main">
      <div className="head">
        <div className="grow">
          <h1>{common('room.evidence')}</h1>
          <p>{t('lead')}</p>
        </div>
        <button type="button" className="btn" onClick={() => void navigate({ search: (before) => before, hash: 'export' })}>
          <Icon name="download" />
          {t('export.title')}
        </button>
      </div>
      <div className="prove">
        <div className="stack">
          <LogHead />
          <section className="sheet">
            <div className="panel-h list-h">
              <Segmented
                label={t('list')}
                value={asArtefacts ? 'artefacts' : asEntries ? 'entries' : 'figures'}
                choices={[
                  { value: 'figures', label: t('figures') },
                  { value: 'entries', label: t('entries') },
                  ...(may('artefacts:read') ? [{ value: 'artefacts' as const, label: t('artefacts') }] : []),
                ]}
                onChange={setList}
              />
              {asArtefacts ? (
                may('artefacts:write') ? (
                  <button
                    type="button"
                    className="btn sm end"
                    onClick={() => void navigate({ search: (before) => before, hash: 'bring' })}
                  >
                    {t('artefact.bring')}
                  </button>
                ) : null
              ) : asEntries ? (
                <select
                  className="input sm end type-pick"
                  aria-label={t('type')}
                  value={type ?? ''}
                  onChange={(event) =>
                    void navigate({
                      search: (before) => ({
                        ...before,
                        type: event.target.value === '' ? undefined : event.target.value,
                        entry: undefined,
                      }),
                    })
                  }
                >
                  <option value="">{t('everyType')}</option>
                  {ENTRY_TYPES.map((one) => (
                    <option key={one} value={one}>
                      {common(`entry.${one}`)} {countOf(head.data?.types, one)}
                    </option>
                  ))}
                </select>
              ) : (
                <span className="label end num">{t('figureCount', { count: figures.length })}</span>
              )}
            </div>
            {search.subject === undefined || !asEntries ? null : (
              <p className="chart-p">
                <button type="button" className="chip as-button mono" onClick={() => void navigate({ search: {} })}>
                  {search.subject} ×
                </button>
              </p>
            )}
            {entries.error === null ? null : <ProblemNote error={entries.error} retry={() => void entries.refetch()} />}
            <div className="figs-scroll">
              {asArtefacts ? (
                <ArtefactList open={search.artefact} onShow={showArtefact} />
              ) : asEntries ? (
                <EntryTable rows={rows} open={open} onShow={show} />
              ) : (
                <FigureTable figures={figures} open={open} onShow={show} />
              )}
              {asEntries && !asArtefacts && entries.hasNextPage ? (
                <div className="more">
                  <DeedButton
                    type="button"
                    className="btn sm"
                    busy={entries.isFetchingNextPage}
                    onClick={() => void entries.fetchNextPage()}
                  >
                    {common('more')}
                  </DeedButton>
                </div>
              ) : null}
            </div>
          </section>
        </div>
        {asArtefacts && search.artefact !== undefined ? (
          <ArtefactDrawer id={search.artefact} onClose={() => showArtefact(undefined)} />
        ) : open === undefined ? (
          <section className="sheet log empty">
            <h2>{t('emptyTitle')}</h2>
            <p>{t('emptyText')}</p>
          </section>
        ) : (
          <EntryDrawer index={open} figure={figures.find((figure) => figure.index === open)} onClose={() => show(undefined)} />
        )}
      </div>
      {hash === 'bring' ? (
        <BringDialog
          onClose={() => void navigate({ search: (before) => before, hash: '', replace: true })}
          onBrought={showArtefact}
        />
      ) : null}
      {hash === 'export' ? (
        <ExportDialog onClose={() => void navigate({ search: (before) => before, hash: '', replace: true })} />
      ) : null}
    </main>
  )
}

function countOf(types: readonly { type: EntryType; entries: number }[] | undefined, wanted: EntryType): string {
  const count = types?.find((one) => one.type === wanted)?.entries
  return count === undefined ? '' : `(${count})`
}

function FigureTable({
  figures,
  open,
  onShow,
}: {
  figures: readonly FigureInUse[]
  open: number | undefined
  onShow: (index: number) => void
}): ReactNode {
  const { t } = useTranslation('evidence')
  const { t: common } = useTranslation()
  const format = useFormat()
  if (figures.length === 0) return <p className="chart-p dim">{t('noFigures')}</p>
  return (
    <table className="figs">
      <tbody>
        {figures.map(({ card, objective, index }) => {
          const glyph = glyphOf(objective)
          const title = format.text(objective.title)
          return (
            <tr
              key={`${card.id}/${objective.id}`}
              aria-selected={index !== null && index === open}
              onClick={() => (index === null ? undefined : onShow(index))}
            >
              <td>
                <StateGlyph state={glyph} />
              </td>
              <td className="nm" title={`${format.text(card.name)}: ${title}`}>
                {title}
              </td>
              <td className={`f num fig-${glyph}`}>{objective.value === null ? t('noFigure') : format.text(objective.figure)}</td>
              <td className="num">
                {index === null ? (
                  <span className="dim">{common('logging')}</span>
                ) : (
                  <button type="button" className="link" onClick={() => onShow(index)}>
                    #{format.count(index)}
                  </button>
                )}
              </td>
            </tr>
          )
        })}
      </tbody>
    </table>
  )
}

function EntryTable({
  rows,
  open,
  onShow,
}: {
  rows: readonly EntrySummaryView[]
  open: number | undefined
  onShow: (index: number) => void
}): ReactNode {
  const { t } = useTranslation()
  const format = useFormat()
  return (
    <table className="figs entries">
      <tbody>
        {rows.map((row) => (
          <tr key={row.index} aria-selected={row.index === open} onClick={() => onShow(row.index)}>
            <td className="num dim">{format.minute(row.logged)}</td>
            <td className="nm">
              <b>{t(`entry.${row.type}`)}</b> <span className="dim">{gist(row.body)}</span>
            </td>
            <td className="num">
              <button type="button" className="link" onClick={() => onShow(row.index)}>
                #{format.count(row.index)}
              </button>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
