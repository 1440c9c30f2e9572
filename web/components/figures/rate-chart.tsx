import { type ReactNode, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { useFormat } from '../use-format.ts'
import { useWidth } from '../use-width.ts'

interface Point {
  readonly at: string
  readonly count: number
}

const HEIGHT = 124
const BOTTOM = 104
const TOP = 16

/** A round number just above the largest value, for the top grid line. */
export function roundUp(value: number): number {
  if (value <= 4) return 4
  const power = 10 ** Math.floor(Math.log10(value))
  return ([1, 2, 2.5, 5, 10].find((step) => step * power >= value) ?? 10) * power
}

/** Events a minute over the last hour: one line, its last point, two grid lines, a table behind it. */
export function RateChart({ series }: { series: readonly Point[] }): ReactNode {
  const { t } = useTranslation('overview')
  const { t: common } = useTranslation()
  const format = useFormat()
  const box = useRef<HTMLDivElement>(null)
  const width = useWidth(box, 400)
  if (series.length < 2) return null
  const most = roundUp(Math.max(...series.map((point) => point.count)))
  const x = (index: number): number => (index / (series.length - 1)) * (width - 4)
  const y = (count: number): number => BOTTOM - (count / most) * (BOTTOM - TOP)
  const line = series
    .map((point, index) => `${index === 0 ? 'M' : 'L'}${x(index).toFixed(1)} ${y(point.count).toFixed(1)}`)
    .join('')
  const last = series.at(-1)
  const total = series.reduce((sum, point) => sum + point.count, 0)
  const marks = [0, Math.floor((series.length - 1) / 2), series.length - 1]
  return (
    <div ref={box}>
      <svg className="chart" viewBox={`0 0 ${width} ${HEIGHT}`} role="img" aria-label={t('ingest.label', { count: total })}>
        {[most, most / 2].map((value) => (
          <g key={value}>
            <path className="grid" d={`M0 ${y(value).toFixed(1)}H${width}`} />
            <text x="0" y={y(value) - 3}>
              {format.count(value)}
            </text>
          </g>
        ))}
        <path className="grid" d={`M0 ${BOTTOM}H${width}`} />
        <path className="area" d={`${line}V${BOTTOM}H0z`} />
        <path className="line" d={line} />
        {last === undefined ? null : <circle className="dotend" cx={x(series.length - 1)} cy={y(last.count)} r="2.6" />}
        {marks.map((index, place) => {
          const point = series[index]
          return point === undefined ? null : (
            <text key={point.at} x={x(index)} y={HEIGHT - 6} textAnchor={place === 0 ? 'start' : place === 1 ? 'middle' : 'end'}>
              {format.minute(point.at)}
            </text>
          )
        })}
      </svg>
      <details className="table">
        <summary>{common('table')}</summary>
        <div className="table-well">
          <table>
            <tbody>
              {series.map((point) => (
                <tr key={point.at}>
                  <td className="num">{format.minute(point.at)}</td>
                  <td className="num">{format.count(point.count)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </div>
  )
}
