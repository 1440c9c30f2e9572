/**
 * Writes `test/fixtures/schema-VERSION/state.sql`: the state store of this version as SQL, with the rows that its migrations
 * leave and a little of a user's own, so that later versions are tested by upgrading from it. Run once a release.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { hashPassword } from '../src/access/password.ts'
import { createSetupLink, useSetupLink } from '../src/access/setup.ts'
import type { AccessTables } from '../src/access/tables.ts'
import { createToken } from '../src/access/tokens.ts'
import { migrations } from '../src/app/migrations.ts'
import { applyCounts } from '../src/collect/accounting.ts'
import { recordDetections } from '../src/detect/alerts.ts'
import { recordEvidence } from '../src/platform/state/outbox.ts'
import { openState } from '../src/platform/state/state.ts'

const AT = Date.UTC(2026, 10, 22, 12)
const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
const folder = mkdtempSync(join(tmpdir(), 'kanpeki-fixture-'))
const path = join(folder, 'state.db')

const state = await openState({ path }, migrations, { now: () => AT })
await state.transaction<AccessTables, void>(async (trx) => {
  const link = await createSetupLink(trx, 'default', AT)
  await useSetupLink(trx, 'default', link!, 'mori', await hashPassword('a password of the fixture'), AT)
  await createToken(trx, { scope: 'default', name: 'shipper', grant: 'ingest', owner: null }, AT)
  const counts = { received: 3, parsed: 2, unknown: 1, stored: 3, repeated: 0, dropped: 0, gaps: 0, bytes: 300 }
  await applyCounts(trx, 'http:shipper', 'default', { writer: 'w1', sequence: 1, counts }, AT)
  const rule = {
    id: '5e3f0e7c-58a4-4ad6-9f4b-0f3c5f1d7f11',
    version: '1',
    title: 'Fixture rule',
    level: 'high' as const,
    file: 'rules/fixture.yml',
    description: '',
    techniques: ['T1110'],
    tactics: [],
  }
  const detection = {
    rule,
    eventIds: ['event-1'],
    eventCount: 1,
    fields: { 'user.name': 'mori' },
    group: { 'host.name': 'web-01' },
    observed: AT,
    received: AT,
    scope: 'default',
  }
  await recordDetections(trx, [detection], AT)
  await recordEvidence(trx, [{ type: 'admin', scope: 'default', observed: AT, received: AT, body: { action: 'fixture' } }], {
    now: () => AT,
  })
})
await state.close()

const database = new DatabaseSync(path)
const lines: string[] = []
for (const row of database
  .prepare("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY type DESC, name")
  .all())
  lines.push(`${String(row['sql'])};`)
for (const { name } of database
  .prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name")
  .all()) {
  for (const row of database.prepare(`SELECT * FROM "${String(name)}"`).all()) {
    const values = Object.values(row).map((value) =>
      value === null ? 'NULL' : typeof value === 'string' ? `'${value.replaceAll("'", "''")}'` : String(value),
    )
    lines.push(
      `INSERT INTO "${String(name)}" (${Object.keys(row)
        .map((key) => `"${key}"`)
        .join(', ')}) VALUES (${values.join(', ')});`,
    )
  }
}
database.close()
rmSync(folder, { recursive: true })

const target = `test/fixtures/schema-${version}`
mkdirSync(target, { recursive: true })
writeFileSync(join(target, 'state.sql'), `${lines.join('\n')}\n`)
console.error(`${target}/state.sql: ${lines.length} statements`)
