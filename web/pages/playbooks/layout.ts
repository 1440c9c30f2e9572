import type { PlaybookGraph } from '../../../src/respond/playbooks/schema.ts'

export const NODE_W = 184
export const NODE_H = 46
const GAP_X = 28
const GAP_Y = 40
const MARGIN = 44

export interface Placed {
  readonly id: string
  readonly x: number
  readonly y: number
}

export interface Edge {
  readonly from: string
  readonly to: string
  readonly kind: string
  readonly path: string
  /** Where its word stands. */
  readonly x: number
  readonly y: number
}

export interface Layout {
  readonly width: number
  readonly height: number
  readonly nodes: readonly Placed[]
  readonly edges: readonly Edge[]
}

/**
 * Puts each step below all that lead to it, those of one rank side by side in the order in which they are written; a way
 * that leads back (a loop) counts for nothing.
 */
export function layoutOf(graph: PlaybookGraph): Layout {
  const steps = new Map(graph.steps.map((step) => [step.id, step]))
  const rank = new Map<string, number>()
  const onWay = new Set<string>()
  const visit = (id: string, depth: number): void => {
    if (onWay.has(id) || (rank.get(id) ?? -1) >= depth) return
    rank.set(id, depth)
    onWay.add(id)
    for (const { to } of steps.get(id)?.ways ?? []) if (steps.has(to)) visit(to, depth + 1)
    onWay.delete(id)
  }
  visit(graph.start, 0)
  // What only an exception leads to stands below everything else.
  for (const { id } of graph.steps) if (!rank.has(id)) visit(id, Math.max(0, ...rank.values()) + 1)
  const rows = Map.groupBy(graph.steps, ({ id }) => rank.get(id) ?? 0)
  const widest = Math.max(1, ...[...rows.values()].map((row) => row.length))
  const inner = widest * NODE_W + (widest - 1) * GAP_X
  const at = new Map<string, Placed>()
  for (const [depth, row] of rows) {
    const wide = row.length * NODE_W + (row.length - 1) * GAP_X
    for (const [n, { id }] of row.entries())
      at.set(id, { id, x: MARGIN + (inner - wide) / 2 + n * (NODE_W + GAP_X), y: MARGIN + depth * (NODE_H + GAP_Y) })
  }
  const depth = Math.max(0, ...rows.keys())
  return {
    width: inner + MARGIN * 2,
    height: (depth + 1) * NODE_H + depth * GAP_Y + MARGIN * 2,
    nodes: [...at.values()],
    edges: graph.steps.flatMap((step) =>
      step.ways.flatMap(({ kind, to }): Edge[] => {
        const [from, target] = [at.get(step.id), at.get(to)]
        return from === undefined || target === undefined ? [] : [{ from: step.id, to, kind, ...wayOf(from, target) }]
      }),
    ),
  }
}

function wayOf(from: Placed, to: Placed): { readonly path: string; readonly x: number; readonly y: number } {
  const [x1, y1] = [from.x + NODE_W / 2, from.y + NODE_H]
  const [x2, y2] = [to.x + NODE_W / 2, to.y]
  const passesOthers = y2 - y1 > NODE_H + GAP_Y && Math.abs(x2 - x1) < NODE_W
  if (y2 <= y1 || passesOthers) {
    // Back, or past the steps between: around the right side.
    const side = Math.max(from.x, to.x) + NODE_W + (passesOthers ? GAP_X * 1.6 : GAP_X / 2)
    const [fy, ty] = [from.y + NODE_H / 2, to.y + NODE_H / 2]
    return { path: `M${from.x + NODE_W} ${fy}C${side} ${fy} ${side} ${ty} ${to.x + NODE_W} ${ty}`, x: side - 4, y: (fy + ty) / 2 }
  }
  const bend = Math.min(GAP_Y, (y2 - y1) / 2)
  return {
    path: `M${x1} ${y1}C${x1} ${y1 + bend} ${x2} ${y2 - bend} ${x2} ${y2}`,
    x: (x1 + x2) / 2,
    y: y1 + 15 + (x1 === x2 ? 4 : 0),
  }
}
