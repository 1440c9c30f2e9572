import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { testBatch, testEvent } from '../testing/lakes.ts'
import { connectLake, type LakeAddress } from './connect.ts'
import { type EmbeddedLake, startEmbeddedLake } from './embedded.ts'

/** The engine on a loopback port, spoken to as if it were a cluster. */
const folder = mkdtempSync(join(tmpdir(), 'kanpeki-lake-'))
let engine: EmbeddedLake
let cluster: LakeAddress
beforeAll(async () => {
  engine = await startEmbeddedLake({ folder, memory: 512 * 1024 * 1024, loopback: true, log: () => {} })
  const { address } = engine
  if (address.kind !== 'embedded' || address.port === undefined) throw new TypeError('not on a port')
  cluster = { kind: 'cluster', url: `http://127.0.0.1:${address.port}`, username: 'default', password: address.secret }
})
afterAll(async () => {
  await engine.stop()
  rmSync(folder, { recursive: true })
})

test('the same calls work by URL, and an hour is sealed over HTTP', async () => {
  const lake = await connectLake(cluster, { sealed: join(folder, 'sealed') })
  const received = Date.UTC(2026, 7, 1, 10)
  await lake.append(testBatch(1, received, [testEvent('a', { n: 1 }), testEvent('b', { n: 2 })]))
  expect(await lake.count({ scope: 'default', query: { kind: 'all' } })).toBe(2)
  const sealed = await lake.sealHour(received)
  const bytes = readFileSync(join(folder, 'sealed', '2026-08-01T10', 'events.parquet'))
  expect(sealed).toMatchObject({ rows: 2, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') })
  expect(bytes.subarray(0, 4).toString()).toBe('PAR1')
  await lake.close()
})

test('nobody without the secret gets in, and a lake that is not there is named within the patience given', async () => {
  const sealed = join(folder, 'sealed')
  await expect(connectLake({ ...cluster, password: 'wrong' } as LakeAddress, { sealed })).rejects.toMatchObject({
    code: 'lake_refused',
  })
  const nowhere: LakeAddress = { kind: 'cluster', url: 'http://127.0.0.1:9' }
  await expect(connectLake(nowhere, { sealed, patienceMs: 100 })).rejects.toMatchObject({ code: 'lake_unreachable' })
})
