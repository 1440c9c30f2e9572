import fc from 'fast-check'
import { expect, test } from 'vitest'
import { batchLeaves, batchRoot, batchTree, droppedSegmentEvidence, segmentEvidence } from './batch-root.ts'
import { eventLeaf, eventSalt } from './verify/batch-leaves.ts'
import { fromHex, toHex, utf8 } from './verify/bytes.ts'
import { parseSegmentBody } from './verify/entry.ts'
import { leafHash, rootOf, verifyInclusion } from './verify/merkle.ts'

const salt = fc.uint8Array({ minLength: 16, maxLength: 32 }).map(toHex)
const documents = fc.array(fc.string({ unit: 'binary', maxLength: 60 }), { minLength: 1, maxLength: 40 })

test('the fast leaves are the ones the verifier computes, and each event is proven', () => {
  fc.assert(
    fc.property(salt, documents, fc.nat(), (secret, texts, pick) => {
      const leaves = batchLeaves(secret, texts)
      const plain = texts.map((text, at) => eventLeaf(eventSalt(fromHex(secret)!, at), utf8(text)))
      expect(leaves.map(toHex)).toEqual(plain.map(toHex))
      const root = fromHex(batchRoot(secret, texts))!
      expect(toHex(root)).toBe(toHex(rootOf(plain)))
      const index = pick % texts.length
      const tree = batchTree(secret, texts)
      expect(tree.root).toBe(toHex(root))
      const { salt: own, proof } = tree.prove(index)
      const verify = (text: string) => verifyInclusion(eventLeaf(own, utf8(text)), index, texts.length, proof, root)
      expect(verify(texts[index]!)).toBe(true)
      expect(verify(`${texts[index]} `)).toBe(false)
    }),
  )
})

test('equal events have different leaves, so that an erased one cannot be guessed from its neighbour', () => {
  const [one, two] = batchLeaves('00112233445566778899aabbccddeeff', ['{"user":"a"}', '{"user":"a"}'])
  expect(toHex(one!)).not.toBe(toHex(two!))
})

test('an event that is not there cannot be proven', () => {
  expect(() => batchTree('00', ['a', 'b']).prove(2)).toThrow(RangeError)
  expect(batchTree('00', []).root).toBe(batchRoot('00', []))
})

test('documents larger than the working buffer', () => {
  const texts = ['x', '二'.repeat(100_000), 'y']
  const secret = 'ff'.repeat(16)
  expect(batchLeaves(secret, texts).map(toHex)).toEqual(
    texts.map((text, at) => toHex(eventLeaf(eventSalt(fromHex(secret)!, at), utf8(text)))),
  )
})

test('a segment names its batches as runs, and its root follows from their roots', () => {
  const root = (at: number) => toHex(leafHash(Uint8Array.of(at)))
  const batches = [
    { writer: 'b', sequence: 3, root: root(3) },
    { writer: 'a', sequence: 10, root: root(1) },
    { writer: 'b', sequence: 2, root: root(2) },
    { writer: 'b', sequence: 7, root: root(4) },
  ]
  const facts = { scope: 'default', file: 'segments/h.parquet', bytes: 12, sha256: root(9), from: 0, to: 3_600_000, events: 8 }
  const { body, observed } = segmentEvidence({ ...facts, batches })
  const read = parseSegmentBody(body)
  expect(observed).toBe(3_599_999)
  expect(read).toMatchObject({
    file: facts.file,
    events: 8,
    batches: [
      { writer: 'a', first: 10, last: 10 },
      { writer: 'b', first: 2, last: 3 },
      { writer: 'b', first: 7, last: 7 },
    ],
    root: rootOf([1, 2, 3, 4].map((at) => leafHash(fromHex(root(at))!))),
  })
  expect(parseSegmentBody(droppedSegmentEvidence('default', facts.file, 'retention 90 d', 5).body)).toEqual({
    file: facts.file,
    dropped: 'retention 90 d',
  })
})
