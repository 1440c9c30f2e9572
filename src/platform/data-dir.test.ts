import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { dataDir, lockDataDir, prepareDataDir, runningServer } from './data-dir.ts'

const folder = mkdtempSync(join(tmpdir(), 'kanpeki-data-'))
afterAll(() => rmSync(folder, { recursive: true }))
const dir = dataDir(join(folder, 'data'))

it('keeps its folders to their owner', () => {
  prepareDataDir(dir)
  for (const path of [dir.root, dir.keys, dir.ledger]) expect(statSync(path).mode & 0o777).toBe(0o700)
})

it('is shared by no second server, and takes over from a dead one', () => {
  writeFileSync(dir.lock, JSON.stringify({ pid: 1 }))
  expect(() => lockDataDir(dir)).toThrow(expect.objectContaining({ code: 'data_in_use' }))
  // Larger than any process id Linux gives.
  writeFileSync(dir.lock, JSON.stringify({ pid: 2 ** 30 }))
  const lock = lockDataDir(dir)
  lock.announce('http://127.0.0.1:7300')
  expect(runningServer(dir)).toEqual({ pid: process.pid, url: 'http://127.0.0.1:7300' })
  lock.release()
  expect(runningServer(dir)).toBeUndefined()
})
