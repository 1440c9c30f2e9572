import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { SignalView } from '../../../src/detect/behaviour/schema.ts'
import { useFormat } from '../use-format.ts'
import { HoursChart, VolumeChart } from './charts.tsx'

/** What is odd, in words, each with the small chart that shows it. */
export function Signals({ signals }: { signals: readonly SignalView[] }): ReactNode {
  const { t } = useTranslation('behaviour')
  const format = useFormat()
  const sentence = useSentence()
  return (
    <ul className="odd">
      {signals.map((signal) => (
        <li key={signal.feature}>
          <div className="odd-t">
            <b>{t(`feature.${signal.feature}`)}</b>
            <p>{sentence(signal)}</p>
            <span className="label num">
              {t('worth', { score: format.decimal(signal.score, 1) })} ·{' '}
              <Link to="/timeline" search={{ event: signal.event }}>
                {format.dateTime(signal.at)}
              </Link>
            </span>
          </div>
          <Chart signal={signal} />
        </li>
      ))}
    </ul>
  )
}

function Chart({ signal }: { signal: SignalView }): ReactNode {
  const { t } = useTranslation('behaviour')
  const format = useFormat()
  if (signal.type === 'volume') {
    const figure = figureOf(format, signal.unit)
    const label = t('chart.volume', { values: signal.days.map(figure).join(', '), now: figure(signal.now) })
    return <VolumeChart days={signal.days} now={signal.now} low={signal.low} high={signal.high} label={label} />
  }
  if (signal.type === 'hours') {
    const label = t('chart.hours', { values: signal.hours.map((days) => format.decimal(days, 1)).join(', ') })
    return <HoursChart shares={signal.hours} hour={signal.hour} label={label} />
  }
  return signal.type === 'new' && signal.usual.length > 0 ? (
    <ul className="usual-v" aria-label={t('chart.usual')}>
      {signal.usual.slice(0, 4).map((value) => (
        <li key={value} className="mono">
          {value}
        </li>
      ))}
    </ul>
  ) : null
}

type Formats = ReturnType<typeof useFormat>

export function figureOf(format: Formats, unit: 'count' | 'bytes'): (value: number) => string {
  return (value) => (unit === 'bytes' ? format.bytes(value) : format.count(Math.round(value)))
}

/** “usually 3–7 a day, today 64”, in the reader's language. */
export function useSentence(): (signal: SignalView) => string {
  const { t } = useTranslation('behaviour')
  const format = useFormat()
  return (signal) => {
    switch (signal.type) {
      case 'new': {
        const others = signal.others === 0 ? t('signal.newNobody') : t('signal.newOthers', { count: signal.others })
        return [
          t('signal.new', { value: signal.value }),
          ...(signal.count > 1 ? [t('signal.newMore', { count: signal.count })] : []),
          others,
        ].join(format.lang === 'ja' ? '。' : '; ')
      }
      case 'rare':
        return t('signal.rare', { value: signal.value, days: signal.days })
      case 'volume': {
        const figure = figureOf(format, signal.unit)
        const [low, high, now] = [figure(signal.low), figure(signal.high), figure(signal.now)]
        if (signal.peers === true) return t('signal.volumePeers', { low, high, now })
        return low === high ? t('signal.volumeSame', { low, now }) : t('signal.volume', { low, high, now })
      }
      case 'hours':
        return t('signal.hours', {
          hour: String(signal.hour).padStart(2, '0'),
          share: format.percent(signal.share * 100),
          kind: signal.weekend ? 'weekend' : 'working',
        })
      case 'travel':
        return t('signal.travel', {
          from: signal.from,
          to: signal.to,
          km: signal.km,
          kmh: signal.kmh,
          time: format.duration(signal.minutes * 60),
        })
    }
  }
}
