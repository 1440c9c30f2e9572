import { expect, it } from 'vitest'
import type { z } from 'zod'
import { erasureRequestSchema } from '../app/erasure/schema.ts'
import { rangeBetween } from '../platform/lake/time-range.ts'
import { auditExportQuerySchema, auditQuerySchema } from '../prove/audit/schema.ts'
import { bundleQuerySchema, entriesQuerySchema } from '../prove/schema.ts'

const early = '2026-11-22T00:00:00.000Z'
const late = '2026-11-23T00:00:00.000Z'
const erasure = { identities: [{ kind: 'user', value: 'sato' }], reason: 'asked for' }

it.each<[string, z.ZodType, object]>([
  ['entries', entriesQuerySchema, {}],
  ['bundle', bundleQuerySchema, {}],
  ['audit', auditQuerySchema, {}],
  ['audit export', auditExportQuerySchema, {}],
  ['erasure', erasureRequestSchema, erasure],
])('refuses a span that ends before it begins, in which nothing ever happened: %s', (_name, schema, rest) => {
  expect(schema.safeParse({ ...rest, from: early, to: late }).success).toBe(true)
  for (const from of [late, '2026-11-23T00:00:00.001Z'])
    expect(schema.safeParse({ ...rest, from, to: late }).error?.issues[0]?.path).toEqual(['to'])
})

it('refuses it for searches as well', () => {
  expect(rangeBetween(early, late)).toEqual({ from: Date.parse(early), to: Date.parse(late) })
  expect(() => rangeBetween(late, early)).toThrow('not after its beginning')
  expect(() => rangeBetween(early, early)).toThrow('not after its beginning')
  expect(rangeBetween(undefined, undefined)).toBeUndefined()
})
