import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { api, createToken, eventually, kanpeki, type Running, startServer, temporaryFolder } from './support/kanpeki.ts'

interface BulkReply {
  readonly errors: boolean
  readonly items: readonly { readonly create: { readonly status: number; readonly error?: { readonly reason: string } } }[]
}

function post(url: string, token: string, body: string | Uint8Array<ArrayBuffer>): Promise<Response> {
  return fetch(`${url}/_bulk`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/x-ndjson' },
    body,
  })
}

describe('bad input', () => {
  const folder = temporaryFolder()
  const data = join(folder.path, 'data')
  let server: Running
  let token: string

  beforeAll(async () => {
    mkdirSync(join(data, 'rules'), { recursive: true })
    mkdirSync(join(data, 'declarations'), { recursive: true })
    writeFileSync(join(data, 'rules/broken.yml'), 'title: Broken\nid: [\nlogsource:\n')
    writeFileSync(join(data, 'declarations/unknown-measure.yml'), cardWith('no.such-measure'))
    server = await startServer(data)
    token = await createToken(data, 'admin')
  })
  afterAll(() => {
    server.child.kill('SIGKILL')
    folder.remove()
  })

  const count = async (query: string): Promise<number> =>
    (await api<{ count: number }>(server.url, token, '/api/v1/events/count', { query })).count
  const taken = async (host: string): Promise<void> => {
    const reply = await post(server.url, token, `{"create":{}}\n{"message":"after","host":{"name":"${host}"}}\n`)
    expect(((await reply.json()) as BulkReply).errors).toBe(false)
    expect(await count(`host.name:${host}`)).toBe(1)
  }

  it('a rule with a YAML error is named with file and line, and the others run', async () => {
    const { rules } = await api<{ rules: { loaded: number; refused: { file: string; line: number }[] } }>(
      server.url,
      token,
      '/api/v1/status',
    )
    expect(rules.refused).toEqual([expect.objectContaining({ file: 'rules/broken.yml', line: expect.any(Number) })])
    expect(rules.loaded).toBeGreaterThanOrEqual(60)
  })

  it('a card with an unknown measure is named, and the others are measured', async () => {
    const { cards, problems } = await api<{ cards: unknown[]; problems: { file: string; message: string }[] }>(
      server.url,
      token,
      '/api/v1/cards',
    )
    expect(problems.find((one) => one.file.endsWith('unknown-measure.yml'))?.message).toContain('no.such-measure')
    expect(cards.length).toBeGreaterThan(0)
  })

  it('a line of 100 MB is kept by its beginning, and its neighbours whole', async () => {
    const body = Buffer.from(
      `{"create":{}}\n{"message":"before","host":{"name":"long-1"}}\n{"create":{}}\n{"message":"${'x'.repeat(100_000_000)}"}\n`,
    )
    const reply = await post(server.url, token, body)
    if (reply.status === 413) expect(await reply.text()).toMatch(/larger|limit|too/i)
    else {
      const { items } = (await reply.json()) as BulkReply
      expect(items.map((item) => item.create.status)).toEqual([201, 400])
      expect(items[1]!.create.error!.reason).toMatch(/too long/)
      expect(await count('host.name:long-1')).toBe(1)
    }
    await taken('after-long-1')
  })

  it('invalid UTF-8 is kept as an unknown with the bad bytes visible', async () => {
    const bad = Buffer.concat([Buffer.from('{"create":{}}\n{"message":"'), Buffer.from([0xff, 0xfe, 0x80]), Buffer.from('"}\n')])
    const { items } = (await (await post(server.url, token, bad)).json()) as BulkReply
    expect(items[0]!.create.status).toBe(400)
    await eventually('the unknown', async () => ((await count('kanpeki.parser:unknown')) > 0 ? true : undefined))
    await taken('after-utf8-1')
  })

  it('the accounts add up after all of it', async () => addUp(server, token, await count('*')))
})

/** What each source is said to have had, and what is there. */
async function addUp({ url }: Running, token: string, events: number): Promise<void> {
  const { sources } = await eventually('the accounts to be up to date', async () => {
    const found = await api<{ sources: { counts: Record<string, number> }[] }>(url, token, '/api/v1/sources')
    return found.sources.reduce((sum, { counts }) => sum + counts['stored']!, 0) >= events ? found : undefined
  })
  for (const { counts } of sources) {
    expect(counts['received']).toBe(counts['stored']! + counts['repeated']! + counts['dropped']!)
    expect(counts['stored']).toBe(counts['parsed']! + counts['unknown']!)
  }
  expect(sources.reduce((sum, { counts }) => sum + counts['stored']!, 0)).toBe(events)
}

const isRoot = process.getuid?.() === 0

describe.skipIf(!isRoot)('a full disk (needs root, to mount a small file system)', () => {
  const folder = temporaryFolder()
  const small = join(folder.path, 'small')
  let server: Running

  beforeAll(async () => {
    mkdirSync(small)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=192m', 'tmpfs', small])
    server = await startServer(join(small, 'data'))
  })
  afterAll(async () => {
    await server.stop()
    execFileSync('umount', ['-l', small])
    folder.remove()
  })

  it('refuses with a reason, acknowledges nothing that is not stored, and goes on when there is room', async () => {
    const token = await createToken(join(small, 'data'), 'admin')
    const count = async (query: string): Promise<number> =>
      (await api<{ count: number }>(server.url, token, '/api/v1/events/count', { query })).count
    const free = (): number => {
      const { bavail, bsize } = statfsSync(small)
      return bavail * bsize
    }
    const filler = join(small, 'filler')
    execFileSync('fallocate', ['-l', String(Math.max(0, free() - 256 * 1024)), filler])
    let acknowledged = 0
    let refused: Response | undefined
    for (let batch = 0; batch < 40 && refused === undefined; batch++) {
      const lines = Array.from(
        { length: 200 },
        (_, n) =>
          `{"create":{}}\n{"message":"${batch}-${n} ${Math.random().toString(36).repeat(20)}","host":{"name":"full-1"}}\n`,
      )
      const reply = await post(server.url, token, lines.join(''))
      if (reply.status === 200) acknowledged += 200
      else refused = reply
    }
    expect(refused?.status).toBe(503)
    expect(await refused!.text()).toMatch(/disk|space/i)
    rmSync(filler)
    await eventually('the server to take events again', async () => {
      const reply = await post(server.url, token, `{"create":{}}\n{"message":"room","host":{"name":"room-1"}}\n`)
      return reply.status === 200 ? true : undefined
    })
    expect(await count('host.name:room-1')).toBe(1)
    expect(await count('host.name:full-1')).toBeGreaterThanOrEqual(acknowledged)
    const all = await count('*')
    await addUp(server, token, all)

    // The room ends, and the power with it; afterwards there is room again.
    execFileSync('fallocate', ['-l', String(Math.max(0, free() - 64 * 1024)), filler])
    const last = await post(server.url, token, `{"create":{}}\n{"message":"${'x'.repeat(200_000)}","host":{"name":"last-1"}}\n`)
    await server.kill()
    rmSync(filler)
    server = await startServer(join(small, 'data'))
    expect(await count('host.name:last-1')).toBe(last.status === 200 ? 1 : 0)
    expect(await count('*')).toBe(all + (last.status === 200 ? 1 : 0))
    await addUp(server, token, await count('*'))
    expect(await server.stop()).toBe(0)
    const { stdout } = await kanpeki(['doctor', '--repair', '--data', join(small, 'data'), '--json'])
    const { checks } = JSON.parse(stdout) as { checks: { id: string; verdict: string }[] }
    const repaired = checks.filter(({ id }) => id.startsWith('repair.'))
    expect(repaired.map(({ id }) => id)).toEqual(
      ['leftovers', 'state', 'ledger', 'lake', 'counts', 'sealed', 'proof'].map((id) => `repair.${id}`),
    )
    expect(repaired.filter(({ verdict }) => verdict === 'fail')).toEqual([])
    expect(checks.find(({ id }) => id === 'lake')?.verdict).toBe('pass')
    expect(JSON.parse((await kanpeki(['verify', join(small, 'data'), '--json'])).stdout)).toMatchObject({ failures: [] })
  }, 120_000)
})

function cardWith(measure: string): string {
  return `id: unknown-measure
version: 2026.11.01
name: { en: Unknown measure, ja: 未知の計測 }
owner: mori
approvers: ['@admin']
scope: { description: { en: Test, ja: 試験 } }
threats: { in: [{ en: Anyone, ja: 誰でも }] }
objectives:
  - id: one
    title: { en: One, ja: 一つ }
    measure: ${measure}
    comparator: '>='
    target: 1
    window: P1D
    maxEvidenceAge: P1D
period: P1D
validity: { from: 2026-01-01, until: 2027-12-31 }
nextReview: 2026-12-01
withdrawal: [{ on: expiry }]
`
}

it('an unreadable command line is answered with the usage', async () => {
  const ran = await kanpeki(['up', '--no-such-option'])
  expect(ran.code).toBe(64)
  expect(ran.stderr).toMatch(/no-such-option/)
})
