import { expect, test } from 'vitest'
import { blindSpots, heartbeatOf, stateOf } from './heartbeat.ts'

const DOC = {
  event: { action: 'agent-heartbeat' },
  host: { name: 'web-1', os: { type: 'linux', kernel: '6.1.0' } },
  agent: { id: 'a', name: 'web-1', version: '0.2.0', type: 'kanpeki' },
  kanpeki_agent: {
    agent: {
      counters: { 'events.made': 9, 'files.unread': 2, 'events.dropped': 0 },
      spool: { bytes: 10, damaged: 0 },
      resident_bytes: 90_000_000,
      cpu_share: 0.01,
      uptime_ms: 60_000,
    },
  },
}

test('reads a heartbeat, and nothing out of another event', () => {
  expect(heartbeatOf(DOC)).toMatchObject({ host: 'web-1', kernel: '6.1.0', stopped: false, spoolBytes: 10 })
  expect(heartbeatOf({ ...DOC, event: { action: 'agent-stopped' } })?.stopped).toBe(true)
  for (const other of [undefined, null, 'x', {}, { ...DOC, kanpeki_agent: {} }]) expect(heartbeatOf(other)).toBeUndefined()
})

test('names what an agent could not see, and only that', () => {
  expect(blindSpots(DOC.kanpeki_agent.agent.counters)).toEqual([{ name: 'files.unread', count: 2 }])
})

test.each([
  [1_000, false, 'live'],
  [181_000, false, 'quiet'],
  [1_000, true, 'stopped'],
] as const)('%d ms after its last word, stopped %s, a host is %s', (age, stopped, state) => {
  expect(stateOf(0, stopped, age)).toBe(state)
})

test('reads counters as the store gives them back, a field within a field', () => {
  const agent = { ...DOC.kanpeki_agent.agent, counters: { files: { unread: 2, checks: 1 }, 'events.dropped': 3 } }
  const beat = heartbeatOf({ ...DOC, kanpeki_agent: { agent } })
  expect(beat?.counters).toEqual({ 'files.unread': 2, 'files.checks': 1, 'events.dropped': 3 })
})
