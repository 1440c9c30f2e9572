import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fromHex, toHex } from './bytes.ts'
import { consistencyRanges, emptyRoot, inclusionRanges, leafHash, rootOf, verifyConsistency, verifyInclusion } from './merkle.ts'
import { sha256 } from './sha256.ts'

/** The eight inputs, roots and proofs that the Certificate Transparency implementations share. */
const INPUTS = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f']
const ROOTS = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
]
const N = {
  leaf0: ROOTS[0]!,
  leaf1: '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
  to2: ROOTS[1]!,
  from2to4: '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
  leaf4: 'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
  to4: ROOTS[3]!,
  from4to6: '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
  from6to8: 'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
  from4to8: '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
}
const INCLUSION: readonly (readonly [number, number, readonly string[]])[] = [
  [0, 1, []],
  [0, 8, [N.leaf1, N.from2to4, N.from4to8]],
  [5, 8, [N.leaf4, N.from6to8, N.to4]],
  [2, 3, [N.to2]],
  [1, 5, [N.leaf0, N.from2to4, N.leaf4]],
]
const CONSISTENCY: readonly (readonly [number, number, readonly string[]])[] = [
  [1, 1, []],
  [1, 8, [N.leaf1, N.from2to4, N.from4to8]],
  [6, 8, [N.from4to6, N.from6to8, N.to4]],
  [2, 5, [N.from2to4, N.leaf4]],
]

const leaves = INPUTS.map((input) => leafHash(fromHex(input)!))
const proofOf = (all: readonly Uint8Array[], ranges: readonly { from: number; to: number }[]) =>
  ranges.map(({ from, to }) => rootOf(all.slice(from, to)))

describe('the reference tree', () => {
  test.each(ROOTS.map((root, at) => [at + 1, root] as const))('root of %i leaves', (size, root) => {
    expect(toHex(rootOf(leaves.slice(0, size)))).toBe(root)
  })
  test('root of no leaves', () => {
    expect(toHex(emptyRoot())).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
  })
  test.each(INCLUSION)('inclusion of %i in %i', (index, size, expected) => {
    const proof = proofOf(leaves.slice(0, size), inclusionRanges(index, size))
    expect(proof.map(toHex)).toEqual(expected)
    expect(verifyInclusion(leaves[index]!, index, size, proof, fromHex(ROOTS[size - 1]!)!)).toBe(true)
  })
  test.each(CONSISTENCY)('consistency of %i with %i', (older, newer, expected) => {
    const proof = proofOf(leaves.slice(0, newer), consistencyRanges(older, newer))
    expect(proof.map(toHex)).toEqual(expected)
    expect(verifyConsistency(older, newer, proof, fromHex(ROOTS[older - 1]!)!, fromHex(ROOTS[newer - 1]!)!)).toBe(true)
  })
})

/** `size` different leaves. */
function tree(size: number, seed: number): Uint8Array[] {
  return Array.from({ length: size }, (_, at) => leafHash(Uint8Array.of(seed, at & 0xff, at >> 8)))
}

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const copy = Uint8Array.from(bytes)
  copy[at % copy.length]! ^= 1 << (at % 8)
  return copy
}

const size = fc.integer({ min: 1, max: 700 })

test('every entry of any tree is proven, and nothing else is', () => {
  fc.assert(
    fc.property(size, fc.nat(), fc.nat(), fc.nat(255), (count, pick, flip, seed) => {
      const all = tree(count, seed)
      const index = pick % count
      const leaf = all[index]!
      const root = rootOf(all)
      const proof = proofOf(all, inclusionRanges(index, count))
      expect(verifyInclusion(leaf, index, count, proof, root)).toBe(true)
      expect(verifyInclusion(flipped(leaf, flip), index, count, proof, root)).toBe(false)
      expect(verifyInclusion(leaf, index, count, proof, flipped(root, flip))).toBe(false)
      expect(verifyInclusion(leaf, index, count, [...proof, leaf], root)).toBe(false)
      if (count > 1) {
        const at = flip % proof.length
        expect(verifyInclusion(leaf, index, count, proof.with(at, flipped(proof[at]!, flip)), root)).toBe(false)
        expect(verifyInclusion(leaf, index, count, proof.toSpliced(at, 1), root)).toBe(false)
        expect(verifyInclusion(leaf, (index + 1) % count, count, proof, root)).toBe(false)
      }
    }),
  )
})

test('every older tree is a proven prefix, and no other root is', () => {
  fc.assert(
    fc.property(size, fc.nat(), fc.nat(), fc.nat(255), (newer, pick, flip, seed) => {
      const all = tree(newer, seed)
      const older = pick % (newer + 1)
      const [oldRoot, newRoot] = [rootOf(all.slice(0, older)), rootOf(all)]
      const proof = proofOf(all, consistencyRanges(older, newer))
      expect(verifyConsistency(older, newer, proof, oldRoot, newRoot)).toBe(true)
      expect(verifyConsistency(older, newer, proof, flipped(oldRoot, flip), newRoot)).toBe(false)
      if (older > 0) expect(verifyConsistency(older, newer, proof, oldRoot, flipped(newRoot, flip))).toBe(false)
      if (older > 0 && older < newer) {
        const at = flip % proof.length
        expect(verifyConsistency(older, newer, proof.with(at, flipped(proof[at]!, flip)), oldRoot, newRoot)).toBe(false)
        expect(verifyConsistency(older, newer, proof.slice(1), oldRoot, newRoot)).toBe(false)
        expect(verifyConsistency(older, newer, [...proof, oldRoot], oldRoot, newRoot)).toBe(false)
      }
    }),
  )
})

test('nonsense is refused', () => {
  const [leaf] = leaves
  expect(verifyInclusion(leaf!, -1, 1, [], leaf!)).toBe(false)
  expect(verifyInclusion(leaf!, 0, 0, [], leaf!)).toBe(false)
  expect(verifyInclusion(leaf!, 1, 1, [], leaf!)).toBe(false)
  expect(verifyInclusion(leaf!, 0, 2, [Uint8Array.of(1)], leaf!)).toBe(false)
  expect(verifyConsistency(2, 1, [], leaf!, leaf!)).toBe(false)
  expect(() => inclusionRanges(3, 3)).toThrow(RangeError)
  expect(() => consistencyRanges(4, 3)).toThrow(RangeError)
  // A leaf cannot pass as an inner node: their hashes begin with different bytes.
  expect(toHex(leafHash(new Uint8Array(64)))).not.toBe(toHex(sha256(Uint8Array.of(1, ...new Uint8Array(64)))))
})
