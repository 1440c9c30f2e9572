import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Kysely } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { writeFileAtomically } from './atomic-file.ts'
import { recordEvidence } from './state/outbox.ts'
import { openState } from './state/state.ts'
import type { StateTables } from './state/tables.ts'
import { startTestLake, testBatch, testEvent } from './testing/lakes.ts'

/** A small file system of its own is the only disk that a test may fill. */
function canMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'kanpeki-mount-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder], { stdio: 'ignore' })
    execFileSync('umount', [folder], { stdio: 'ignore' })
    return true
  } catch {
    return false
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const mountable = process.getuid?.() === 0 && canMount()

describe.skipIf(!mountable)(`a full disk${mountable ? '' : ' (skipped: mounting a small file system needs root)'}`, () => {
  const disk = mkdtempSync(join(tmpdir(), 'kanpeki-full-'))
  const ballast = join(disk, 'ballast')
  beforeAll(() => {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', disk])
  })
  afterAll(() => {
    execFileSync('umount', ['-l', disk])
    rmSync(disk, { recursive: true, force: true })
  })

  /** Leaves `free` bytes. */
  function fill(free: number): void {
    const [, room] = execFileSync('df', ['-B1', '--output=avail', disk], { encoding: 'utf8' }).split('\n')
    writeFileSync(ballast, Buffer.alloc(Math.max(Number(room) - free, 0)))
  }

  test('the lake says so, keeps nothing of the batch, and goes on once there is room', async () => {
    const folder = mkdtempSync(join(disk, 'lake-'))
    const { lake, stop } = await startTestLake({ folder })
    const received = Date.UTC(2026, 7, 1, 10)
    const batch = (sequence: number) =>
      testBatch(
        sequence,
        received,
        Array.from({ length: 2000 }, (_, n) => testEvent(`${sequence}-${n}`, { noise: Math.random().toString(36).repeat(20) })),
      )
    await lake.append(batch(1))
    fill(100_000)
    const refused = batch(2)
    await expect(lake.append(refused)).rejects.toMatchObject({ code: 'disk_full' })
    expect(await lake.lastSequence('w')).toBe(1)
    rmSync(ballast)
    await lake.append(refused)
    const stored = await lake.readFrom('w', 0, 10_000)
    expect(stored.map((one) => [one.sequence, one.events.length])).toEqual([
      [1, 2000],
      [2, 2000],
    ])
    await stop()
    rmSync(folder, { recursive: true })
  })

  test('the state store says so, and keeps nothing of the transaction', async () => {
    const state = await openState({ path: join(disk, 'state.db') }, [])
    const record = (size: number) =>
      state.transaction((trx: Kysely<StateTables>) =>
        recordEvidence(
          trx,
          Array.from({ length: size }, (_, n) => ({
            type: 'alert',
            scope: 'default',
            observed: 0,
            received: 0,
            body: { n, text: 'x'.repeat(1000) },
          })),
        ),
      )
    expect(await record(1)).toBe(1)
    fill(100_000)
    await expect(record(1000)).rejects.toMatchObject({ code: 'disk_full' })
    rmSync(ballast)
    expect(await record(1)).toBe(2)
    await state.close()
  })

  test('a file keeps its old content', async () => {
    const path = join(disk, 'file')
    await writeFileAtomically(path, 'old')
    fill(0)
    await expect(writeFileAtomically(path, Buffer.alloc(100_000))).rejects.toMatchObject({ code: 'disk_full' })
    rmSync(ballast)
    expect(execFileSync('ls', [disk], { encoding: 'utf8' })).not.toContain('.tmp')
    expect(execFileSync('cat', [path], { encoding: 'utf8' })).toBe('old')
  })
})
