import { expect, it } from 'vitest'
import type { PlaybookGraph } from '../../../src/respond/playbooks/schema.ts'
import { layoutOf, NODE_H, NODE_W } from './layout.ts'

function graph(ways: Readonly<Record<string, readonly string[]>>): PlaybookGraph {
  const steps = Object.entries(ways).map(([id, to]) => ({
    id,
    type: 'action',
    name: { en: id, ja: id },
    work: '',
    ways: to.map((one) => ({ kind: 'on_completion', to: one })),
  }))
  return { start: 'start', steps }
}

it.each([
  ['a line', { start: ['a'], a: ['b'], b: ['end'], end: [] }],
  ['branches that meet', { start: ['if'], if: ['a', 'b', 'end'], a: ['c'], b: ['end'], c: ['end'], end: [] }],
  ['a loop that leads back', { start: ['while'], while: ['body', 'end'], body: ['while'], end: [] }],
  ['a step that only an exception leads to', { start: ['end'], end: [], rescue: ['over'], over: [] }],
])('puts every step of %s somewhere of its own, below what leads to it', (_, ways) => {
  const { nodes, edges, width, height } = layoutOf(graph(ways))
  expect(nodes.map(({ id }) => id).sort()).toEqual(Object.keys(ways).sort())
  for (const one of nodes) {
    expect(one.x >= 0 && one.y >= 0 && one.x + NODE_W <= width && one.y + NODE_H <= height).toBe(true)
    for (const other of nodes)
      if (one !== other)
        expect(Math.abs(one.x - other.x) >= NODE_W || Math.abs(one.y - other.y) >= NODE_H, `${one.id} ${other.id}`).toBe(true)
  }
  const at = new Map(nodes.map((one) => [one.id, one]))
  for (const { from, to } of edges) if (to !== 'while' || from === 'start') expect(at.get(to)!.y).toBeGreaterThan(at.get(from)!.y)
  expect(edges).toHaveLength(Object.values(ways).flat().length)
})
