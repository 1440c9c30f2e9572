import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { isRule } from '../../../src/protect/schema.ts'
import { quoted, TRANSACTIONS, transactionsQuery } from '../../api/protect-queries.ts'
import { Dialog } from '../../components/dialog.tsx'
import { Icon } from '../../components/icon.tsx'
import { ProblemNote } from '../../components/problem-note.tsx'
import { useFormat } from '../../components/use-format.ts'
import { ExclusionDraft } from './exclusion-draft.tsx'
import { isExcludable, type TransactionView, transactionOf } from './transaction.ts'
import { Verdict } from './verdict.tsx'

/** One request by its reference: what it was, what matched where, and how to let its like pass. */
export function TransactionDrawer({
  reference,
  now,
  onClose,
}: {
  reference: string
  now: number
  onClose: () => void
}): ReactNode {
  const { t } = useTranslation('protect')
  const { t: common } = useTranslation()
  const format = useFormat()
  const found = useQuery(transactionsQuery(`${TRANSACTIONS} AND http.request.id:${quoted(reference)}`, undefined, 1))
  const [event] = found.data?.events ?? []
  const view = event === undefined ? undefined : transactionOf(event.doc)
  return (
    <Dialog label={reference} className="slide" onClose={onClose}>
      <div className="slide-h">
        <div className="grow">
          <h2 className="mono">{reference}</h2>
          <p className="ink2">
            {view === undefined || event === undefined
              ? null
              : `${t(view.isStopped ? 'wasStopped' : 'wasPassed')} · ${format.exact(event.observed)}`}
          </p>
        </div>
        <button type="button" className="btn sm quiet square" aria-label={common('close')} onClick={onClose}>
          <Icon name="close" />
        </button>
      </div>
      <div className="slide-b">
        {found.error === null ? null : <ProblemNote error={found.error} retry={() => void found.refetch()} />}
        {found.data !== undefined && view === undefined ? <p>{t('unknownReference')}</p> : null}
        {view === undefined ? null : <Detail view={view} now={now} />}
      </div>
    </Dialog>
  )
}

function Detail({ view, now }: { view: TransactionView; now: number }): ReactNode {
  const { t } = useTranslation('protect')
  /** Its place: the objects are made anew with each look, their order never changes. */
  const [chosenAt, setChosenAt] = useState<number | undefined>()
  const chosen = chosenAt === undefined ? undefined : view.messages[chosenAt]
  const rows = [
    [t('col.request'), `${view.method} ${view.original}`],
    [t('host'), view.host],
    [t('col.client'), view.client],
    [t('col.status'), view.status === undefined ? '–' : String(view.status)],
    [t('mode'), view.mode],
  ] as const
  return (
    <>
      <dl className="role-list">
        {rows.map(([title, value]) => (
          <div key={title}>
            <dt>{title}</dt>
            <dd>
              <bdi>{value}</bdi>
            </dd>
          </div>
        ))}
      </dl>
      <h3>{t('matched')}</h3>
      {view.messages.length === 0 ? <p className="ink2">{t('noMatch')}</p> : null}
      <dl className="role-list">
        {view.messages.map((each, at) => (
          <div key={`${each.id} ${at}`}>
            <dt>
              <bdi>{each.id}</bdi>
            </dt>
            <dd>
              <div>
                <bdi>{each.msg}</bdi>
              </div>
              <div className="mono ink2">
                <bdi>{each.var}</bdi>
              </div>
              {each.data === '' ? null : (
                <div className="mono">
                  <mark>
                    <bdi>{each.data}</bdi>
                  </mark>
                </div>
              )}
              {isRule(each.id) && isExcludable(each.var) && view.path !== '' ? (
                <button
                  type="button"
                  className="btn sm"
                  aria-pressed={chosenAt === at}
                  onClick={() => setChosenAt(chosenAt === at ? undefined : at)}
                >
                  {t('exclude')}
                </button>
              ) : null}
            </dd>
          </div>
        ))}
      </dl>
      {view.messages.length === 0 ? null : <Verdict reference={view.reference} />}
      {chosen === undefined ? null : (
        <ExclusionDraft what={{ rule: chosen.id, path: view.path, variable: chosen.var }} reference={view.reference} now={now} />
      )}
    </>
  )
}
