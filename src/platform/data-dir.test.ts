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

it('is taken by one process at a time, and announced', async () => {
  const lock = await lockDataDir(dir)
  await expect(lockDataDir(dir)).rejects.toMatchObject({ code: 'data_in_use' })
  lock.announce('http://127.0.0.1:7300')
  expect(runningServer(dir)).toEqual({ pid: process.pid, url: 'http://127.0.0.1:7300' })
  lock.release()
  expect(runningServer(dir)).toBeUndefined()
  ;(await lockDataDir(dir)).release()
})

it('does not believe the note of a process that is gone, whoever has its number now', async () => {
  const note = JSON.stringify({ pid: process.pid, url: 'http://127.0.0.1:1' })
  writeFileSync(dir.running, note)
  expect(runningServer(dir)).toBeUndefined()
  // Another process that has the folder is no server.
  const lock = await lockDataDir(dir)
  writeFileSync(dir.running, JSON.stringify({ pid: process.ppid, url: 'http://127.0.0.1:1' }))
  expect(runningServer(dir)).toBeUndefined()
  lock.release()
})
