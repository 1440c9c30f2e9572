import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, expect, it } from 'vitest'
import type { AccessTables } from '../src/access/tables.ts'
import { migrations } from '../src/app/migrations.ts'
import type { DetectTables } from '../src/detect/tables.ts'
import type { MigrationTables } from '../src/platform/state/migrate.ts'
import { stateMigrations } from '../src/platform/state/migrations.ts'
import { openState } from '../src/platform/state/state.ts'
import { ROOT } from './support/kanpeki.ts'

const fixtures = join(ROOT, 'test/fixtures')
const kept = readdirSync(fixtures).filter((name) => name.startsWith('schema-'))
const folder = mkdtempSync(join(tmpdir(), 'kanpeki-upgrade-'))
afterAll(() => rmSync(folder, { recursive: true }))

it('keeps a fixture of every released schema', () => {
  expect(kept).toEqual(expect.arrayContaining(['schema-0.1.0', 'schema-0.2.0']))
})

it.each(kept)('upgrades from %s without losing a row', async (name) => {
  const path = join(folder, `${name}.db`)
  const before = new DatabaseSync(path)
  before.exec(readFileSync(join(fixtures, name, 'state.sql'), 'utf8'))
  before.close()
  const state = await openState({ path }, migrations)
  try {
    const applied = await state.tables<MigrationTables>().selectFrom('migrations').select('name').execute()
    expect(applied.map((row) => row.name).sort()).toEqual([...stateMigrations, ...migrations].map((one) => one.name).sort())
    const roles = await state
      .tables<AccessTables>()
      .selectFrom('access_accounts as a')
      .innerJoin('access_assignments as r', 'r.account_id', 'a.id')
      .select(['a.name', 'r.role', 'r.scope'])
      .orderBy('r.role')
      .execute()
    expect(roles).toEqual([
      { name: 'mori', role: 'administrator', scope: '*' },
      { name: 'mori', role: 'approver', scope: '*' },
    ])
    expect(await state.tables<AccessTables>().selectFrom('access_tokens').select('name').execute()).toEqual([{ name: 'shipper' }])
    expect(await state.tables<DetectTables>().selectFrom('detect_alerts').select('state').execute()).toEqual([{ state: 'open' }])
  } finally {
    await state.close()
  }
})
