import fc from 'fast-check'
import { expect, test } from 'vitest'
import { toHex } from './bytes.ts'
import { consistencyRanges, inclusionRanges, leafHash, rootOf, verifyConsistency, verifyInclusion } from './merkle.ts'
import { TileBuilder } from './tile-builder.ts'
import { hashesAtLevel, levelsOf, parseTilePath, type ReadTile, rangeHash, splitEntryBundle, tilePath, tilesOf } from './tiles.ts'

const PATHS: readonly (readonly [string, ReturnType<typeof parseTilePath>])[] = [
  ['tile/0/000', { level: 0, index: 0, width: 256 }],
  ['tile/0/000.p/1', { level: 0, index: 0, width: 1 }],
  ['tile/3/999.p/255', { level: 3, index: 999, width: 255 }],
  ['tile/0/x001/000', { level: 0, index: 1000, width: 256 }],
  ['tile/0/x001/x234/067', { level: 0, index: 1_234_067, width: 256 }],
  ['tile/entries/x001/x234/067.p/8', { level: 'entries', index: 1_234_067, width: 8 }],
  ['tile/63/000', { level: 63, index: 0, width: 256 }],
]
const NOT_PATHS = [
  'tile/00/000',
  'tile/64/000',
  'tile/-1/000',
  'tile/0/0',
  'tile/0/0000',
  'tile/0/001/000',
  'tile/0/x000/001',
  'tile/0/x001',
  'tile/0/000.p/0',
  'tile/0/000.p/256',
  'tile/0/000.p/01',
  'tile/0/000/',
  'tile/0/../0/000',
  'tile/entry/000',
  'checkpoint',
]

test.each(PATHS)('%s is written and read', (path, id) => {
  expect(parseTilePath(path)).toEqual(id)
  expect(tilePath(id!)).toBe(path)
})
test.each(NOT_PATHS)('%s is no tile', (path) => {
  expect(parseTilePath(path)).toBeUndefined()
})

test('a tree of 70,000 entries has the tiles that the specification counts', () => {
  const tiles = [...tilesOf(70_000)]
  const of = (level: number) => tiles.filter((tile) => tile.level === level).map((tile) => tile.width)
  expect(of(0)).toEqual([...Array(273).fill(256), 112])
  expect(of(1)).toEqual([256, 17])
  expect(of(2)).toEqual([1])
  expect([...tilesOf(256)]).toEqual([
    { level: 0, index: 0, width: 256 },
    { level: 1, index: 0, width: 1 },
  ])
  expect([...tilesOf(0)]).toEqual([])
})

const leaf = (at: number) => leafHash(Uint8Array.of(at & 0xff, (at >> 8) & 0xff, at >> 16))

/** All tiles of a log of `size` leaves, as a reader sees them. */
function logOf(size: number): { readTile: ReadTile; builder: TileBuilder; leaves: Uint8Array[] } {
  const builder = new TileBuilder()
  const full = new Map<string, readonly Uint8Array[]>()
  const leaves = Array.from({ length: size }, (_, at) => leaf(at))
  for (const one of leaves) for (const tile of builder.push(one)) full.set(`${tile.level}/${tile.index}`, tile.hashes)
  const readTile: ReadTile = async (level, index, width) => {
    const hashes = full.get(`${level}/${index}`) ?? builder.edge[level]!
    expect(hashes.length).toBeGreaterThanOrEqual(width)
    return hashes.slice(0, width)
  }
  return { readTile, builder, leaves }
}

test('the root over tiles is the root over leaves, at every size around a tile', () => {
  const builder = new TileBuilder()
  const leaves: Uint8Array[] = []
  for (let size = 0; size <= 520; size++) {
    expect(toHex(builder.root())).toBe(toHex(rootOf(leaves)))
    builder.push(leaf(size))
    leaves.push(leaf(size))
  }
})

test('proofs read from tiles verify', async () => {
  const logs = [1, 2, 255, 256, 257, 511, 700, 1025].map((size) => ({ size, ...logOf(size) }))
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...logs), fc.nat(), fc.nat(), async ({ size, readTile, builder, leaves }, one, two) => {
      const root = builder.root()
      const index = one % size
      const read = ({ from, to }: { from: number; to: number }) => rangeHash(from, to, size, readTile)
      const proof = await Promise.all(inclusionRanges(index, size).map(read))
      expect(verifyInclusion(leaves[index]!, index, size, proof, root)).toBe(true)
      const older = two % (size + 1)
      const prefix = await Promise.all(consistencyRanges(older, size).map(read))
      expect(verifyConsistency(older, size, prefix, rootOf(leaves.slice(0, older)), root)).toBe(true)
    }),
  )
})

test('a builder goes on from the edge of another', () => {
  const { builder } = logOf(300)
  const again = new TileBuilder(undefined, 300, builder.edge)
  for (let at = 300; at < 600; at++) {
    builder.push(leaf(at))
    again.push(leaf(at))
  }
  expect(toHex(again.root())).toBe(toHex(builder.root()))
  expect(() => new TileBuilder(undefined, 300, [])).toThrow(RangeError)
  expect([levelsOf(65_536), hashesAtLevel(65_536, 2)]).toEqual([3, 1])
})

test('an entry bundle that does not end evenly is refused', () => {
  expect(splitEntryBundle(Uint8Array.of(0, 2, 65, 66, 0, 0))?.map((entry) => entry.length)).toEqual([2, 0])
  expect(splitEntryBundle(Uint8Array.of(0, 3, 65, 66))).toBeUndefined()
  expect(splitEntryBundle(Uint8Array.of(0))).toBeUndefined()
})
