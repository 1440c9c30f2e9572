import type { ReactNode } from 'react'

const PAD = 3

export interface SparkShape {
  /** Path of the readings; broken where a reading is missing. */
  readonly line: string
  /** Rectangles over missing readings: hatched, never interpolated. */
  readonly gaps: readonly { readonly x: number; readonly width: number }[]
  readonly last: { readonly x: number; readonly y: number } | undefined
  readonly targetY: number | undefined
}

/** Places readings (null: none could be taken) and a target in a box; the target is always inside the scale. */
export function sparkShape(
  values: readonly (number | null)[],
  target: number | undefined,
  width: number,
  height: number,
): SparkShape {
  const known = values.filter((value) => value !== null)
  const inScale = target === undefined ? known : [...known, target]
  const low = Math.min(...inScale)
  const high = Math.max(...inScale)
  const range = high - low
  const right = width - 4
  const x = (index: number): number => (values.length < 2 ? right : 2 + (index / (values.length - 1)) * (right - 2))
  const y = (value: number): number => (range === 0 ? height / 2 : height - PAD - ((value - low) / range) * (height - 2 * PAD))
  const step = values.length < 2 ? 0 : (right - 2) / (values.length - 1)
  let line = ''
  let pen = false
  let last: SparkShape['last']
  const gaps: { x: number; width: number }[] = []
  values.forEach((value, index) => {
    if (value === null) {
      // From the last reading on, and half-way to the next one: what lies between is not known.
      const from = index === 0 ? 0 : pen ? x(index) - step + 3 : x(index) - step / 2
      const to = index === values.length - 1 ? width : x(index) + step / 2
      const before = gaps.at(-1)
      if (before !== undefined && before.x + before.width >= from - 0.1) before.width = to - before.x
      else gaps.push({ x: from, width: to - from })
      pen = false
      return
    }
    line += `${pen ? 'L' : 'M'}${x(index).toFixed(1)} ${y(value).toFixed(1)}`
    pen = true
    last = { x: x(index), y: y(value) }
  })
  return { line, gaps, last, targetY: target === undefined || inScale.length === 0 ? undefined : y(target) }
}

/** A trend without axes. Decoration beside its figure: the figure is the text. */
export function Sparkline({
  values,
  target,
  width = 112,
  height = 18,
}: {
  values: readonly (number | null)[]
  target?: number | undefined
  width?: number
  height?: number
}): ReactNode {
  if (values.length === 0) return <svg className="spark" width={width} height={height} aria-hidden="true" />
  const shape = sparkShape(values, target, width, height)
  return (
    <svg className="spark" width={width} height={height} viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
      {shape.targetY === undefined ? null : <path className="t" d={`M0 ${shape.targetY.toFixed(1)}H${width}`} />}
      {shape.gaps.map((gap) => (
        <path
          key={gap.x}
          className="gap"
          d={`M${gap.x.toFixed(1)} 1H${(gap.x + gap.width).toFixed(1)}V${height - 1}H${gap.x.toFixed(1)}z`}
        />
      ))}
      <path d={shape.line} />
      {shape.last === undefined ? null : <circle cx={shape.last.x.toFixed(1)} cy={shape.last.y.toFixed(1)} r="1.8" />}
    </svg>
  )
}
