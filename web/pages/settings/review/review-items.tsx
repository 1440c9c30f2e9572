import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { type Decision, decideReplySchema, type ReviewItemView, type ReviewView } from '../../../../src/access/reviews/schema.ts'
import type { Role } from '../../../../src/access/schema.ts'
import { call } from '../../../api/client.ts'
import { reviewQuery } from '../../../api/house-queries.ts'
import { DeedButton } from '../../../components/deed-button.tsx'
import { useKeys } from '../../../components/keys.ts'
import { useNotice } from '../../../components/notice.tsx'
import { ProblemNote } from '../../../components/problem-note.tsx'
import { Segmented } from '../../../components/segmented.tsx'
import { useMay } from '../../../components/session.ts'
import { DecideBar } from './decide-bar.tsx'
import { ItemRow } from './item-row.tsx'

type Show = 'waiting' | 'decided' | 'all'

/** The list to decide about; one by one or several at once, by key or by button. */
export function ReviewItems({
  review,
  show,
  onShow,
}: {
  review: ReviewView
  show: Show
  onShow: (show: Show) => void
}): ReactNode {
  const { t } = useTranslation('review')
  const { t: common } = useTranslation()
  const may = useMay()
  const client = useQueryClient()
  const notice = useNotice()
  const { data, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = useInfiniteQuery(reviewQuery(review.id, show))
  const items = data?.pages.flatMap((page) => page.items) ?? []
  const [here, setHere] = useState<string | undefined>()
  const [picked, setPicked] = useState<ReadonlySet<string>>(new Set())
  const [note, setNote] = useState('')
  // Until somebody moves: the first that this person may decide about.
  const found = items.findIndex(({ id, canDecide }) => (here === undefined ? canDecide : id === here))
  const at = Math.max(0, found)
  const current = items[at]
  const decides = review.state === 'open' && may('access:write')
  const chosen = picked.size > 0 ? items.filter(({ id }) => picked.has(id)) : current === undefined ? [] : [current]
  const open = chosen.filter(({ canDecide }) => canDecide)

  const decide = useMutation({
    mutationFn: (said: { decision: Decision; role?: Role }) =>
      call(decideReplySchema, `/api/v1/reviews/${review.id}/decide`, {
        method: 'POST',
        body: { items: open.map(({ id }) => id), note: note.trim(), ...said },
      }),
    onSuccess: async (reply, said) => {
      const next = items.slice(at + 1).find(({ id }) => !open.some((one) => one.id === id))
      setHere(next?.id)
      setPicked(new Set())
      setNote('')
      notice({ text: t(`said.${said.decision}`, { count: open.length }) })
      await Promise.all(['reviews', 'people', 'tokens', 'overview'].map((key) => client.invalidateQueries({ queryKey: [key] })))
      if (reply.review.state === 'finished') notice({ text: t('nowFinished'), sticky: true })
    },
  })
  const toggle = (id: string): void =>
    setPicked((before) => (before.has(id) ? new Set([...before].filter((one) => one !== id)) : new Set([...before, id])))
  // Removing takes effect at once and has no way back: it is asked for twice, about the same.
  const about = open.map(({ id }) => id).join(' ')
  const [asked, setAsked] = useState<string | undefined>()
  const sure = about !== '' && asked === about
  const say = (said: { decision: Decision; role?: Role }): void => {
    if (!decides || open.length === 0 || decide.isPending) return
    if (said.decision === 'remove' && !sure) setAsked(about)
    else decide.mutate(said)
  }
  const move = (by: number): void => setHere(items[Math.min(items.length - 1, Math.max(0, at + by))]?.id)
  useKeys({
    j: () => move(1),
    k: () => move(-1),
    x: () => (current === undefined ? undefined : toggle(current.id)),
    e: () => say({ decision: 'keep' }),
    d: () => say({ decision: 'remove' }),
    ...(sure ? { escape: () => setAsked(undefined) } : {}),
    c: () => document.getElementById('review-role')?.focus(),
    '/': () => document.getElementById('review-note')?.focus(),
  })
  return (
    <>
      <div className="filters in-sheet">
        <Segmented
          label={t('which')}
          value={show}
          choices={(['waiting', 'decided', 'all'] as const).map((value) => ({ value, label: t(`show.${value}`) }))}
          onChange={onShow}
        />
        {decides ? <span className="label end">{t('keys')}</span> : null}
      </div>
      {error === null ? null : <ProblemNote error={error} retry={() => void refetch()} />}
      {data !== undefined && items.length === 0 ? <p className="chart-p dim">{t(`none.${show}`)}</p> : null}
      {items.length === 0 ? null : (
        <Items items={items} current={current?.id} picked={picked} decides={decides} onHere={setHere} onPick={toggle} />
      )}
      {hasNextPage ? (
        <div className="more">
          <DeedButton type="button" className="btn sm" busy={isFetchingNextPage} onClick={() => void fetchNextPage()}>
            {common('more')}
          </DeedButton>
        </div>
      ) : null}
      {decides && items.length > 0 ? (
        <>
          {decide.error === null ? null : <ProblemNote error={decide.error} />}
          <DecideBar
            chosen={chosen}
            open={open}
            note={note}
            pending={decide.isPending}
            onNote={setNote}
            sure={sure}
            onDecide={say}
          />
        </>
      ) : null}
    </>
  )
}

function Items({
  items,
  current,
  picked,
  decides,
  onHere,
  onPick,
}: {
  items: readonly ReviewItemView[]
  current: string | undefined
  picked: ReadonlySet<string>
  decides: boolean
  onHere: (id: string) => void
  onPick: (id: string) => void
}): ReactNode {
  const { t } = useTranslation('review')
  return (
    <table className="srcs">
      <thead>
        <tr>
          {decides ? (
            <th>
              <span className="sr">{t('col.pick')}</span>
            </th>
          ) : null}
          <th>{t('col.who')}</th>
          <th>{t('col.may')}</th>
          <th className="x">{t('col.used')}</th>
          <th>{t('col.decision')}</th>
        </tr>
      </thead>
      <tbody>
        {items.map((item) => (
          <ItemRow
            key={item.id}
            item={item}
            current={item.id === current}
            picked={picked.has(item.id)}
            decides={decides}
            onHere={() => onHere(item.id)}
            onPick={() => onPick(item.id)}
          />
        ))}
      </tbody>
    </table>
  )
}
