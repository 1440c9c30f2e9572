import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { waiver } from '../../../src/assess/work/schema.ts'
import { call } from '../../api/client.ts'
import { waiversQuery } from '../../api/house-queries.ts'
import { ProblemNote } from '../../components/problem-note.tsx'
import { useMay } from '../../components/session.ts'
import { useFormat } from '../../components/use-format.ts'
import { SureButton } from '../settings/sure-button.tsx'

/** What takes weaknesses off the list, or waits to: who asked, who approved, until when. */
export function Waivers(): ReactNode {
  const { t } = useTranslation('vulnerabilities')
  const format = useFormat()
  const may = useMay()
  const client = useQueryClient()
  const list = useQuery(waiversQuery)
  const settled = { onSuccess: () => void client.invalidateQueries({ queryKey: ['ledger', 'vulnerabilities'] }) }
  const path = (id: string): string => `/api/v1/vulnerability-exceptions/${id}`
  const decide = useMutation({
    mutationFn: ({ id, decision }: { readonly id: string; readonly decision: 'approve' | 'refuse' }) =>
      call(waiver, `${path(id)}/decide`, { method: 'POST', body: { decision } }),
    ...settled,
  })
  const end = useMutation({ mutationFn: (id: string) => call(waiver, path(id), { method: 'DELETE' }), ...settled })
  const shown =
    list.data?.exceptions.filter(({ state }) => state === 'waiting' || state === 'active' || state === 'expired') ?? []
  if (shown.length === 0) return null
  return (
    <section className="sheet rules-place">
      <div className="panel-h">
        <h2>{t('waiver.title')}</h2>
        <span className="label">{t('waiver.lead')}</span>
      </div>
      {[decide.error, end.error].map((error) =>
        error === null ? null : (
          <div key={error.message} className="chart-p note-place">
            <ProblemNote error={error} />
          </div>
        ),
      )}
      <ul className="rows chart-p">
        {shown.map((one) => (
          <li key={one.id}>
            <span className="grow">
              <b>{one.title}</b>{' '}
              {one.asset === null ? <span className="label">{t('waiver.everywhere')}</span> : <bdi>{one.asset}</bdi>}
              <br />
              <span className="ink2">{one.reason}</span>{' '}
              <span className="label">
                {t('waiver.by', { by: one.createdBy, until: format.day(one.expiresAt) })}
                {one.decidedBy === null ? null : t('waiver.approved', { by: one.decidedBy })}
              </span>
            </span>
            <span className="chip">{t(`waiver.state.${one.state}`)}</span>
            {one.mayDecide ? (
              <>
                <SureButton
                  label={t('waiver.approve')}
                  sure={t('waiver.approveSure')}
                  yes={t('waiver.approve')}
                  pending={decide.isPending}
                  onSure={() => decide.mutate({ id: one.id, decision: 'approve' })}
                />
                <button type="button" className="btn sm" onClick={() => decide.mutate({ id: one.id, decision: 'refuse' })}>
                  {t('waiver.refuse')}
                </button>
              </>
            ) : null}
            {may('assets:write') && (one.state === 'active' || one.state === 'waiting') ? (
              <SureButton
                label={t('waiver.end')}
                sure={t('waiver.endSure')}
                yes={t('waiver.end')}
                pending={end.isPending}
                onSure={() => end.mutate(one.id)}
              />
            ) : null}
          </li>
        ))}
      </ul>
    </section>
  )
}
