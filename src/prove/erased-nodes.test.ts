import fc from 'fast-check'
import { expect, test } from 'vitest'
import { batchLeaves, batchTree, type EventProof } from './batch-root.ts'
import { type ErasedNode, erasedEvents, foldErased, type KeptEvent, treeBesideErased } from './erased-nodes.ts'

const SALT = '00112233445566778899aabbccddeeff'
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const hexes = ({ salt, proof }: EventProof): readonly string[] => [salt, ...proof].map(hex)

test('whatever is erased, in however many steps, root and proofs of all others stay as they were', () => {
  let proofs = 0
  const cases = fc
    .nat({ max: 70 })
    .chain((events) => fc.tuple(fc.constant(events), fc.array(fc.subarray([...Array(events).keys()]), { maxLength: 3 })))
  fc.assert(
    fc.property(cases, ([events, steps]) => {
      const documents = Array.from({ length: events }, (_, n) => `{"n":${n}}`)
      const whole = batchTree(SALT, documents)
      const leaves = batchLeaves(SALT, documents)
      const gone = new Set<number>()
      let nodes: readonly ErasedNode[] = []
      for (const step of steps) {
        const fresh = step.filter((index) => !gone.has(index))
        for (const index of fresh) gone.add(index)
        nodes = foldErased(events, [...nodes, ...fresh.map((index) => ({ level: 0, index, hash: hex(leaves[index]!) }))])
      }
      expect(erasedEvents(events, nodes)).toBe(gone.size)
      const kept = new Map<number, KeptEvent>()
      for (const [index, leaf] of leaves.entries()) if (!gone.has(index)) kept.set(index, { leaf, salt: whole.prove(index).salt })
      const tree = treeBesideErased(events, kept, nodes)
      expect(tree?.root).toBe(whole.root)
      for (const index of kept.keys()) {
        expect(hexes(tree!.prove(index))).toEqual(hexes(whole.prove(index)))
        proofs += 1
      }
    }),
  )
  console.log(`${proofs} proofs beside erased events were the same as before`)
  expect(proofs).toBeGreaterThan(100)
})

test('what went as a whole is one hash', () => {
  const leaves = batchLeaves(
    SALT,
    Array.from({ length: 1000 }, (_, n) => String(n)),
  )
  const nodes = leaves.map((leaf, index) => ({ level: 0, index, hash: hex(leaf) }))
  expect(foldErased(1000, nodes)).toEqual([
    {
      level: 10,
      index: 0,
      hash: batchTree(
        SALT,
        leaves.map((_, n) => String(n)),
      ).root,
    },
  ])
  expect(foldErased(1000, nodes.slice(0, 600)).length).toBeLessThan(5)
})

test('an event that is neither there nor erased leaves no tree', () => {
  expect(treeBesideErased(2, new Map(), [{ level: 0, index: 0, hash: '00'.repeat(32) }])).toBeUndefined()
})
