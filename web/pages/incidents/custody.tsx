import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { IncidentDetail } from '../../../src/respond/incidents/schema.ts'
import { artefactsQuery } from '../../api/artefacts.ts'
import { incidentsQuery } from '../../api/incidents.ts'
import { useMay } from '../../components/session.ts'
import { useFormat } from '../../components/use-format.ts'
import { Panel } from '../settings/panel.tsx'
import type { AskedDeed } from './use-deed.ts'

type Act = (asked: AskedDeed, done?: () => void) => void

/** Artefacts under custody that belong to it: each opens to its chain. */
export function Custody({ incident, act }: { incident: IncidentDetail; act: Act | undefined }): ReactNode {
  const { t } = useTranslation('incidents')
  const format = useFormat()
  const may = useMay()
  const [choosing, setChoosing] = useState(false)
  return (
    <Panel
      title={t('custody.title')}
      end={
        act === undefined || !may('artefacts:read') || choosing ? undefined : (
          <button type="button" className="btn sm" onClick={() => setChoosing(true)}>
            {t('custody.attach')}
          </button>
        )
      }
    >
      {incident.artefacts.length === 0 && !choosing ? <p className="dim">{t('custody.none')}</p> : null}
      <ul className="rows">
        {incident.artefacts.map(({ id, name, sha256, added, by }) => (
          <li key={id}>
            <span className="grow">
              <Link className="tablink" to="/evidence" search={{ artefact: id }}>
                <bdi>{name}</bdi>
              </Link>
              <span className="label block mono" title={sha256}>
                SHA-256 {sha256.slice(0, 16)}…
              </span>
            </span>
            <span className="label">
              {by} · {format.dateTime(added)}
            </span>
          </li>
        ))}
      </ul>
      {choosing && act !== undefined ? (
        <ChooseArtefact
          taken={incident.artefacts.map(({ id }) => id)}
          onChoose={(artefact) => act({ do: 'artefact', artefact }, () => setChoosing(false))}
        />
      ) : null}
    </Panel>
  )
}

function ChooseArtefact({ taken, onChoose }: { taken: readonly string[]; onChoose: (id: string) => void }): ReactNode {
  const { t } = useTranslation('incidents')
  const { data } = useInfiniteQuery(artefactsQuery)
  const free = (data?.pages ?? [])
    .flatMap(({ items }) => items)
    .filter(({ id, removed }) => removed === null && !taken.includes(id))
  if (data !== undefined && free.length === 0) return <p className="dim">{t('custody.noneFree')}</p>
  return (
    <select className="input" aria-label={t('custody.choose')} defaultValue="" onChange={(event) => onChoose(event.target.value)}>
      <option value="" disabled>
        {t('custody.choose')}
      </option>
      {free.map(({ id, name }) => (
        <option key={id} value={id}>
          {name}
        </option>
      ))}
    </select>
  )
}

/** What belongs together, and into which of two the work goes on. */
export function Links({ incident, act }: { incident: IncidentDetail; act: Act | undefined }): ReactNode {
  const { t } = useTranslation('incidents')
  const format = useFormat()
  const [choosing, setChoosing] = useState<'link' | 'merge' | null>(null)
  if (incident.links.length === 0 && act === undefined) return null
  return (
    <Panel title={t('links.title')}>
      {incident.links.length === 0 ? null : (
        <ul className="rows">
          {incident.links.map(({ id, number, title, titleJa, state }) => (
            <li key={id}>
              <Link className="tablink grow" to="/incidents" search={{ incident: id }}>
                INC-{number} <bdi>{format.text({ en: title, ja: titleJa })}</bdi>
              </Link>
              <span className="label">{t(`state.${state}`)}</span>
            </li>
          ))}
        </ul>
      )}
      {act === undefined ? null : choosing === null ? (
        <div className="row">
          <button type="button" className="btn sm" onClick={() => setChoosing('link')}>
            {t('links.link')}
          </button>
          {incident.state === 'open' ? (
            <button type="button" className="btn sm" onClick={() => setChoosing('merge')}>
              {t('links.merge')}
            </button>
          ) : null}
        </div>
      ) : (
        <ChooseIncident
          own={incident.id}
          label={t(choosing === 'link' ? 'links.linkWith' : 'links.mergeInto')}
          open={choosing === 'merge'}
          onChoose={(id) =>
            act(choosing === 'link' ? { do: 'link', incident: id } : { do: 'merge', into: id }, () => setChoosing(null))
          }
        />
      )}
    </Panel>
  )
}

function ChooseIncident({
  own,
  label,
  open,
  onChoose,
}: {
  own: string
  label: string
  open: boolean
  onChoose: (id: string) => void
}): ReactNode {
  const format = useFormat()
  const { data } = useInfiniteQuery(incidentsQuery({ state: open ? 'open' : 'all', exercises: 'with' }))
  const others = (data?.pages ?? [])
    .flatMap(({ incidents }) => incidents)
    .filter(({ id, state }) => id !== own && state !== 'merged')
  return (
    <select className="input" aria-label={label} defaultValue="" onChange={(event) => onChoose(event.target.value)}>
      <option value="" disabled>
        {label}
      </option>
      {others.map(({ id, number, title, titleJa }) => (
        <option key={id} value={id}>
          INC-{number} {format.text({ en: title, ja: titleJa })}
        </option>
      ))}
    </select>
  )
}
