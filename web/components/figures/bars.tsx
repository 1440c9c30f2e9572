import type { ReactNode } from 'react'

/** A row of small bars, scaled to the largest; zero keeps its place as a hairline. */
export function MiniBars({
  values,
  width,
  height,
  label,
  className = 'mini',
}: {
  values: readonly number[]
  width: number
  height: number
  label?: string
  className?: string
}): ReactNode {
  const most = Math.max(1, ...values)
  const step = width / Math.max(1, values.length)
  const bar = Math.max(1, step * 0.62)
  return (
    // biome-ignore lint/a11y/noSvgWithoutTitle: named by aria-label, or hidden where the figure stands beside it.
    <svg
      className={className}
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      {...(label === undefined ? { 'aria-hidden': true } : { role: 'img', 'aria-label': label })}
    >
      {values.map((value, index) => {
        const size = value === 0 ? 0.8 : Math.max(1.5, (value / most) * (height - 1))
        return (
          <rect
            key={index}
            x={(index * step).toFixed(2)}
            y={(height - size).toFixed(2)}
            width={bar.toFixed(2)}
            height={size.toFixed(2)}
            fill={value === 0 ? 'var(--ink-4)' : 'var(--viz-1)'}
            opacity={value === 0 ? 0.7 : 0.85}
          />
        )
      })}
    </svg>
  )
}

/** One stroke an objective: ink for met, vermilion for missed, outline for no evidence. */
export function Tally({
  met,
  missed,
  gone,
  label,
  start = false,
}: {
  met: number
  missed: number
  gone: number
  label: string
  start?: boolean
}): ReactNode {
  const total = met + missed + gone
  if (total === 0) return null
  const step = Math.min(4.6, 110 / total)
  const width = step * 0.7
  const whole = start ? Math.ceil(total * step) : 110
  return (
    <svg width={whole} height="10" viewBox={`0 0 ${whole} 10`} role="img" aria-label={label}>
      {Array.from({ length: total }, (_, index) => {
        const fill = index < met ? 'var(--ink-2)' : index < met + missed ? 'var(--shu-text)' : 'none'
        return (
          <rect
            key={index}
            x={((start ? 0 : 110 - total * step) + index * step).toFixed(1)}
            y=".5"
            width={width.toFixed(2)}
            height="9"
            rx=".6"
            fill={fill}
            stroke={index < met + missed ? 'none' : 'var(--gone-line)'}
            strokeWidth=".9"
          />
        )
      })}
    </svg>
  )
}
