import { lookup } from 'node:dns/promises'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { isolate } from './firewall.ts'
import { createIsolator, type Isolator, releaseHere } from './isolation.ts'

vi.mock('node:dns/promises', () => ({ lookup: vi.fn() }))
vi.mock('./firewall.ts', () => ({ isolate: vi.fn(), prolong: vi.fn(), release: vi.fn() }))

const asked = vi.mocked(lookup) as unknown as { mockReset: () => void; mockResolvedValueOnce: (found: unknown) => unknown } & {
  mockRejectedValue: (error: Error) => unknown
}

describe('a host that is isolated already, where no name can be asked for any more', () => {
  let folder = ''
  let isolator: Isolator
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'isolation-'))
    vi.mocked(isolate).mockReset()
    asked.mockReset()
    asked.mockResolvedValueOnce([{ address: '192.0.2.7', family: 4 }])
    asked.mockRejectedValue(new Error('getaddrinfo EAI_AGAIN soc.example'))
    const options = { folder, url: 'https://soc.example:8443', deadManSeconds: () => 600, warn: () => {}, tell: () => {} }
    isolator = createIsolator(options)
    await isolator.isolate({ allow: [], dns: false })
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  it('is isolated already', async () => {
    expect(await isolator.isolate({ allow: [], dns: false })).toMatchObject({
      outcome: 'already',
      detail: { server: ['192.0.2.7'], port: 8443 },
    })
  })

  it('takes what else is allowed', async () => {
    expect(await isolator.isolate({ allow: ['198.51.100.0/24'], dns: false })).toMatchObject({ outcome: 'done' })
    expect(vi.mocked(isolate).mock.lastCall?.[0]).toMatchObject({
      server: { addresses: ['192.0.2.7'], port: 8443 },
      allow: ['198.51.100.0/24'],
    })
  })

  it('is isolated anew where somebody at the host released it', async () => {
    await releaseHere(folder)
    asked.mockResolvedValueOnce([{ address: '192.0.2.8', family: 4 }])
    expect(await isolator.isolate({ allow: [], dns: false })).toMatchObject({
      outcome: 'done',
      detail: { server: ['192.0.2.8'] },
    })
  })
})
