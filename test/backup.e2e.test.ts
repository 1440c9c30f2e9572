import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { postgresPrograms, startPostgres, type TestPostgres } from '../src/platform/testing/postgres.ts'
import { api, createToken, eventually, kanpeki, type Running, startServer, temporaryFolder } from './support/kanpeki.ts'

interface Installation {
  readonly data: string
  readonly server: Running
  readonly admin: string
}

interface Made {
  readonly file: string
  readonly bytes: number
  readonly seconds: number
  readonly events: number
  readonly ledger: { readonly size: number; readonly root: string }
}

let sent = 0

function body(events: number): string {
  let text = ''
  for (let n = 0; n < events; n++)
    text += `{"create":{}}\n${JSON.stringify({ message: `load ${++sent}`, host: { name: `load-${sent % 7}` } })}\n`
  return text
}

/** Senders that go on until told to stop; `acknowledged` is what they have an answer for. */
function load({ server, admin }: Installation, senders: number) {
  let going = true
  const state = { acknowledged: 0, refused: 0 }
  const run = async (): Promise<void> => {
    while (going) {
      const reply = await fetch(`${server.url}/_bulk`, {
        method: 'POST',
        headers: { authorization: `Bearer ${admin}`, 'content-type': 'application/x-ndjson' },
        body: body(200),
      })
      await reply.arrayBuffer()
      if (reply.status === 200) state.acknowledged += 200
      else state.refused += 1
    }
  }
  const running = Promise.all(Array.from({ length: senders }, run))
  return {
    state,
    stop: async () => {
      going = false
      await running
    },
  }
}

const count = async (url: string, token: string, query = '*'): Promise<number> =>
  (await api<{ count: number }>(url, token, '/api/v1/events/count', { query })).count

/** Of every scope: what a test attack sends is in one of its own. */
async function stored(url: string, token: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${token}` } })).text()
  return Number(/^kanpeki_lake_events (\d+)$/m.exec(text)?.[1])
}

async function alertsOf(url: string, token: string): Promise<string[]> {
  const page = await api<{ groups: { alerts: { id: string; state: string }[] }[] }>(
    url,
    token,
    '/api/v1/alerts?state=all&limit=200',
  )
  return page.groups.flatMap((group) => group.alerts.map(({ id, state }) => `${id} ${state}`)).sort()
}

function settled(url: string, token: string): Promise<true> {
  return eventually(
    'the rules to have read everything',
    async () => {
      const { lag } = await api<{ lag: { events: number; catchingUp: boolean } }>(url, token, '/api/v1/status')
      return lag.events === 0 && !lag.catchingUp ? (true as const) : undefined
    },
    60,
  )
}

/** The text of every ledger entry that is on the disk. */
function ledgerText(data: string): string {
  const folder = join(data, 'ledger/tile/entries')
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'))
    .join('\n')
}

const folder = temporaryFolder()
afterAll(() => folder.remove())

async function install(name: string): Promise<Installation> {
  const data = join(folder.path, name)
  const server = await startServer(data)
  const admin = await createToken(data, 'admin')
  await api(server.url, admin, '/api/v1/demo/attack', {})
  await settled(server.url, admin)
  return { data, server, admin }
}

async function backUp(args: readonly string[], env: Record<string, string> = {}): Promise<Made> {
  const ran = await kanpeki(['backup', ...args, '--json'], { env })
  if (ran.code !== 0) throw new Error(ran.stderr)
  return JSON.parse(ran.stdout) as Made
}

describe('a backup under load', () => {
  const archive = join(folder.path, 'load.tar')
  const restored = join(folder.path, 'restored')
  let one: Installation
  let made: Made
  let acknowledged = 0
  let alerts: readonly string[]
  let key = ''
  let sealKey = ''

  beforeAll(async () => {
    one = await install('data')
    alerts = await alertsOf(one.server.url, one.admin)
    key = readFileSync(join(one.data, 'ledger/key'), 'utf8').trim()
    sealKey = join(one.data, 'keys/seal.key')
    const senders = load(one, 4)
    await eventually('some load', async () => (senders.state.acknowledged >= 4000 ? true : undefined))
    acknowledged = senders.state.acknowledged
    made = await backUp(['--data', one.data, '-o', archive])
    await senders.stop()
    expect(senders.state.refused).toBe(0)
    console.log(`${made.bytes} bytes in ${made.seconds} s while ${senders.state.acknowledged - acknowledged} events came in`)
  }, 240_000)
  afterAll(async () => {
    await one.server.stop()
  })

  it('holds every event that was acknowledged before', () => {
    expect(alerts.length).toBeGreaterThan(0)
    expect(made.events).toBeGreaterThanOrEqual(acknowledged)
  })

  it('is listed by tar, without the seal key', async () => {
    const names = execFileSync('tar', ['tf', archive], { encoding: 'utf8' }).split('\n')
    expect(names).toContain('manifest.json')
    expect(names).toContain('files/keys/ledger.key')
    expect(names).not.toContain('files/keys/seal.key')
  })

  it('is not restored without the seal key, nor over anything, nor when a byte is wrong', async () => {
    const keyless = await kanpeki(['restore', archive, '--data', restored])
    expect([keyless.code, keyless.stderr]).toEqual([1, expect.stringContaining('which is not in it')])
    const filled = await kanpeki(['restore', archive, '--data', one.data, '--seal-key-file', sealKey])
    expect([filled.code, filled.stderr]).toEqual([1, expect.stringContaining('is not empty')])
    const bytes = readFileSync(archive)
    const broken = join(folder.path, 'broken.tar')
    for (let n = 0; n < 2; n++) {
      const at = Math.floor(Math.random() * bytes.length)
      const changed = Buffer.from(bytes)
      changed[at] = changed[at]! ^ 1
      writeFileSync(broken, changed)
      const ran = await kanpeki(['restore', broken, '--data', restored, '--seal-key-file', sealKey])
      expect([at, ran.code]).toEqual([at, 1])
    }
    const stranger = 'kanpeki.local/x+00000000+Aa'
    expect((await kanpeki(['restore', archive, '--data', restored, '--key', stranger])).code).toBe(64)
    expect(readdirSync(folder.path).filter((name) => name.startsWith('restored'))).toEqual([])
  }, 120_000)

  it('comes back on an empty machine: proved, with the same events and alerts, and a prefix of the ledger', async () => {
    const ran = await kanpeki(['restore', archive, '--data', restored, '--key', key, '--seal-key-file', sealKey, '--json'])
    expect(ran.stderr).toBe('')
    const report = JSON.parse(ran.stdout) as {
      events: number
      signer: string
      ledger: { size: number }
      lastReceived: string
      seconds: number
    }
    expect(report).toMatchObject({
      ok: true,
      signer: key.split('+')[0],
      ledger: { size: made.ledger.size, root: made.ledger.root },
    })
    expect(Date.parse(report.lastReceived)).toBeGreaterThan(0)
    console.log(`restored ${report.events} events and ${report.ledger.size} ledger entries in ${report.seconds} s`)

    const since = join(folder.path, 'checkpoint')
    writeFileSync(since, readFileSync(join(restored, 'ledger/checkpoint')))
    const extended = await kanpeki(['verify', one.data, '--key', key, '--since', since, '--json'])
    expect(JSON.parse(extended.stdout)).toMatchObject({ ok: true, failures: [], checked: { checkpoints: 1 } })

    const server = await startServer(restored)
    try {
      await settled(server.url, one.admin)
      expect(await stored(server.url, one.admin)).toBe(report.events)
      expect(await alertsOf(server.url, one.admin)).toEqual(alerts)
      const reply = await fetch(`${server.url}/_bulk`, {
        method: 'POST',
        headers: { authorization: `Bearer ${one.admin}`, 'content-type': 'application/x-ndjson' },
        body: body(10),
      })
      expect(reply.status).toBe(200)
      expect(await stored(server.url, one.admin)).toBe(report.events + 10)
    } finally {
      expect(await server.stop()).toBe(0)
    }
    expect(JSON.parse((await kanpeki(['verify', restored, '--key', key, '--since', since, '--json'])).stdout)).toMatchObject({
      ok: true,
      failures: [],
    })
    expect(ledgerText(restored)).toContain('restore.rehearsed')
    expect(ledgerText(one.data)).toContain('backup.made')
    expect(existsSync(join(restored, 'restored.json'))).toBe(false)
  }, 120_000)

  it('is made of a folder on which no server runs, with the seal key if asked, and comes back without another file', async () => {
    await settled(one.server.url, one.admin)
    const before = { events: await count(one.server.url, one.admin), alerts: await alertsOf(one.server.url, one.admin) }
    writeFileSync(join(one.data, 'kanpeki.yml'), 'organisation: Restored\n')
    expect(await one.server.stop()).toBe(0)
    const still = join(folder.path, 'still.tar')
    await backUp(['--data', one.data, '-o', still, '--with-seal-key'])
    const deep = join(folder.path, 'deep/er/still')
    const ran = await kanpeki(['restore', still, '--data', deep])
    expect([ran.code, ran.stderr]).toEqual([0, ''])
    expect(readFileSync(join(deep, 'kanpeki.yml'), 'utf8')).toBe('organisation: Restored\n')
    const server = await startServer(deep)
    try {
      await settled(server.url, one.admin)
      expect(await count(server.url, one.admin)).toBe(before.events)
      expect(await alertsOf(server.url, one.admin)).toEqual(before.alerts)
    } finally {
      expect(await server.stop()).toBe(0)
    }
    expect(readdirSync(dirname(deep))).toEqual(['still'])
  }, 120_000)
})

const programs = postgresPrograms()
if (programs === undefined && process.env['CI'] === 'true')
  throw new Error('PostgreSQL is not installed, and CI=true asks for it')
describe.skipIf(programs === undefined)('with its state in PostgreSQL (needs the package postgresql)', () => {
  let postgres: TestPostgres
  const variable = 'KANPEKI_STATE'
  const archive = join(folder.path, 'postgres.tar')
  let one: Installation
  let made: Made
  let alerts: readonly string[]
  let acknowledged = 0

  beforeAll(async () => {
    postgres = await startPostgres(programs!)
    process.env[variable] = await postgres.createDatabase()
    one = await install('postgres')
    try {
      alerts = await alertsOf(one.server.url, one.admin)
      const senders = load(one, 2)
      await eventually('some load', async () => (senders.state.acknowledged >= 1000 ? true : undefined))
      acknowledged = senders.state.acknowledged
      made = await backUp(['--data', one.data, '-o', archive])
      await senders.stop()
    } finally {
      await one.server.stop()
      delete process.env[variable]
    }
  }, 120_000)
  afterAll(() => postgres.stop())

  it.each(['PostgreSQL', 'SQLite'] as const)(
    'a backup under load comes back into %s',
    async (into) => {
      const restored = join(folder.path, `from-postgres-${into}`)
      expect(made.events).toBeGreaterThanOrEqual(acknowledged)
      if (into === 'PostgreSQL') process.env[variable] = await postgres.createDatabase()
      try {
        const ran = await kanpeki([
          'restore',
          archive,
          '--data',
          restored,
          '--seal-key-file',
          join(one.data, 'keys/seal.key'),
          '--json',
        ])
        expect([ran.code, ran.stderr]).toEqual([0, ''])
        const server = await startServer(restored)
        try {
          await settled(server.url, one.admin)
          expect(await stored(server.url, one.admin)).toBe((JSON.parse(ran.stdout) as { events: number }).events)
          expect(await alertsOf(server.url, one.admin)).toEqual(alerts)
        } finally {
          expect(await server.stop()).toBe(0)
        }
        const key = readFileSync(join(restored, 'ledger/key'), 'utf8').trim()
        expect(JSON.parse((await kanpeki(['verify', restored, '--key', key, '--json'])).stdout)).toMatchObject({ ok: true })
      } finally {
        delete process.env[variable]
      }
    },
    120_000,
  )
})
