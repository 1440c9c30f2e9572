import { useInfiniteQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { artefactsQuery } from '../../api/artefacts.ts'
import { DeedButton } from '../../components/deed-button.tsx'
import { ProblemNote } from '../../components/problem-note.tsx'
import { useFormat } from '../../components/use-format.ts'

/** Files that were brought as evidence, newest first, and how much room they take. */
export function ArtefactList({ open, onShow }: { open: string | undefined; onShow: (id: string) => void }): ReactNode {
  const { t } = useTranslation('evidence')
  const { t: common } = useTranslation()
  const format = useFormat()
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery(artefactsQuery)
  if (error !== null) return <ProblemNote error={error} retry={() => void refetch()} />
  const [first] = data?.pages ?? []
  const rows = data?.pages.flatMap((page) => page.items) ?? []
  if (first === undefined) return <p className="chart-p dim">{common('loading')}</p>
  if (rows.length === 0) return <p className="chart-p dim">{t('artefact.none')}</p>
  return (
    <>
      <table className="figs entries">
        <tbody>
          {rows.map((row) => (
            <tr key={row.id} aria-selected={row.id === open} onClick={() => onShow(row.id)}>
              <td className="num dim">{format.minute(row.received)}</td>
              <td className={row.removed === null ? 'nm' : 'nm dim'}>
                <button type="button" className="link" onClick={() => onShow(row.id)}>
                  {row.name}
                </button>{' '}
                <span className="dim">
                  {common('pair', { name: t(`artefact.kind.${row.kind}`), text: row.source })}
                  {row.removed === null ? '' : ` · ${t('artefact.gone')}`}
                </span>
              </td>
              <td className="num dim">{format.bytes(row.bytes)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {hasNextPage ? (
        <div className="more">
          <DeedButton type="button" className="btn sm" busy={isFetchingNextPage} onClick={() => void fetchNextPage()}>
            {common('more')}
          </DeedButton>
        </div>
      ) : null}
      <p className="chart-p label num">
        {t('artefact.room', { used: format.bytes(first.used), quota: format.bytes(first.quota) })}
      </p>
    </>
  )
}
