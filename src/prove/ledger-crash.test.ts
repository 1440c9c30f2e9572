import { expect, test } from 'vitest'
import type { LedgerEntry } from '../kernel/evidence.ts'
import type { LedgerFiles } from './files.ts'
import { openLedger } from './ledger.ts'
import { entriesFrom, entryOf } from './testing/entries-data.ts'
import { memoryFiles, memoryFolder } from './testing/memory-files.ts'
import { temporaryFolder } from './testing/temporary-folder.ts'
import { verifyDirectory } from './verify/directory.ts'

class PowerCut extends Error {}

/** Files that stop working at the `steps`-th change. With `done` that change still reaches the disk, as before a lost reply. */
function failingAt(files: LedgerFiles, steps: number, done: boolean): { files: LedgerFiles; steps: () => number } {
  let left = steps
  const step = async (change: () => Promise<void>): Promise<void> => {
    left--
    if (left < 0) throw new PowerCut()
    if (left === 0 && !done) throw new PowerCut()
    await change()
    if (left === 0) throw new PowerCut()
  }
  return {
    files: {
      ...files,
      write: async (written) => {
        for (const one of written) await step(() => files.write([one]))
      },
      remove: (path) => step(() => files.remove(path)),
    },
    steps: () => steps - left,
  }
}

/** How many changes opening a log of `before` entries and appending `count` makes. */
async function changesOf(before: number, count: number): Promise<number> {
  const data = temporaryFolder()
  const map = new Map<string, Uint8Array>()
  const first = await openLedger({ data, files: memoryFiles(map) })
  if (before > 0) await first.append(entriesFrom(1, before))
  const { files, steps } = failingAt(memoryFiles(map), Number.MAX_SAFE_INTEGER, true)
  const ledger = await openLedger({ data, files })
  await ledger.append(entriesFrom(before + 1, count))
  return steps()
}

const CASES: readonly (readonly [number, number])[] = [
  [0, 1],
  [5, 3],
  [250, 6],
  [250, 20],
  [255, 300],
  [511, 1],
]

test.each(CASES)('a log of %i entries survives a power cut at every step of appending %i', async (before, count) => {
  const changes = await changesOf(before, count)
  let cuts = 0
  let kept = 0
  for (let step = 1; step <= changes; step++) {
    for (const done of [false, true]) {
      cuts++
      const data = temporaryFolder()
      const map = new Map<string, Uint8Array>()
      const first = await openLedger({ data, files: memoryFiles(map) })
      if (before > 0) await first.append(entriesFrom(1, before))
      const failing = failingAt(memoryFiles(map), step, done)
      await (async () => {
        const ledger = await openLedger({ data, files: failing.files })
        await ledger.append(entriesFrom(before + 1, count))
      })().catch((error: unknown) => expect(error).toBeInstanceOf(PowerCut))

      // What lies on the disk proves at once, with the old head or the new one and nothing between.
      const crashed = await verifyDirectory(memoryFolder(map), { trusted: [first.key] })
      expect(crashed.failures).toEqual([])
      expect([before, before + count]).toContain(crashed.size)
      // Opened again it goes on, with each entry once.
      const again = await openLedger({ data, files: memoryFiles(map) })
      expect(again.head.outbox).toBe(again.head.size)
      if (again.head.size > before) kept++
      // Other entries than those that were under way: what these left behind must not speak against them.
      for (const more of [1, 2, 300]) await again.append(othersFrom(again.head.size + 1, more))
      const report = await verifyDirectory(memoryFolder(map), { trusted: [first.key] })
      expect(report).toMatchObject({ verdict: 'proved', size: again.head.size, failures: [] })
    }
  }
  expect(cuts).toBe(changes * 2)
  expect(kept).toBeGreaterThan(0)
  expect(kept).toBeLessThan(cuts)
})

function othersFrom(first: number, count: number): LedgerEntry[] {
  return Array.from({ length: count }, (_, at) => entryOf(first + at, { note: 'logged later' }))
}

test('the same process goes on after a disk error, from what is on the disk', async () => {
  const changes = await changesOf(3, 2)
  let errors = 0
  for (let step = 1; step <= changes; step++) {
    for (const done of [false, true]) {
      const data = temporaryFolder()
      const map = new Map<string, Uint8Array>()
      const sound = memoryFiles(map)
      let current = sound
      const ledger = await openLedger({
        data,
        files: { ...sound, write: (written) => current.write(written), remove: (path) => current.remove(path) },
      })
      await ledger.append(entriesFrom(1, 3))
      current = failingAt(sound, step, done).files
      const error = await ledger.append(entriesFrom(4, 2)).catch((thrown: unknown) => thrown)
      current = sound
      if (error instanceof PowerCut) errors++
      expect([3, 5]).toContain(ledger.head.size)
      await ledger.append(entriesFrom(ledger.head.outbox + 1, 6 - ledger.head.outbox))
      const report = await verifyDirectory(memoryFolder(map), { trusted: [ledger.key] })
      expect(report).toMatchObject({ verdict: 'proved', size: 6, failures: [] })
    }
  }
  expect(errors).toBeGreaterThan(4)
})
