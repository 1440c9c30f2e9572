import { type ReactNode, useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import type { PlaybookGraph } from '../../../src/respond/playbooks/schema.ts'
import { ScrollArea } from '../../components/scroll-area.tsx'
import { useFormat } from '../../components/use-format.ts'
import { layoutOf, NODE_H, NODE_W } from './layout.ts'

/** How far a step of a run is: what the graph shows by shape, weight and word. */
export type Mark = 'done' | 'wait' | 'fail' | 'plan'

/** A playbook as boxes and arrows. The list beside it (or the text) says the same in words. */
export function Graph({ graph, marks }: { graph: PlaybookGraph; marks?: ReadonlyMap<string, Mark> }): ReactNode {
  const { t } = useTranslation('playbooks')
  const format = useFormat()
  const layout = useMemo(() => layoutOf(graph), [graph])
  const steps = useMemo(() => new Map(graph.steps.map((step) => [step.id, step])), [graph])
  return (
    <ScrollArea className="pb-graph" label={t('graph', { steps: graph.steps.length })}>
      <svg
        width={layout.width}
        height={layout.height}
        viewBox={`0 0 ${layout.width} ${layout.height}`}
        role="img"
        aria-label={t('graph', { steps: graph.steps.length })}
      >
        <defs>
          <marker id="pb-arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
            <path d="M0 0 8 4 0 8z" className="pb-tip" />
          </marker>
        </defs>
        {layout.edges.map((edge) => (
          <g key={`${edge.from} ${edge.kind}`}>
            <path d={edge.path} className={`pb-edge${edge.kind === 'on_failure' ? ' bad' : ''}`} markerEnd="url(#pb-arrow)" />
            {wordOf(edge.kind) === undefined ? null : (
              <text x={edge.x} y={edge.y} className="pb-way">
                {/^cases/.test(edge.kind) ? edge.kind.slice(6) : t(`way.${wordOf(edge.kind) ?? 'on_true'}`)}
              </text>
            )}
          </g>
        ))}
        {layout.nodes.map(({ id, x, y }) => {
          const step = steps.get(id)
          if (step === undefined) return null
          const mark = marks?.get(id)
          const name = format.text(step.name)
          const round = step.type === 'start' || step.type === 'end'
          return (
            <g key={id} className={`pb-node ${step.type}${mark === undefined ? '' : ` ${mark}`}`}>
              <title>{`${name}\n${t(`type.${typeKey(step.type)}`)} ${step.work}`}</title>
              <rect x={x} y={y} width={NODE_W} height={NODE_H} rx={round ? NODE_H / 2 : 5} />
              <text x={x + 12} y={y + 19} className="pb-name">
                {short(name, 24)}
              </text>
              <text x={x + 12} y={y + 35} className="pb-work">
                {short(step.work === '' ? t(`type.${typeKey(step.type)}`) : step.work, 26)}
              </text>
              {mark === undefined ? null : (
                <text x={x + NODE_W - 10} y={y + 20} className="pb-mark">
                  {{ done: '✓', wait: '…', fail: '×', plan: '○' }[mark]}
                </text>
              )}
            </g>
          )
        })}
      </svg>
    </ScrollArea>
  )
}

type Word = 'on_success' | 'on_failure' | 'on_true' | 'on_false'

function wordOf(kind: string): Word | undefined {
  return kind.startsWith('cases')
    ? 'on_true'
    : (['on_success', 'on_failure', 'on_true', 'on_false'] as const).find((one) => one === kind)
}

export type TypeKey = 'start' | 'end' | 'action' | 'playbook' | 'parallel' | 'if' | 'while' | 'switch'

export function typeKey(type: string): TypeKey {
  return (type.split('-', 1)[0] ?? 'action') as TypeKey
}

/** Full-width characters take the room of two. */
function short(text: string, most: number): string {
  let width = 0
  let kept = ''
  for (const sign of text) {
    width += /[ᄀ-￯]/.test(sign) ? 1.75 : 1
    if (width > most) return `${kept}…`
    kept += sign
  }
  return kept
}
