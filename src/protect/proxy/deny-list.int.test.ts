import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, vi } from 'vitest'
import { trustedProxies } from './client-address.ts'
import { DENIED_ADDRESS, denyList } from './deny-list.ts'
import { guarded } from './testing/gates.ts'

it('keeps out who is listed, from the moment that the file says so until it no longer does', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kanpeki-denied-'))
  const file = join(folder, 'denied.txt')
  const put = (text: string): void => {
    writeFileSync(`${file}.new`, text)
    renameSync(`${file}.new`, file)
  }
  const warned: string[] = []
  const list = denyList(file, (text) => void warned.push(text))
  const trusted = trustedProxies(['127.0.0.1'])
  let served = 0
  const gate = await guarded(
    (_, response) => {
      served += 1
      response.end('x')
    },
    { inspectors: [list], trusted },
  )
  const from = async (client: string): Promise<string> =>
    (await gate.talk(`GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: ${client}\r\nConnection: close\r\n\r\n`)).slice(9, 12)
  try {
    expect(await from('203.0.113.9')).toBe('200')
    put('# by hand\n203.0.113.9 run/step\n2001:DB8:0::1 x\nnot-an-address\n')
    await vi.waitFor(async () => expect(await from('203.0.113.9')).toBe('403'), { timeout: 5000 })
    const before = served
    expect(await from('2001:db8::1')).toBe('403')
    expect(await from('::ffff:203.0.113.9')).toBe('403')
    expect(served).toBe(before)
    expect(await from('203.0.113.90')).toBe('200')
    expect(gate.records.at(-2)).toMatchObject({ blocked: true, rules: [DENIED_ADDRESS], status: 403 })
    expect(warned).toEqual([`${file}: 1 lines are no addresses`])
    rmSync(file)
    await vi.waitFor(async () => expect(await from('203.0.113.9')).toBe('200'), { timeout: 5000 })
  } finally {
    list.close()
    await gate.close()
    rmSync(folder, { recursive: true })
  }
})
