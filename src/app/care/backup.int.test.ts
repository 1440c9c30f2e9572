import {
  createReadStream,
  createWriteStream,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { readConfig } from '../../platform/config.ts'
import { createLog } from '../../platform/log.ts'
import { testCaller } from '../../platform/testing/caller.ts'
import { openLedger } from '../../prove/ledger.ts'
import type { VerifierKey } from '../../prove/verify/note.ts'
import { sealClosedHours } from '../pipeline/seal.ts'
import { rotateLedgerKeyRoute } from '../rotate-ledger-key.ts'
import { type Services, startServices } from '../services.ts'
import { createBackups } from './make-backup.ts'
import { checkBackup, restoreBackup } from './restore-backup.ts'
import { backupDeps, skippedHeader } from './routes.ts'

const HOUR_MS = 3_600_000
const KEY = '-----BEGIN PRIVATE KEY-----\nnot a real one\n-----END PRIVATE KEY-----\n'
const quiet = createLog({ write: () => {}, pretty: false, now: Date.now })

let folder: string
let data: string
let services: Services
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kanpeki-backup-'))
  data = join(folder, 'data')
  services = await startServices(readConfig(data, {}, {}), quiet, { progressed: () => {} })
})
afterEach(async () => {
  await services.stop()
  rmSync(folder, { recursive: true, force: true })
})

async function send(count: number): Promise<void> {
  const records = Array.from({ length: count }, (_, n) => ({ id: `r${n}-${Math.random()}`, json: { message: `event ${n}` } }))
  await services.pipeline.ask({
    kind: 'batch',
    batch: { source: 'http:test', scope: 'default', records, bytes: 0, gaps: 0, zoneMinutes: 0, parsers: [] },
  })
  await services.pipeline.ask({ kind: 'settled' })
}

/** Nothing of a backup may stay in the data folder. */
function leftovers(): string[] {
  const backups = readdirSync(join(data, 'backups')).map((name) => `backups/${name}`)
  const shadow = join(data, 'lake/engine/shadow')
  const frozen = statSync(shadow, { throwIfNoEntry: false }) === undefined ? [] : readdirSync(shadow, { withFileTypes: true })
  return [...backups, ...frozen.filter((entry) => entry.isDirectory()).map((entry) => entry.name)]
}

it('brings back sealed hours, rules, links’ names and keys in clear, the last sealed on their way', async () => {
  await send(50)
  const future = { now: () => Date.now() + 2 * HOUR_MS }
  expect(await sealClosedHours({ lake: services.lake, state: services.state, clock: future })).toHaveLength(1)
  await services.drainer.drain()
  await send(7)
  writeFileSync(join(data, 'rules/mine.yml'), 'title: mine\n')
  writeFileSync(join(data, 'keys/other.key'), KEY, { mode: 0o600 })
  symlinkSync('/etc/passwd', join(data, 'link'))
  // The server reads the rules behind it.
  symlinkSync('/srv/rules', join(data, 'rules/team'))

  const backup = await createBackups(backupDeps(services, '0.0.0')).make({ by: 'test', withSealKey: false })
  expect(backup.skipped).toEqual(['link', 'rules/team'])
  const many = decodeURIComponent(skippedHeader(Array.from({ length: 5000 }, (_, i) => `rules/規則-${i}`))).split('\n')
  expect(many.at(-1)).toBe(`… (+${5001 - many.length})`)
  expect(encodeURIComponent(many.join('\n')).length).toBeLessThan(8_000)
  const file = join(folder, 'backup.tar')
  await pipeline(Readable.from(backup.bytes, { objectMode: false }), createWriteStream(file))
  expect(leftovers()).toEqual([])
  expect(Math.abs(statSync(file).size - backup.estimate)).toBeLessThan(0.2 * backup.estimate)
  expect(readFileSync(file, 'latin1')).not.toMatch(/not a real one|PRIVATE\+KEY/)
  const { manifest } = await checkBackup(createReadStream(file), [services.ledger.key])
  expect(manifest.files.find(({ name }) => name === 'files/keys/other.key')?.sealed).toBe(true)
  expect(manifest.files.filter(({ name }) => name.startsWith('lake/sealed/'))).toHaveLength(1)

  const restored = join(folder, 'restored')
  const sealKeyFile = join(data, 'keys/seal.key')
  const { report, events } = await restoreBackup({
    archive: createReadStream(file),
    data: restored,
    keys: [services.ledger.key],
    sealKeyFile,
    environment: {},
    log: () => {},
  })
  expect([events, report.checked.segments, report.failures]).toEqual([57, 1, []])
  expect(readFileSync(join(restored, 'keys/other.key'), 'utf8')).toBe(KEY)
  expect(statSync(join(restored, 'keys/other.key')).mode & 0o777).toBe(0o600)
  expect(readFileSync(join(restored, 'rules/mine.yml'), 'utf8')).toBe('title: mine\n')
  expect(readdirSync(restored)).not.toContain('link')

  const again = await startServices(readConfig(restored, {}, {}), quiet, { progressed: () => {} })
  try {
    expect((await again.lake.stats()).events).toBe(57)
    // The restored folder knows what is sealed, and does not seal it again.
    expect(await sealClosedHours({ lake: again.lake, state: again.state, clock: future })).toEqual([])
  } finally {
    await again.stop()
  }
}, 60_000)

it('is known by any key that the ledger had, and by no other', async () => {
  const before = services.ledger.key
  const earlier = join(folder, 'earlier.tar')
  const made = async (file: string): Promise<void> => {
    const backup = await createBackups(backupDeps(services, '0.0.0')).make({ by: 'test', withSealKey: true })
    await pipeline(Readable.from(backup.bytes, { objectMode: false }), createWriteStream(file))
  }
  await made(earlier)
  await rotateLedgerKeyRoute({ ...services, clock: { now: Date.now } }).handle({ caller: testCaller({ kind: 'token' }) } as never)
  const later = join(folder, 'later.tar')
  await made(later)
  const restore = (file: string, keys: readonly VerifierKey[], name: string): ReturnType<typeof restoreBackup> =>
    restoreBackup({ archive: createReadStream(file), data: join(folder, name), keys, environment: {}, log: () => {} })
  const { key, report } = await restore(later, [before], 'followed')
  expect([key.text, report.failures]).toEqual([services.ledger.key.text, []])
  await expect(restore(earlier, [services.ledger.key], 'too-new')).rejects.toMatchObject({ code: 'archive_foreign' })
  const stranger = await openLedger({ data: join(folder, 'strange') })
  await expect(restore(later, [stranger.key], 'foreign')).rejects.toMatchObject({ code: 'archive_foreign' })
}, 60_000)

it('leaves nothing behind when its reader leaves, before or in the middle, and allows the next', async () => {
  await send(10)
  const backups = createBackups(backupDeps(services, '0.0.0'))
  const first = await backups.make({ by: 'test', withSealKey: false })
  await expect(backups.make({ by: 'test', withSealKey: false })).rejects.toMatchObject({ code: 'conflict' })
  await first.release()
  expect(leftovers()).toEqual([])
  const second = await backups.make({ by: 'test', withSealKey: false })
  for await (const chunk of second.bytes) {
    expect(chunk.byteLength).toBeGreaterThan(0)
    break
  }
  expect(leftovers()).toEqual([])
  await (await backups.make({ by: 'test', withSealKey: false })).release()
}, 60_000)
