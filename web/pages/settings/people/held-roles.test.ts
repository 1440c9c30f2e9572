import { expect, it } from 'vitest'
import { byScope, conflictsOf } from './held-roles.ts'

const PAIRS: ['engineer' | 'administrator', 'approver'][] = [
  ['engineer', 'approver'],
  ['administrator', 'approver'],
]

it('lists every scope first, then the shared one', () => {
  const roles = [
    { role: 'analyst', scope: 'tokyo' },
    { role: 'viewer', scope: 'default' },
    { role: 'auditor', scope: '*' },
  ] as const
  expect(byScope(roles).map(({ scope }) => scope)).toEqual(['*', 'default', 'tokyo'])
})

it('sees duties that meet, also through a role of every scope, and names each pair once', () => {
  const cases = [
    {
      roles: [
        { role: 'engineer', scope: 'tokyo' },
        { role: 'approver', scope: 'osaka' },
      ],
      met: [],
    },
    {
      roles: [
        { role: 'engineer', scope: 'tokyo' },
        { role: 'approver', scope: 'tokyo' },
      ],
      met: ['engineer,approver tokyo'],
    },
    {
      roles: [
        { role: 'engineer', scope: '*' },
        { role: 'approver', scope: 'osaka' },
      ],
      met: ['engineer,approver osaka'],
    },
    {
      roles: [
        { role: 'administrator', scope: '*' },
        { role: 'approver', scope: '*' },
        { role: 'viewer', scope: 'tokyo' },
      ],
      met: ['administrator,approver *'],
    },
  ] as const
  for (const { roles, met } of cases) {
    expect(conflictsOf(roles, PAIRS).map((one) => `${one.roles.join()} ${one.scope}`)).toEqual(met)
  }
})
