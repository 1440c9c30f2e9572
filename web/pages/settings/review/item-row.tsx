import { type ReactNode, useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import type { ReviewItemView } from '../../../../src/access/reviews/schema.ts'
import { EVERY_SCOPE } from '../../../../src/platform/http/route.ts'
import { useSession } from '../../../components/session.ts'
import { useFormat } from '../../../components/use-format.ts'
import { useRoleWord } from '../role-word.ts'

/** One access: whose it is, what it allows, when it was last used, and what was said about it. */
export function ItemRow({
  item,
  current,
  picked,
  decides,
  onHere,
  onPick,
}: {
  item: ReviewItemView
  current: boolean
  picked: boolean
  decides: boolean
  onHere: () => void
  onPick: () => void
}): ReactNode {
  const { t } = useTranslation('review')
  const format = useFormat()
  const role = useRoleWord()
  const { user } = useSession()
  const row = useRef<HTMLTableRowElement>(null)
  useEffect(() => {
    if (current) row.current?.scrollIntoView({ block: 'nearest' })
  }, [current])
  const own = item.account === user.id
  return (
    <tr ref={row} aria-selected={current} onClick={onHere}>
      {decides ? (
        <td>
          <input
            type="checkbox"
            aria-label={t('pick', { name: item.name })}
            checked={picked}
            disabled={!item.canDecide}
            onChange={onPick}
          />
        </td>
      ) : null}
      <td className="named">
        <b>
          <bdi>{item.name}</bdi>
        </b>
        <div className="label">
          {item.kind === 'assignment'
            ? t('kind.assignment')
            : item.owner === null
              ? t('kindNoOwner', { kind: t(`kind.${item.kind}`) })
              : t('kindOwner', { kind: t(`kind.${item.kind}`), owner: item.owner })}
        </div>
      </td>
      <td>
        {item.kind === 'agent' ? t('kind.agent') : role(item.kind, item.may)}{' '}
        <span className="dim">{item.scope === EVERY_SCOPE ? t('everywhere') : t('inScope', { scope: item.scope })}</span>
        <div className="label num">
          {t('since', { day: format.date(item.since) })}
          {item.expires === null ? '' : ` · ${t('until', { day: format.date(item.expires) })}`}
        </div>
      </td>
      <td className="num x">
        {item.lastUsed === null ? <span className="dim">{t('neverUsed')}</span> : format.date(item.lastUsed)}
      </td>
      <td className="named">
        {item.decision === null ? (
          <span className="dim">
            {item.gone ? t('gone') : item.canDecide ? t('waiting') : t(own ? 'lockedOwn' : 'lockedWide')}
          </span>
        ) : (
          <>
            {item.decision === 'change' && item.role !== null
              ? t('changed', { role: role('assignment', item.role) })
              : t(`decided.${item.decision}`)}{' '}
            {item.note === '' ? null : (
              <span className="ink2">
                <bdi>{item.note}</bdi>
              </span>
            )}
            {item.decidedBy === null || item.decidedAt === null ? null : (
              <div className="label">
                <bdi>{item.decidedBy}</bdi>, <span className="num">{format.dateTime(item.decidedAt)}</span>
              </div>
            )}
          </>
        )}
      </td>
    </tr>
  )
}
