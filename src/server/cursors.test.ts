import { expect, it } from 'vitest'
import type { z } from 'zod'
import { rulesQuery } from '../detect/schema.ts'
import { artefactsQuerySchema } from '../prove/custody/schema.ts'
import { incidentsQuery } from '../respond/incidents/schema.ts'
import { runQuery } from '../respond/playbooks/schema.ts'

// Whoever gets the first page for a cursor that was cut or mixed up reads it for ever.
it.each<[string, z.ZodType, string]>([
  ['incidents', incidentsQuery, '12'],
  ['artefacts', artefactsQuerySchema, '734'],
  ['rules', rulesQuery, '200'],
  ['runs', runQuery, `1763942400000.${'0a'.repeat(16)}`],
])('refuses a cursor that no page gave: %s', (_name, query, cursor) => {
  expect(query.safeParse({ cursor }).success).toBe(true)
  expect(query.safeParse({}).success).toBe(true)
  for (const wrong of ['', '-1', '1e3', `${cursor}x`, `x${cursor}`, 'WzEsMiwieCJd', `${cursor} `])
    expect([wrong, query.safeParse({ cursor: wrong }).success]).toEqual([wrong, false])
})
