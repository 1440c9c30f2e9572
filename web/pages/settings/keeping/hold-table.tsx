import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { type HoldView, holdSchema } from '../../../../src/app/retention/schema.ts'
import { call } from '../../../api/client.ts'
import { useNotice } from '../../../components/notice.tsx'
import { ProblemNote } from '../../../components/problem-note.tsx'
import { useFormat } from '../../../components/use-format.ts'
import { SureButton } from '../sure-button.tsx'
import { Span } from './span.tsx'

export function HoldTable({ holds }: { holds: readonly HoldView[] }): ReactNode {
  const { t } = useTranslation('keeping')
  const client = useQueryClient()
  const notice = useNotice()
  const release = useMutation({
    mutationFn: ({ id }: HoldView) =>
      call(holdSchema, `/api/v1/holds/${encodeURIComponent(id)}/release`, { method: 'POST', body: {} }),
    onSuccess: async ({ name }) => {
      await client.invalidateQueries({ queryKey: ['keeping'] })
      notice({ text: t('hold.released', { name }) })
    },
  })
  if (holds.length === 0) return <p className="dim">{t('hold.none')}</p>
  return (
    <>
      {release.error === null ? null : <ProblemNote error={release.error} />}
      <table className="srcs still">
        <thead>
          <tr>
            <th>{t('hold.col.name')}</th>
            <th>{t('hold.col.what')}</th>
            <th className="x">{t('hold.col.owner')}</th>
            <th>{t('hold.col.state')}</th>
          </tr>
        </thead>
        <tbody>
          {holds.map((hold) => (
            <HoldRow key={hold.id} hold={hold} pending={release.isPending} onRelease={() => release.mutate(hold)} />
          ))}
        </tbody>
      </table>
    </>
  )
}

function HoldRow({ hold, pending, onRelease }: { hold: HoldView; pending: boolean; onRelease: () => void }): ReactNode {
  const { t } = useTranslation('keeping')
  const format = useFormat()
  const { name, reason, scope, query, from, to, owner, by, created, state, until, released, releasedBy } = hold
  return (
    <tr>
      <td className="named">
        <b>
          <bdi>{name}</bdi>
        </b>
        <div className="label">
          <bdi>{reason}</bdi>
        </div>
      </td>
      <td>
        {query === '' ? t('hold.everything') : <code className="mono">{query}</code>}
        <div className="label">
          <Span scope={scope} from={from} to={to} />
        </div>
      </td>
      <td className="x">
        <bdi>{owner}</bdi>
        <div className="label">{t('hold.by', { name: by, at: format.date(created) })}</div>
      </td>
      <td>
        {state === 'active' ? (
          <>
            {until === null ? t('hold.active') : t('hold.until', { at: format.dateTime(until) })}
            <div>
              <SureButton
                label={t('hold.release')}
                sure={t('hold.sure')}
                yes={t('hold.yes')}
                pending={pending}
                onSure={onRelease}
              />
            </div>
          </>
        ) : (
          <span className="dim">
            {state === 'ended'
              ? t('hold.ended', { at: format.date(until ?? created) })
              : t('hold.releasedBy', { name: releasedBy ?? '', at: format.date(released ?? created) })}
          </span>
        )}
      </td>
    </tr>
  )
}
