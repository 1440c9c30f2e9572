import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { READ_KINDS, type ReadKind, type ReadView } from '../../../src/app/reads/schema.ts'
import { readsQuery } from '../../api/house-queries.ts'
import { DeedButton } from '../../components/deed-button.tsx'
import { ProblemNote } from '../../components/problem-note.tsx'
import { useFormat } from '../../components/use-format.ts'

/** Who searched or opened what: beside the deeds, since looking is no deed of the ledger, which holds digests of it only. */
export function ReadsTable({ person, onPerson }: { person: string | undefined; onPerson: (name: string) => void }): ReactNode {
  const { t } = useTranslation('audit')
  const { t: common } = useTranslation()
  const format = useFormat()
  const [kind, setKind] = useState<ReadKind | undefined>()
  const { data, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = useInfiniteQuery(readsQuery({ person, kind }))
  const rows = data?.pages.flatMap((page) => page.items) ?? []
  const kept = data?.pages[0]?.keptDays
  return (
    <section className="sheet audit" aria-label={t('reads.title')}>
      <div className="panel-h">
        <h2>{t('reads.title')}</h2>
        <select
          className="input sm auto end"
          aria-label={t('kind')}
          value={kind ?? ''}
          onChange={(event) => setKind(READ_KINDS.find((one) => one === event.target.value))}
        >
          <option value="">{t('everyKind')}</option>
          {READ_KINDS.map((one) => (
            <option key={one} value={one}>
              {t(`reads.kind.${one}`)}
            </option>
          ))}
        </select>
      </div>
      <p className="chart-p ink2">{t('reads.text', { days: kept ?? 90 })}</p>
      {error === null ? null : <ProblemNote error={error} retry={() => void refetch()} />}
      {data !== undefined && rows.length === 0 ? <p className="chart-p dim">{t('reads.none')}</p> : null}
      {rows.length === 0 ? null : (
        <table className="srcs still">
          <thead>
            <tr>
              <th>{t('col.time')}</th>
              <th>{t('col.who')}</th>
              <th>{t('col.what')}</th>
              <th className="r">{t('reads.times')}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={`${row.by.id} ${row.first} ${row.kind} ${row.what}`}>
                <td className="num">{format.dateTime(row.last)}</td>
                <td>
                  <button type="button" className="link" title={t('onlyThis')} onClick={() => onPerson(row.by.name)}>
                    {row.by.name}
                  </button>
                </td>
                <td>
                  {t(`reads.kind.${row.kind}`)} <What row={row} />
                </td>
                <td className="r num">{format.count(row.times)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {hasNextPage ? (
        <div className="more">
          <DeedButton type="button" className="btn sm" busy={isFetchingNextPage} onClick={() => void fetchNextPage()}>
            {common('more')}
          </DeedButton>
        </div>
      ) : null}
    </section>
  )
}

function What({ row }: { row: ReadView }): ReactNode {
  switch (row.kind) {
    case 'alert':
      return (
        <Link className="mono" to="/triage" search={{ alert: row.what }}>
          {row.what.slice(0, 12)}
        </Link>
      )
    case 'event':
      return (
        <Link className="mono" to="/timeline" search={{ event: row.what }}>
          {row.what}
        </Link>
      )
    case 'search':
    case 'export':
      return <span className="mono">{row.what}</span>
  }
}
