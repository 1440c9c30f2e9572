import { expect, test } from 'vitest'
import { printQuery } from '../../platform/lake/query/print.ts'
import { DAY_MS, dueAt, type RetentionPolicy } from './policy.ts'
import { POLICY } from './testing/policy.ts'

const forEver: RetentionPolicy = { ...POLICY, days: null }
const plain: RetentionPolicy = { ...POLICY, exceptions: [] }

test.each([
  [POLICY, 0.9, 'none'],
  [POLICY, 1, 'kanpeki\\.source:"noisy"'],
  [POLICY, 3, 'kanpeki.source:"noisy" OR NOT (kanpeki.source:"noisy" OR kanpeki.scope:"bank")'],
  [POLICY, 10, '*'],
  [forEver, 2, 'kanpeki.source:"noisy"'],
  [forEver, 11, 'kanpeki.source:"noisy" OR (kanpeki.scope:"bank" AND NOT kanpeki.source:"noisy")'],
  [plain, 2.9, 'none'],
  [plain, 3, '*'],
  [{ ...plain, days: null }, 4000, 'none'],
] as const)('%# after %d days', (policy, days, expected) => {
  const due = dueAt(policy, days * DAY_MS)
  expect(due === 'none' ? due : printQuery(due.query)).toBe(expected.replaceAll('\\', ''))
})

test('the key changes exactly when more is due', () => {
  const keys = Array.from({ length: 15 }, (_, day) => {
    const due = dueAt(POLICY, day * DAY_MS)
    return due === 'none' ? '' : due.key
  })
  expect([...new Set(keys)]).toEqual([
    '',
    'kanpeki.source:noisy=1',
    '*=3 kanpeki.source:noisy=1',
    '*=3 kanpeki.source:noisy=1 kanpeki.scope:bank=10',
  ])
})
