import type { ReactNode } from 'react'

const WIDTH = 112
const HEIGHT = 6

/** Parts of a whole side by side, in percent: ink is met, vermilion missed, hatched not proven. */
export function ShareBar({ met, missed, gone, label }: { met: number; missed: number; gone: number; label: string }): ReactNode {
  const parts = [
    { share: met, fill: 'var(--ink-2)' },
    { share: missed, fill: 'var(--shu-text)' },
    { share: gone, fill: 'url(#hatch)' },
  ]
  let from = 0
  return (
    <svg className="share-bar" width={WIDTH} height={HEIGHT} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={label}>
      {parts.map(({ share, fill }) => {
        const width = (share / 100) * WIDTH
        const x = from
        from += width
        return width === 0 ? null : (
          <rect key={fill} x={x.toFixed(1)} y="0" width={Math.max(1, width).toFixed(1)} height={HEIGHT} fill={fill} />
        )
      })}
      <rect x=".5" y=".5" width={WIDTH - 1} height={HEIGHT - 1} fill="none" stroke="var(--line-3)" />
    </svg>
  )
}
