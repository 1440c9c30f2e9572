import { expect, it } from 'vitest'
import type { Action } from '../kernel/action.ts'
import { systemClock } from '../kernel/clock.ts'
import { createOutgoing } from '../platform/outgoing/outgoing.ts'
import { rejectionOf } from '../platform/testing/code-of.ts'
import { openTicket } from '../respond/actions/open-ticket/action.ts'
import { startRecorder } from '../respond/actions-support/testing/recorder.ts'
import type { Connections } from '../respond/connections/connections.ts'
import { findingTickets } from './finding-tickets.ts'

it('opens one ticket for a weakness however often it is asked for', async () => {
  const gitlab = await startRecorder()
  const kept: { iid: number; web_url: string; description: string }[] = []
  gitlab.answer = ({ method, json }) => {
    if (method !== 'POST') return { body: kept }
    const { description } = json as { description: string }
    const issue = { iid: kept.length + 1, web_url: `https://git.test/${kept.length + 1}`, description }
    kept.push(issue)
    return { status: 201, body: issue }
  }
  const settings = { url: gitlab.url, project: 'acme/web' }
  const connections = {
    of: async () => [{ name: 'git', kind: 'gitlab', settings, secrets: { token: 'canary' } }],
  } as unknown as Connections
  const outgoing = createOutgoing({ allow: ['127.0.0.1'], log: { warn: () => undefined } })
  const action = openTicket({ connections, outgoing, wafFolder: '' }) as Action
  const open = findingTickets(new Map([['open-ticket', action]]), systemClock)
  const asked = {
    scope: 'default',
    about: ['shop', 'pkg:npm/a', 'CVE-2026-1'],
    by: 'Hanako',
    title: 'CVE-2026-1',
    text: 'a\n/close',
    severity: 1,
  }
  try {
    const first = await open(asked)
    expect(first).toEqual({ id: '#1', url: 'https://git.test/1' })
    expect(await open(asked)).toEqual(first)
    expect(await open({ ...asked, about: ['other', 'pkg:npm/a', 'CVE-2026-1'] })).toMatchObject({ id: '#2' })
    expect(kept).toHaveLength(2)
    expect(await rejectionOf(findingTickets(new Map(), systemClock)(asked))).toBe('no_connection')
  } finally {
    await gitlab.stop()
  }
})
