import type { ReactNode } from 'react'

/**
 * A figure against its limit. Too much: the bar runs past the limit, the excess in vermilion.
 * Too little (`atLeast`): what is missing up to the limit is outlined in vermilion.
 */
export function Overshoot({
  value,
  limit,
  atLeast,
  limitText,
  overText,
  label,
}: {
  value: number
  limit: number
  atLeast: boolean
  limitText: string
  overText: string
  label: string
}): ReactNode {
  const scale = Math.max(value, limit, 1e-9) * 1.04
  const x = (amount: number): number => 2 + (amount / scale) * 326
  const limitX = x(limit)
  const valueX = x(value)
  const labelLeft = limitX > 90
  return (
    <svg className="over" viewBox="0 0 330 58" role="img" aria-label={label}>
      <rect x="2" y="22" width={Math.max(0, Math.min(valueX, limitX) - 2)} height="10" fill="var(--ink-3)" opacity=".45" />
      {atLeast ? (
        <rect
          x={valueX}
          y="22.5"
          width={Math.max(0, limitX - valueX)}
          height="9"
          fill="none"
          stroke="var(--shu-text)"
          strokeDasharray="3 2"
        />
      ) : (
        <rect x={limitX} y="22" width={Math.max(0, valueX - limitX)} height="10" fill="var(--shu-text)" />
      )}
      {[0, 0.25, 0.5, 0.75, 1].map((share) => (
        <path key={share} d={`M${x(limit * share).toFixed(1)} 32v3`} stroke="var(--ink-3)" />
      ))}
      <path d={`M${limitX.toFixed(1)} 16v20`} stroke="var(--ink-1)" strokeWidth="1.5" />
      <text x={labelLeft ? limitX - 4 : limitX + 4} y="13" textAnchor={labelLeft ? 'end' : 'start'}>
        {limitText}
      </text>
      <text className="over-t" x="328" y="52" textAnchor="end">
        {overText}
      </text>
    </svg>
  )
}
