import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { EntryProofView } from '../../../src/prove/schema.ts'

const WIDTH = 760
const LEFT = 62
const RIGHT = 704
/** A log tile covers eight levels of the tree. */
const TILE_LEVELS = 8

const hex = (base64: string): string => [...atob(base64)].map((char) => char.charCodeAt(0).toString(16).padStart(2, '0')).join('')

/** Leaf left, root right, one dot a hash; siblings above (right) or below (left); bands are the log's tiles. */
export function ProofPath({ entry, proved }: { entry: EntryProofView; proved: boolean }): ReactNode {
  const { t } = useTranslation('evidence')
  const steps = entry.proof
  const x = (step: number): number => LEFT + (steps.length === 0 ? 0 : (step / steps.length) * (RIGHT - LEFT))
  const y = (step: number): number => 112 - (steps.length === 0 ? 0 : (step / steps.length) * 76)
  const line = Array.from(
    { length: steps.length + 1 },
    (_, step) => `${step === 0 ? 'M' : 'L'}${x(step).toFixed(1)} ${y(step).toFixed(1)}`,
  ).join('')
  const bands = entry.tiles.map((tile, index) => {
    const first = steps.findIndex((step) => Math.floor(step.level / TILE_LEVELS) >= tile.level)
    const next = steps.findIndex((step) => Math.floor(step.level / TILE_LEVELS) > tile.level)
    const from = first < 0 ? steps.length : first
    const to = next < 0 ? steps.length : next
    const last = index === entry.tiles.length - 1
    return { tile, x: x(from) - (index === 0 ? 14 : -4), to: last ? x(steps.length) - 20 : x(to) }
  })
  return (
    <svg className="path" viewBox={`0 0 ${WIDTH} 166`} role="img" aria-label={t('path.label', { count: steps.length })}>
      {bands.map((band) =>
        band.to - band.x < 8 ? null : (
          <g key={band.tile.path}>
            <rect x={band.x} y="4" width={band.to - band.x} height="140" rx="4" fill="var(--paper-sunken)" opacity=".75" />
            <text className="s" x={band.x + 2} y="160">
              {band.to - band.x > 60 ? t('path.tile', { level: band.tile.level, index: band.tile.index }) : ''}
            </text>
          </g>
        ),
      )}
      {steps.map((step, index) => {
        const up = step.side === 'right'
        const sx = x(index)
        const sy = y(index) + (up ? -22 : 22)
        return (
          <g key={`${step.level}-${step.from}`}>
            <path
              d={`M${sx.toFixed(1)} ${sy.toFixed(1)}L${x(index + 1).toFixed(1)} ${y(index + 1).toFixed(1)}`}
              stroke="var(--line-3)"
            />
            <rect
              x={sx - 3.5}
              y={sy - 3.5}
              width="7"
              height="7"
              rx="1"
              fill="var(--paper-raised)"
              stroke="var(--line-3)"
              strokeWidth="1.2"
            >
              <title>
                {t('path.sibling', { level: step.level, side: t(`path.${step.side}`), hash: hex(step.hash).slice(0, 16) })}
              </title>
            </rect>
          </g>
        )
      })}
      <path d={line} fill="none" stroke="var(--ink-1)" strokeWidth="1.8" />
      {steps.slice(0, -1).map((step, index) => (
        <circle
          key={`${step.level}-${step.to}`}
          cx={x(index + 1).toFixed(1)}
          cy={y(index + 1).toFixed(1)}
          r="3.2"
          fill="var(--ink-1)"
          stroke="var(--paper-raised)"
        />
      ))}
      <circle cx={LEFT} cy={y(0)} r="8" fill="var(--paper-raised)" stroke="var(--ink-1)" strokeWidth="1.8" />
      <circle cx={LEFT} cy={y(0)} r="3.5" fill="var(--ink-1)" />
      <text className="s" x="0" y={y(0) + 4}>
        {t('path.leaf')}
      </text>
      <text className="m" x="0" y={y(0) + 20}>
        {hex(entry.leaf).slice(0, 6)}
      </text>
      {steps.length === 0 ? null : (
        <>
          <rect
            x={RIGHT - 8}
            y={y(steps.length) - 8}
            width="16"
            height="16"
            rx="2"
            fill={proved ? 'var(--ink-1)' : 'var(--paper-raised)'}
            stroke="var(--ink-1)"
            strokeWidth="1.6"
          />
          {proved ? (
            <path d={`m${RIGHT - 4} ${y(steps.length)} 3 3 5-6`} stroke="var(--on-ink)" strokeWidth="1.6" fill="none" />
          ) : null}
        </>
      )}
      <text className="s" x={WIDTH} y="66" textAnchor="end">
        {t('path.root')}
      </text>
      <text className="m" x={WIDTH} y="82" textAnchor="end">
        {hex(entry.root).slice(0, 6)}
      </text>
    </svg>
  )
}

/** The same path as numbers, for those who compare. */
export function HashTable({ entry }: { entry: EntryProofView }): ReactNode {
  const { t } = useTranslation('evidence')
  return (
    <div className="hashes">
      <table>
        <tbody>
          <tr>
            <td>{t('path.leaf')}</td>
            <td />
            <td>{hex(entry.leaf)}</td>
          </tr>
          {entry.proof.map((step) => (
            <tr key={`${step.level}-${step.from}`}>
              <td>{step.level}</td>
              <td>{t(`path.${step.side}`)}</td>
              <td>{hex(step.hash)}</td>
            </tr>
          ))}
          <tr>
            <td>{t('path.root')}</td>
            <td />
            <td>{hex(entry.root)}</td>
          </tr>
        </tbody>
      </table>
    </div>
  )
}
