import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { readConfig } from '../../platform/config.ts'
import { dataDir } from '../../platform/data-dir.ts'
import { testCaller } from '../../platform/testing/caller.ts'
import { startTestLake, type TestLake, testBatch, testEvent } from '../../platform/testing/lakes.ts'
import { playbookSearches } from '../playbook-searches.ts'
import { replayRoutes } from './routes.ts'
import type { ReplayView } from './schema.ts'

const NOW = Date.UTC(2026, 10, 22, 5)
const HOUR = 3_600_000
const folder = mkdtempSync(join(tmpdir(), 'kanpeki-replay-'))
let bed: TestLake

const RULES = `
title: A shell
id: 11111111-1111-4111-8111-111111111111
name: shell
logsource: { category: process_creation, product: linux }
detection:
  selection: { Image|endswith: /sh }
  condition: selection
level: high
---
title: Three shells
id: 22222222-2222-4222-8222-222222222222
correlation:
  type: event_count
  rules: [shell]
  group-by: [host.name]
  timespan: 5m
  condition: { gte: 3 }
level: critical
---
title: Nothing like it
id: 33333333-3333-4333-8333-333333333333
logsource: { category: process_creation, product: linux }
detection:
  selection: { Image: /no/such }
  condition: selection
level: low
`

beforeAll(async () => {
  bed = await startTestLake()
  writeFileSync(join(folder, 'rules.yml'), RULES)
  const event = (n: number, host: string, at: number, scope = 'default') =>
    testEvent(
      `e${n}`,
      {
        '@timestamp': new Date(at).toISOString(),
        event: { category: ['process'], type: ['start'] },
        host: { name: host, os: { type: 'linux' } },
        process: { executable: n % 2 === 0 ? '/bin/sh' : '/bin/ls', name: 'x', pid: n },
      },
      { observed: at, scope },
    )
  const events = [
    ...Array.from({ length: 8 }, (_, n) => event(n, 'web-03', NOW - HOUR + n * 1000)),
    event(20, 'web-04', NOW - 2 * HOUR),
    event(22, 'web-05', NOW - 30 * 24 * HOUR),
    event(24, 'web-06', NOW - HOUR, 'team'),
  ]
  await bed.lake.append(testBatch(1, NOW, events))
}, 60_000)
afterAll(async () => {
  await bed.stop()
  rmSync(folder, { recursive: true })
})

function replay(rule: string, days: number, scope = 'default', signal = new AbortController().signal): Promise<ReplayView> {
  return route.handle({
    params: { id: rule },
    body: { days },
    caller: testCaller({ scope }),
    signal,
  } as never) as Promise<ReplayView>
}
const routes = () =>
  replayRoutes({
    lake: bed.process.address,
    sealed: join(bed.folder, 'sealed'),
    rules: [folder],
    pipelines: [],
    clock: { now: () => NOW },
    known: (id) => id !== 'nothing',
  })
let route: ReturnType<typeof replayRoutes>[number]
beforeAll(() => {
  route = routes()[0]!
})

it('runs a rule, and a correlation with what it is built on, over the stored events of the scope', async () => {
  const plain = await replay('11111111-1111-4111-8111-111111111111', 7)
  expect(plain).toMatchObject({ events: 9, total: 9, detections: 5, alerts: 2 })
  expect(plain.list.map(({ entity, detections }) => [entity.name, detections])).toEqual([
    ['web-03', 4],
    ['web-04', 1],
  ])
  expect(plain.microsecondsPerEvent).toBeGreaterThanOrEqual(0)
  expect(await replay('11111111-1111-4111-8111-111111111111', 40)).toMatchObject({ events: 10, alerts: 3 })
  expect(await replay('22222222-2222-4222-8222-222222222222', 7)).toMatchObject({
    alerts: 1,
    list: [{ entity: { name: 'web-03' } }],
  })
  expect(await replay('33333333-3333-4333-8333-333333333333', 7)).toMatchObject({ events: 9, detections: 0, alerts: 0, list: [] })
  expect(await replay('11111111-1111-4111-8111-111111111111', 7, 'team')).toMatchObject({ events: 1, alerts: 1 })
}, 60_000)

it('searches for playbooks: a rule of Sigma through days, rules of YARA through what the newest events carry', async () => {
  const config = readConfig(folder, {}, {})
  const services = {
    lake: bed.lake,
    lakeAddress: bed.process.address,
    dir: { ...dataDir(folder), sealed: join(bed.folder, 'sealed') },
    config,
  }
  const { sigma, yara } = playbookSearches({ ...services, clock: { now: () => NOW } })
  const { signal } = new AbortController()
  const rule = RULES.split('---')[0]!
  expect(await sigma('default', rule, signal)).toEqual({ days: 7, events: 9, detections: 5, entities: ['web-03', 'web-04'] })
  await expect(sigma('default', 'title: no id', signal)).rejects.toMatchObject({ code: 'invalid_input' })
  const body = { http: { request: { body: { content: '<?php eval($_POST[1])' } } } }
  await bed.lake.append(testBatch(2, NOW, [testEvent('b1', body, { observed: NOW, scope: 'team' })]))
  const shell = 'rule shell { strings: $a = "eval(" condition: $a }'
  expect(await yara('team', shell, signal)).toMatchObject({
    bodies: 1,
    detections: 1,
    matches: [{ event: 'b1', rule: 'shell', field: 'http.request.body.content' }],
  })
  expect(await yara('default', shell, signal)).toMatchObject({ bodies: 0, detections: 0 })
  await expect(yara('team', 'rule {', signal)).rejects.toMatchObject({
    code: expect.stringMatching(/invalid_input|rules-unreadable/),
  })
}, 60_000)

it('runs one at a time, ends when nobody waits, and knows no other rule', async () => {
  const leave = new AbortController()
  const left = replay('11111111-1111-4111-8111-111111111111', 7, 'default', leave.signal)
  await expect(replay('11111111-1111-4111-8111-111111111111', 7)).rejects.toMatchObject({ code: 'too_many_requests' })
  leave.abort()
  await expect(left).rejects.toMatchObject({ code: 'cancelled' })
  await expect(replay('nothing', 7)).rejects.toMatchObject({ code: 'not_found' })
}, 60_000)
