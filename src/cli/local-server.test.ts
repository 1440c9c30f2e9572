import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it, vi } from 'vitest'
import { dataDir, lockDataDir, prepareDataDir } from '../platform/data-dir.ts'
import { localServer } from './local-server.ts'

afterEach(() => vi.useRealTimers())

it('shows a token that is good for a minute, and another before that one ends', async () => {
  const data = mkdtempSync(join(tmpdir(), 'kanpeki-local-'))
  const dir = dataDir(data)
  prepareDataDir(dir)
  const lock = await lockDataDir(dir)
  try {
    lock.announce('http://127.0.0.1:1')
    vi.useFakeTimers({ toFake: ['Date'] })
    const server = await localServer(data, 'read', 'test')
    if (server === undefined) throw new Error('no server')
    expect(await server.fresh()).toBe(server.token)
    vi.setSystemTime(Date.now() + 50_000)
    const next = await server.fresh()
    expect(next).not.toBe(server.token)
    expect(await server.fresh()).toBe(next)
  } finally {
    lock.release()
    rmSync(data, { recursive: true })
  }
})
