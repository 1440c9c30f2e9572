import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { rowsOf } from '../../platform/lake/encode.ts'
import type { LakeEvent } from '../../platform/lake/lake.ts'
import { batchRoot } from '../../prove/batch-root.ts'
import { rootOf } from './root-of.ts'
import { openRoots, type Roots } from './roots.ts'

const salt = 'ab'.repeat(16)
const threaded: Roots = openRoots(0)
afterAll(() => threaded.stop())

const documents = (texts: readonly string[]): Uint8Array =>
  rowsOf(
    texts.map((json, n): LakeEvent => {
      const id = String(n)
      return { id, scope: 'default', source: 's', parser: 'p', observed: n, doc: {}, json, request: '' }
    }),
  ).documents()

test('the root over rows is the one over their documents, by this thread or another', async () => {
  const texts = fc.array(fc.string({ unit: 'binary', maxLength: 60 }), { maxLength: 40 })
  let roots = 0
  await fc.assert(
    fc.asyncProperty(texts, async (some) => {
      const batch = { salt, documents: documents(some) }
      const expected = some.length === 0 ? '' : batchRoot(salt, some)
      expect(rootOf(batch)).toBe(expected)
      expect(await threaded.of(batch)).toBe(expected)
      roots += 1
    }),
  )
  expect(roots).toBeGreaterThan(50)
})

test('documents of any length are told apart', async () => {
  const texts = ['', 'x'.repeat(127), 'y'.repeat(128), '二'.repeat(100_000), 'z'.repeat(3_000_000), '']
  expect(await threaded.of({ salt, documents: documents(texts) })).toBe(batchRoot(salt, texts))
})

test('roots that are asked for together come to those who asked', async () => {
  const all = Array.from({ length: 20 }, (_, n) => Array.from({ length: 50 + n }, (_, at) => `${n} ${at}`))
  const found = await Promise.all(all.map((texts) => threaded.of({ salt, documents: documents(texts) })))
  expect(found).toEqual(all.map((texts) => batchRoot(salt, texts)))
})

test('what a thread that ends leaves behind is hashed all the same', async () => {
  const roots = openRoots(0)
  const texts = ['a', 'b', 'c']
  const asked = [1, 2, 3].map(() => roots.of({ salt, documents: documents(texts) }))
  await roots.stop()
  expect(await Promise.all(asked)).toEqual(asked.map(() => batchRoot(salt, texts)))
  expect(await roots.of({ salt, documents: documents(texts) })).toBe(batchRoot(salt, texts))
})
