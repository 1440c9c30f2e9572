import { expect, it } from 'vitest'
import type { z } from 'zod'
import { rulesQuery } from '../detect/schema.ts'
import { auditQuerySchema } from '../prove/audit/schema.ts'
import { artefactsQuerySchema } from '../prove/custody/schema.ts'
import { bundleQuerySchema, entriesQuerySchema, entryParamsSchema } from '../prove/schema.ts'
import { incidentsQuery } from '../respond/incidents/schema.ts'
import { runQuery } from '../respond/playbooks/schema.ts'

// Whoever gets the first page for a cursor that was cut or mixed up reads it for ever.
it.each<[string, z.ZodType, string]>([
  ['incidents', incidentsQuery, '12'],
  ['artefacts', artefactsQuerySchema, '734'],
  ['rules', rulesQuery, '200'],
  ['entries', entriesQuerySchema, '91'],
  ['audit', auditQuerySchema, '91'],
  ['runs', runQuery, `1763942400000.${'0a'.repeat(16)}`],
])('refuses a cursor that no page gave: %s', (_name, query, cursor) => {
  expect(query.safeParse({ cursor }).success).toBe(true)
  expect(query.safeParse({}).success).toBe(true)
  for (const wrong of ['', '-1', '1e3', `${cursor}x`, `x${cursor}`, 'WzEsMiwieCJd', `${cursor} `])
    expect([wrong, query.safeParse({ cursor: wrong }).success]).toEqual([wrong, false])
})

it('takes no blank for the first entry of the ledger', () => {
  for (const index of ['', ' ', '0x1', '1e1', '-0', '1.0', 'true']) {
    expect([index, bundleQuerySchema.safeParse({ index }).success]).toEqual([index, false])
    expect([index, entryParamsSchema.safeParse({ index }).success]).toEqual([index, false])
  }
  expect(bundleQuerySchema.parse({ index: '0' }).index).toBe(0)
  expect(entryParamsSchema.parse({ index: '12' }).index).toBe(12)
})
