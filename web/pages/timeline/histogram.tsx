import { type PointerEvent, type ReactNode, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { HistogramReply } from '../../../src/server/schema.ts'
import { useFormat } from '../../components/use-format.ts'
import type { Window } from './window.ts'

const WIDTH = 1000
const HEIGHT = 84
const SMALLEST_BRUSH = 6
const DAY = 86_400_000

/** Events over the window. Drag to zoom into a span; the table behind it does the same by keyboard. */
export function Histogram({
  reply,
  window,
  onZoom,
}: {
  reply: HistogramReply
  window: Window
  onZoom: (window: Window) => void
}): ReactNode {
  const { t } = useTranslation('timeline')
  const { t: common } = useTranslation()
  const format = useFormat()
  const svg = useRef<SVGSVGElement>(null)
  const [brush, setBrush] = useState<readonly [number, number] | undefined>()
  const from = Date.parse(window.from)
  const to = Date.parse(window.to)
  const buckets = reply.buckets
  const width = WIDTH / Math.max(1, buckets.length)
  const most = Math.max(1, ...buckets.map((bucket) => bucket.count))
  const stepMs = (to - from) / Math.max(1, buckets.length)
  const span = to - from
  const label = (at: number): string => {
    if (span > 300 * DAY) return format.date(at)
    if (span > 2 * DAY) return t('dayAndMinute', { day: format.day(at), minute: format.minute(at) })
    return span < 600_000 ? format.time(at) : format.minute(at)
  }

  const place = (event: PointerEvent): number => {
    const box = svg.current?.getBoundingClientRect()
    return box === undefined ? 0 : Math.min(WIDTH, Math.max(0, ((event.clientX - box.left) / box.width) * WIDTH))
  }
  const zoom = (a: number, b: number): void =>
    onZoom({ from: new Date(Math.round(a)).toISOString(), to: new Date(Math.round(b)).toISOString() })
  const end = (): void => {
    if (brush !== undefined && Math.abs(brush[1] - brush[0]) >= SMALLEST_BRUSH) {
      const [a, b] = brush[0] < brush[1] ? brush : [brush[1], brush[0]]
      zoom(from + (a / WIDTH) * (to - from), from + (b / WIDTH) * (to - from))
    }
    setBrush(undefined)
  }

  return (
    <>
      <svg
        ref={svg}
        className="histo"
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={t('histogram', { count: reply.total })}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId)
          const at = place(event)
          setBrush([at, at])
        }}
        onPointerMove={(event) => {
          if (brush !== undefined) setBrush([brush[0], place(event)])
        }}
        onPointerUp={end}
        onPointerCancel={() => setBrush(undefined)}
      >
        {buckets.map((bucket, index) => {
          const size = bucket.count === 0 ? 0 : Math.max(1.5, (bucket.count / most) * (HEIGHT - 8))
          return (
            <g key={bucket.at}>
              <title>{`${format.dateTime(bucket.at)}: ${format.count(bucket.count)}`}</title>
              <rect className="hit-area" x={index * width} y="0" width={width} height={HEIGHT} fill="transparent" />
              <rect className="b" x={index * width + width * 0.12} y={HEIGHT - size} width={width * 0.76} height={size} />
            </g>
          )
        })}
        <path d={`M0 ${HEIGHT - 0.5}H${WIDTH}`} stroke="var(--line-2)" vectorEffect="non-scaling-stroke" />
        {brush === undefined ? null : (
          <rect className="brush" x={Math.min(...brush)} y="0" width={Math.abs(brush[1] - brush[0])} height={HEIGHT} />
        )}
      </svg>
      <div className="histo-x num" aria-hidden="true">
        {[0, 0.25, 0.5, 0.75, 1].map((share) => (
          <span key={share}>{label(from + share * (to - from))}</span>
        ))}
      </div>
      <details className="table">
        <summary>{common('table')}</summary>
        <div className="table-well">
          <table>
            <tbody>
              {buckets.map((bucket) =>
                bucket.count === 0 ? null : (
                  <tr key={bucket.at}>
                    <td className="num">
                      <button
                        type="button"
                        className="link"
                        onClick={() => zoom(Date.parse(bucket.at), Date.parse(bucket.at) + stepMs)}
                      >
                        {format.dateTime(bucket.at)}
                      </button>
                    </td>
                    <td className="num">{format.count(bucket.count)}</td>
                  </tr>
                ),
              )}
            </tbody>
          </table>
        </div>
      </details>
    </>
  )
}
