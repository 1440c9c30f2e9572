import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { secretContext } from '../access/sso/settings.ts'
import type { AccessTables } from '../access/tables.ts'
import { type Config, readConfig } from '../platform/config.ts'
import { dataDir, lockDataDir, prepareDataDir } from '../platform/data-dir.ts'
import { openSealer } from '../platform/secrets/open-sealer.ts'
import { sealKeySource } from '../platform/secrets/seal-keys.ts'
import { settingsOf } from '../platform/state/settings.ts'
import { openState } from '../platform/state/state.ts'
import { rejectionOf } from '../platform/testing/code-of.ts'
import { openLedger } from '../prove/ledger.ts'
import { migrations } from './migrations.ts'
import { statePlace } from './places.ts'
import { rotateSecrets } from './rotate-secrets.ts'

const KILLED = fileURLToPath(new URL('testing/rotate-until.ts', import.meta.url))
const root = mkdtempSync(join(tmpdir(), 'kanpeki-rotate-'))
afterAll(() => rmSync(root, { recursive: true }))
const seed = join(root, 'seed')
let verifier: string
let signingKey: string

const sealerOf = (data: string, environment: Record<string, string> = {}) => {
  const { keys } = dataDir(data)
  return openSealer(keys, sealKeySource(keys, { 'seal-key-file': null, 'seal-key-command': [] }, environment))
}
const keptKey = (data: string) => readFileSync(join(data, 'keys', 'ledger.key'), 'utf8').trim()
const keysIn = (data: string) =>
  readFileSync(join(data, 'keys', 'seal.key'), 'utf8')
    .trim()
    .split('\n')

async function copy(name: string): Promise<Config> {
  const data = join(root, name)
  cpSync(seed, data, { recursive: true })
  return readConfig(data, {}, {})
}

beforeAll(async () => {
  prepareDataDir(dataDir(seed))
  const first = await openLedger({ data: seed })
  verifier = first.key.text
  signingKey = keptKey(seed)
  const again = await openLedger({ data: seed, sealer: await sealerOf(seed) })
  expect(again.key.text).toBe(verifier)
  const state = await openState(statePlace(readConfig(seed, {}, {})), migrations)
  await state.close()
})

it('seals the signing key that an older version kept plain', async () => {
  expect(signingKey).toMatch(/^PRIVATE\+KEY\+/)
  expect(keptKey(seed)).toMatch(/^kpseal1:/)
  expect((await sealerOf(seed)).open(keptKey(seed), 'ledger.key').toString()).toBe(signingKey)
  expect(await rejectionOf(openLedger({ data: seed }))).toBe('ledger_key_sealed')
})

it('leaves everything readable when it is killed after any of its steps, and goes on from there', async () => {
  const all: string[] = []
  await rotateSecrets(await copy('whole'), {}, (step) => all.push(step))
  expect(all.length).toBeGreaterThanOrEqual(5)
  expect(keysIn(join(root, 'whole'))).toHaveLength(1)
  expect(keysIn(join(root, 'whole'))).not.toEqual(keysIn(seed))
  for (let steps = 1; steps <= all.length; steps++) {
    const config = await copy(`killed-${steps}`)
    const child = spawn(process.execPath, [KILLED, config.data, String(steps)], { stdio: 'ignore' })
    expect(await once(child, 'exit')).toEqual([null, 'SIGKILL'])
    const open = async () => (await openLedger({ data: config.data, sealer: await sealerOf(config.data) })).key.text
    expect(await open()).toBe(verifier)
    const keys = keysIn(config.data)
    expect(keys).toHaveLength(steps === all.length ? 1 : 2)
    const done = await rotateSecrets(config, {})
    expect(await open()).toBe(verifier)
    expect(keysIn(config.data)).toHaveLength(1)
    expect(keptKey(config.data).startsWith(`kpseal1:${done.to}:`)).toBe(true)
    if (steps < all.length) expect(keysIn(config.data)).toEqual(keys.slice(0, 1))
  }
}, 60_000)

it('seals the client secrets of single sign-on anew', async () => {
  const config = await copy('providers')
  const sealed = (await sealerOf(config.data)).seal('client secret', secretContext('corp'))
  const before = await openState(statePlace(config), migrations)
  const row = { id: 'corp', scope: 'default', settings: '{}', secret: sealed, created: 1, updated: 1 }
  await before.tables<AccessTables>().insertInto('access_sso_providers').values(row).execute()
  await before.close()
  const { to } = await rotateSecrets(config, {})
  const after = await openState(statePlace(config), migrations)
  const { secret } = await after
    .tables<AccessTables>()
    .selectFrom('access_sso_providers')
    .select('secret')
    .executeTakeFirstOrThrow()
  await after.close()
  expect(secret).toMatch(new RegExp(`^kpseal1:${to}:`))
  expect((await sealerOf(config.data)).open(secret ?? '', secretContext('corp')).toString()).toBe('client secret')
})

it('keeps the old key when a value was forgotten, and says where it is', async () => {
  const config = await copy('forgotten')
  const state = await openState(statePlace(config), migrations)
  const value = (await sealerOf(config.data)).seal('x', 'nobody knows')
  await settingsOf(state).set('forgotten', JSON.stringify({ inside: value }))
  await settingsOf(state).set('from outside', 'kpseal1:000000000000:AAAA')
  await state.close()
  await expect(rotateSecrets(config, {})).rejects.toMatchObject({
    code: 'seal_left_behind',
    message: expect.stringContaining('settings.value') as string,
  })
  expect(keysIn(config.data)).toHaveLength(2)
  expect((await sealerOf(config.data)).open(value, 'nobody knows').toString()).toBe('x')
})

it('asks for the new key where keys come from elsewhere, and for a stopped server', async () => {
  const config = await copy('elsewhere')
  const old = keysIn(config.data)[0]!
  const key = randomBytes(32).toString('base64')
  expect(await rejectionOf(rotateSecrets(config, { KANPEKI_SEAL_KEY: old }))).toBe('seal_rotation_keys')
  expect(await rejectionOf(rotateSecrets(config, { KANPEKI_SEAL_KEY: key }))).toBe('seal_wrong_key')
  await rotateSecrets(config, { KANPEKI_SEAL_KEY: `${key},${old}` })
  const sealer = await sealerOf(config.data, { KANPEKI_SEAL_KEY: key })
  expect(sealer.open(keptKey(config.data), 'ledger.key').toString()).toBe(signingKey)
  const lock = await lockDataDir(dataDir(config.data))
  expect(await rejectionOf(rotateSecrets(config, { KANPEKI_SEAL_KEY: key }))).toBe('data_in_use')
  lock.release()
})
