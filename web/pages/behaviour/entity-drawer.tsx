import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { EntityProfile } from '../../../src/detect/behaviour/schema.ts'
import { profileQuery } from '../../api/queries.ts'
import { HoursChart, VolumeChart } from '../../components/behaviour/charts.tsx'
import { figureOf, Signals } from '../../components/behaviour/signals.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { Icon } from '../../components/icon.tsx'
import { ProblemNote } from '../../components/problem-note.tsx'
import { useFormat } from '../../components/use-format.ts'

const LEARNING_DAYS = 7

/** One user or host: what is odd about it now, and what it usually does. */
export function EntityDrawer({ kind, name, onClose }: { kind: 'user' | 'host'; name: string; onClose: () => void }): ReactNode {
  const { t } = useTranslation('behaviour')
  const { t: common } = useTranslation()
  const { data, error, refetch } = useQuery(profileQuery(kind, name))
  const field = kind === 'user' ? 'user.name' : 'host.name'
  return (
    <Dialog label={name} className="slide" onClose={onClose}>
      <div className="slide-h">
        <div className="grow">
          <h2>{name}</h2>
          <p className="label">{t(`kind.${kind}`)}</p>
        </div>
        <Link className="btn sm" to="/timeline" search={{ q: `${field}:"${name.replace(/["\\]/g, '\\$&')}"` }}>
          <Icon name="timeline" small />
          {t('drawer.alerts')}
        </Link>
        <button type="button" className="btn sm quiet square" aria-label={common('close')} onClick={onClose}>
          <Icon name="close" />
        </button>
      </div>
      <div className="slide-b">
        {error === null ? null : <ProblemNote error={error} retry={() => void refetch()} />}
        {data === undefined ? null : <Profile profile={data} />}
      </div>
    </Dialog>
  )
}

function Profile({ profile }: { profile: EntityProfile }): ReactNode {
  const { t } = useTranslation('behaviour')
  const format = useFormat()
  const { days, learning, hours, signals } = profile
  return (
    <>
      <p className="sec ink2">
        {learning ? t('drawer.learning', { days, least: LEARNING_DAYS }) : t('drawer.known', { days })}
        {profile.peers === '' ? null : `${format.lang === 'ja' ? '。' : '; '}${t('drawer.peers', { peers: profile.peers })}`}
      </p>
      <div className="sec">
        <h3>
          {t('why')}
          <span className="label num">{format.decimal(profile.score, 1)}</span>
        </h3>
        {signals.length === 0 ? <p className="dim">{t('drawer.nothingOdd')}</p> : <Signals signals={signals} />}
      </div>
      <div className="sec">
        <h3>{t('drawer.hours')}</h3>
        <div className="hours-2">
          {(['working', 'weekend'] as const).map((part) => (
            <div key={part}>
              <span className="label">{t(`drawer.${part}`)}</span>
              <HoursChart
                shares={hours[part]}
                label={t('chart.hours', { values: hours[part].map((share) => format.percent(share * 100)).join(', ') })}
              />
            </div>
          ))}
        </div>
      </div>
      {profile.volumes.length === 0 ? null : (
        <div className="sec">
          <h3>{t('drawer.volumes')}</h3>
          <ul className="odd">
            {profile.volumes.map((volume) => (
              <Volume key={volume.feature} volume={volume} />
            ))}
          </ul>
        </div>
      )}
      <div className="sec">
        <h3>{t('drawer.values')}</h3>
        {profile.values.map(({ feature, values, count }) => (
          <div key={feature} className="known-v">
            <b>{t(`feature.${feature}`)}</b> <span className="label num">{t('drawer.valuesCount', { count })}</span>
            <div className="chips">
              {values.map(({ value, days }) => (
                <span key={value} className="chip mono">
                  {value} <span className="dim num">{t('drawer.days', { days })}</span>
                </span>
              ))}
            </div>
          </div>
        ))}
      </div>
      <p className="label">{t('drawer.kept')}</p>
    </>
  )
}

function Volume({ volume }: { volume: EntityProfile['volumes'][number] }): ReactNode {
  const { t } = useTranslation('behaviour')
  const format = useFormat()
  const { feature, unit, low, high, days, today } = volume
  const figure = figureOf(format, unit)
  const usual =
    low === high ? t('drawer.usuallySame', { low: figure(low) }) : t('drawer.usually', { low: figure(low), high: figure(high) })
  return (
    <li>
      <div className="odd-t">
        <b>{t(`feature.${feature}`)}</b>
        <p className="num">{usual}</p>
        <span className="label num">
          {t('chart.today')} {figure(today)}
        </span>
      </div>
      <VolumeChart
        days={days}
        now={today}
        low={low}
        high={high}
        label={t('chart.volume', { values: days.map(figure).join(', '), now: figure(today) })}
      />
    </li>
  )
}
