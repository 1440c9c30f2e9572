import type { ReactNode } from 'react'

const WIDTH = 220
const HEIGHT = 44

/** Day totals as bars with the band of what is usual behind them; the last one is the day in question. */
export function VolumeChart({
  days,
  now,
  low,
  high,
  label,
}: {
  days: readonly number[]
  now: number
  low: number
  high: number
  label: string
}): ReactNode {
  const values = [...days.slice(-27), now]
  const most = Math.max(1, high, ...values)
  const step = WIDTH / Math.max(8, values.length)
  // By square roots: what is usual must be seen beside what is not.
  const y = (value: number): number => HEIGHT - 1 - Math.sqrt(value / most) * (HEIGHT - 3)
  const from = WIDTH - values.length * step
  return (
    <svg className="usual" width={WIDTH} height={HEIGHT} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={label}>
      <rect
        x="0"
        y={y(high).toFixed(1)}
        width={WIDTH}
        height={Math.max(1, y(low) - y(high)).toFixed(1)}
        fill="var(--viz-1)"
        opacity=".16"
      />
      {values.map((value, at) => (
        <rect
          key={at}
          x={(from + at * step).toFixed(1)}
          y={value === 0 ? HEIGHT - 1 : y(value).toFixed(1)}
          width={(step * 0.64).toFixed(1)}
          height={value === 0 ? 1 : Math.max(1.2, HEIGHT - y(value)).toFixed(1)}
          fill={at === values.length - 1 ? 'var(--ink-1)' : 'var(--viz-1)'}
        />
      ))}
    </svg>
  )
}

/** How often somebody is active in each hour of a day; `hour` is the one in question. */
export function HoursChart({
  shares,
  hour,
  label,
}: {
  shares: readonly number[]
  hour?: number | undefined
  label: string
}): ReactNode {
  const most = Math.max(0.01, ...shares)
  const step = WIDTH / 24
  return (
    <svg className="usual" width={WIDTH} height={HEIGHT} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={label}>
      {shares.map((share, at) => {
        const size = Math.max(1, (share / most) * (HEIGHT - 14))
        return (
          <rect
            key={at}
            x={(at * step).toFixed(1)}
            y={(HEIGHT - 11 - size).toFixed(1)}
            width={(step * 0.7).toFixed(1)}
            height={size.toFixed(1)}
            fill="var(--viz-1)"
            opacity={share === 0 ? 0.35 : 1}
          />
        )
      })}
      {hour === undefined ? null : (
        <rect
          x={(hour * step - 1).toFixed(1)}
          y="1"
          width={(step * 0.7 + 2).toFixed(1)}
          height={HEIGHT - 11}
          fill="none"
          stroke="var(--ink-1)"
          strokeWidth="1.4"
        />
      )}
      {[0, 6, 12, 18].map((at) => (
        <text key={at} x={(at * step).toFixed(1)} y={HEIGHT - 1}>
          {at}
        </text>
      ))}
    </svg>
  )
}
