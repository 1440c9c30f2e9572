import { expect, it } from 'vitest'
import type { WaitingApproval } from '../../kernel/duties.ts'
import { openState } from '../../platform/state/state.ts'
import { describeStates } from '../../platform/testing/states.ts'
import { migrations } from '../migrations.ts'
import { partBed } from '../scopes/testing/part-bed.ts'
import type { Conflicts } from './schema.ts'

const clock = { now: () => Date.UTC(2026, 10, 22) }

function waiting(id: string, author: string | null, needed: number): WaitingApproval {
  return {
    kind: 'card',
    id,
    version: '1',
    title: { en: id, ja: id },
    author: { account: author, name: author ?? 'file' },
    since: clock.now(),
    needed,
    accepts: ({ permissions }) => permissions.has('cards:approve'),
  }
}

describeStates('conflicting duties', (states) => {
  it('lists whoever holds both, and what only its author could approve', async () => {
    const items = [
      waiting('own', 'both', 1),
      waiting('other', 'engineer', 1),
      waiting('two', 'both', 2),
      waiting('file', null, 3),
    ]
    const asked: string[] = []
    const state = await openState(await states.place(), migrations, clock)
    const bed = partBed(state, clock, [
      async (scope) => {
        asked.push(scope)
        return items
      },
    ])
    const auditor = await bed.person('auditor', [['auditor', 'default']])
    await bed.person('both', [
      ['engineer', '*'],
      ['approver', 'default'],
    ])
    await bed.person('engineer', [['engineer', 'default']])
    await bed.person('north', [
      ['engineer', 'north'],
      ['approver', 'north'],
    ])
    const conflicts = await bed.call<Conflicts>(auditor, 'GET', '/api/v1/access/conflicts')
    expect(conflicts.people).toEqual([
      { account: 'both', name: 'both', display: '', roles: ['engineer', 'approver'], duties: [['engineer', 'approver']] },
    ])
    expect(conflicts.waiting.map(({ id }) => id)).toEqual(['own', 'two'])
    expect(asked).toEqual(['default'])
    await bed.person('second', [['approver', 'default']])
    const after = await bed.call<Conflicts>(auditor, 'GET', '/api/v1/access/conflicts')
    expect(after.waiting.map(({ id }) => id)).toEqual(['two'])
  })
})
