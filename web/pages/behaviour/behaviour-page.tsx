import { useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { BehaviourStatus } from '../../../src/detect/behaviour/schema.ts'
import { behaviourQuery } from '../../api/queries.ts'
import { useSentence } from '../../components/behaviour/signals.tsx'
import { Icon } from '../../components/icon.tsx'
import { ProblemNote } from '../../components/problem-note.tsx'
import { useFormat } from '../../components/use-format.ts'
import { useNow } from '../../components/use-now.ts'
import { EntityDrawer } from './entity-drawer.tsx'

const route = getRouteApi('/house/behaviour')

/** Who behaves unlike before, and what is usual for whom. */
export function BehaviourPage(): ReactNode {
  const { t } = useTranslation('behaviour')
  const { t: common } = useTranslation()
  const search = route.useSearch()
  const navigate = useNavigate({ from: '/behaviour' })
  const { data, error, refetch } = useQuery({ ...behaviourQuery, refetchInterval: 30_000 })
  return (
    <main className="main" id="main">
      <div className="head">
        <div className="grow">
          <h1>{common('room.behaviour')}</h1>
          <p>{data === undefined ? null : t('lead', { hours: data.halfLifeHours })}</p>
        </div>
      </div>
      {error === null ? null : <ProblemNote error={error} retry={() => void refetch()} />}
      {data === undefined ? null : (
        <>
          <Tiles status={data} />
          {data.odd.length === 0 ? (
            <section className="sheet">
              <div className="empty add-first">
                <h2>{t('none')}</h2>
                <p>{t('noneText')}</p>
              </div>
            </section>
          ) : (
            <OddTable status={data} onOpen={(kind, name) => void navigate({ search: { kind, name } })} />
          )}
        </>
      )}
      {search.kind === undefined || search.name === undefined ? null : (
        <EntityDrawer kind={search.kind} name={search.name} onClose={() => void navigate({ search: {} })} />
      )}
    </main>
  )
}

function Tiles({ status }: { status: BehaviourStatus }): ReactNode {
  const { t } = useTranslation('behaviour')
  const format = useFormat()
  const { costs, limits, odd, least } = status
  const tiles = [
    ['entities', status.entities, t('tile.entitiesSub', { days: status.learningDays })],
    ['odd', odd.length, t('tile.oddSub', { count: odd.filter(({ score }) => score >= least).length, least })],
    ['evicted', costs.evicted, t('tile.evictedSub', { limit: limits.entities })],
    ['forgotten', costs.forgotten, t('tile.forgottenSub', { late: costs.late })],
  ] as const
  return (
    <section className="sheet tiles">
      {tiles.map(([name, figure, sub]) => (
        <div key={name} className="tile">
          <span className="label">{t(`tile.${name}`)}</span>
          <div className="fig num">{format.count(figure)}</div>
          <div className="sub">{sub}</div>
        </div>
      ))}
    </section>
  )
}

function OddTable({
  status,
  onOpen,
}: {
  status: BehaviourStatus
  onOpen: (kind: 'user' | 'host', name: string) => void
}): ReactNode {
  const { t } = useTranslation('behaviour')
  const format = useFormat()
  const now = useNow()
  const sentence = useSentence()
  return (
    <section className="sheet">
      <table className="srcs">
        <thead>
          <tr>
            <th>{t('col.entity')}</th>
            <th className="r">{t('col.score')}</th>
            <th>{t('col.why')}</th>
            <th className="r">{t('col.seen')}</th>
          </tr>
        </thead>
        <tbody>
          {status.odd.map(({ kind, name, score, lastSeen, signals }) => (
            <tr key={`${kind} ${name}`} onClick={() => onOpen(kind, name)}>
              <td className="named">
                <button type="button" className="name row" onClick={() => onOpen(kind, name)}>
                  <Icon name={kind} small />
                  {name}
                </button>
              </td>
              <td className="r num">{score >= status.least ? <b>{format.decimal(score, 1)}</b> : format.decimal(score, 1)}</td>
              <td>
                {signals.slice(0, 2).map((signal) => (
                  <div key={signal.feature}>
                    <span className="ink2">{t(`feature.${signal.feature}`)}</span> {sentence(signal)}
                  </div>
                ))}
                {signals.length > 2 ? <span className="label">{t('more', { count: signals.length - 2 })}</span> : null}
              </td>
              <td className="r num">{format.age(lastSeen, now)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}
