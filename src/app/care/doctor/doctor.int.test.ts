import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { readConfig, type SettingKey } from '../../../platform/config.ts'
import { createLog } from '../../../platform/log.ts'
import { settingsOf } from '../../../platform/state/settings.ts'
import { type Services, startServices } from '../../services.ts'
import { LAST_BACKUP } from '../make-backup.ts'
import { doctorChecks, examine } from './doctor.ts'

const quiet = createLog({ write: () => {}, pretty: false, now: Date.now })
/** A folder that was started on; each test has a copy of its own. */
const started = mkdtempSync(join(tmpdir(), 'kanpeki-doctor-'))
let folder: string
beforeAll(() => once(started))
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kanpeki-doctor-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))
afterAll(() => rmSync(started, { recursive: true, force: true }))

async function once(data: string, work: (services: Services) => Promise<void> = async () => {}): Promise<void> {
  const services = await startServices(readConfig(data, {}, {}), quiet, { progressed: () => {} })
  try {
    await work(services)
  } finally {
    await services.stop()
  }
}

/** With modes and times, as they were when the start had ended. */
function likeStarted(): void {
  execFileSync('cp', ['-a', `${started}/.`, folder])
}

async function verdicts(
  flags: Partial<Record<SettingKey, string>> = {},
  environment: Record<string, string> = {},
  now = Date.now(),
): Promise<Record<string, string>> {
  const found = await examine(readConfig(folder, { port: '0', ...flags }, environment), environment, now, async () => undefined)
  for (const { id, verdict, says, remedy } of found) {
    expect(says.en, id).not.toBe('')
    expect(says.ja, id).not.toBe('')
    if (verdict !== 'pass') expect(remedy, id).toBeDefined()
  }
  return Object.fromEntries(found.map(({ id, verdict }) => [id, verdict]))
}

it('fails nothing on a folder that was started on, and says what it cannot know', async () => {
  likeStarted()
  const found = await verdicts()
  expect(Object.keys(found)).toEqual(doctorChecks.map(({ id }) => id))
  expect(Object.values(found)).not.toContain('fail')
  for (const id of ['node', 'permissions', 'ports', 'state', 'lake', 'ledger', 'outbox'])
    expect([id, found[id]]).toEqual([id, 'pass'])
  for (const id of ['seal-key', 'witness', 'backup']) expect([id, found[id]]).toEqual([id, 'unknown'])
}, 60_000)

it('changes nothing, not even an empty folder', async () => {
  const found = await verdicts()
  expect(Object.values(found)).not.toContain('fail')
  expect(readdirSync(folder)).toEqual([])
})

const faults: readonly (readonly [string, string, () => Promise<Awaited<ReturnType<typeof verdicts>>>])[] = [
  [
    'a folder that others can read',
    'permissions',
    async () => {
      likeStarted()
      chmodSync(folder, 0o755)
      return await verdicts()
    },
  ],
  [
    'a ledger whose key is no key',
    'ledger',
    async () => {
      likeStarted()
      writeFileSync(join(folder, 'ledger/key'), 'none\n')
      return await verdicts()
    },
  ],
  [
    'a ledger that is gone',
    'ledger',
    async () => {
      likeStarted()
      rmSync(join(folder, 'ledger'), { recursive: true })
      return await verdicts()
    },
  ],
  [
    'a flipped byte at the ledger’s tip',
    'ledger',
    async () => {
      likeStarted()
      const tile = join(folder, 'ledger/tile/0')
      const path = readdirSync(tile, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name))
      for (const one of path) {
        const bytes = readFileSync(one)
        bytes[0] = bytes[0]! ^ 1
        writeFileSync(one, bytes)
      }
      return await verdicts()
    },
  ],
  [
    'another seal key',
    'seal-key',
    async () => {
      likeStarted()
      return await verdicts({}, { KANPEKI_SEAL_KEY: Buffer.alloc(32, 1).toString('base64') })
    },
  ],
  [
    'a port in use',
    'ports',
    async () => {
      const server = createServer()
      const port = await new Promise<number>((resolve) =>
        server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port)),
      )
      try {
        return await verdicts({ port: String(port) })
      } finally {
        server.close()
      }
    },
  ],
  ['a witness that is not there', 'witness', () => verdicts({ witness: '/nowhere/at/all/witness' })],
  ['more memory than there is', 'memory', () => verdicts({ memory: '900000 GB' })],
  [
    'a clock behind its own files',
    'clock',
    async () => {
      likeStarted()
      return await verdicts({}, {}, Date.now() - 86_400_000)
    },
  ],
  [
    'an old backup',
    'backup',
    async () => {
      likeStarted()
      await once(folder, ({ state }) =>
        settingsOf(state).set(LAST_BACKUP, JSON.stringify({ made: Date.now() - 8 * 86_400_000, bytes: 1, by: 'test' })),
      )
      return await verdicts()
    },
  ],
  [
    'a certificate that cannot be read',
    'tls',
    () => verdicts({ host: '0.0.0.0', 'tls-cert': join(folder, 'none.pem'), 'tls-key': join(folder, 'none.key') }),
  ],
  [
    'a state that is no database',
    'state',
    async () => {
      likeStarted()
      rmSync(join(folder, 'state.db'))
      mkdirSync(join(folder, 'state.db'))
      return await verdicts()
    },
  ],
]

it.each(faults)('finds %s', async (_, id, find) => expect((await find())[id]).toBe('fail'), 60_000)
