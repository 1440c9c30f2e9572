import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { JsonObject } from '../kernel/json.ts'
import { startTestLake, type TestLake, testBatch, testEvent } from '../platform/testing/lakes.ts'
import { protectMeasures } from './measures.ts'
import type { AuditRecord } from './proxy/audit-record.ts'
import { wafEvent } from './proxy/waf-event.ts'

const HOUR = 3_600_000
const T0 = Date.UTC(2026, 10, 22)

function record(host: string, mode: 'detect' | 'block', blocked: boolean): JsonObject {
  const made: AuditRecord = {
    ...{
      id: null,
      rules: blocked ? [1] : [],
      status: blocked ? 403 : 200,
      messages: [],
      reference: 'R',
      time: '2026-11-22T00:00:00.000Z',
    },
    ...{ mode, client: '198.51.100.7', method: 'GET', host, uri: '/', blocked },
  }
  return wafEvent(made)
}

describe('what cards may demand of firewalls', () => {
  let lake: TestLake
  beforeAll(async () => {
    lake = await startTestLake()
    const events = [
      record('shop.example', 'block', true),
      record('shop.example:8443', 'block', false),
      record('wiki.example', 'detect', false),
      record('wiki.example', 'block', false),
    ].map((doc, at) => testEvent(`e${at}`, doc))
    await lake.lake.append(testBatch(1, T0, events))
    await lake.lake.append(testBatch(2, T0, [testEvent('other', record('bank.example', 'detect', true), { scope: 'other' })]))
    await lake.lake.append(testBatch(3, T0 + HOUR, [testEvent('access', { event: { dataset: 'nginx.access' } })]))
  })
  afterAll(() => lake.stop())

  const read = (id: string, params: JsonObject = {}, from = T0 - HOUR, to = T0 + HOUR) =>
    protectMeasures(lake.lake)
      .find((measure) => measure.id === id)!
      .measure(params, from, to, 'default')

  it('counts what was stopped, and says nothing where nothing was seen', async () => {
    expect(await read('protect.blocked-attacks')).toMatchObject({ value: 1, evidence: { requests: 4, stopped: 1 } })
    expect(await read('protect.blocked-attacks', {}, T0 + HOUR, T0 + 2 * HOUR)).toMatchObject({
      value: null,
      missing: { ja: expect.any(String) },
    })
  })

  it('knows which share went through a firewall that only looks on', async () =>
    expect(await read('protect.enforcement')).toMatchObject({ value: 75, good: 3, bad: 1 }))

  it('names declared applications that no firewall reports', async () =>
    expect(
      await read('protect.application-coverage', { hosts: ['shop.example', 'wiki.example', 'bank.example', 'new.example'] }),
    ).toMatchObject({
      value: 50,
      evidence: { without: ['bank.example', 'new.example'] },
    }))

  it.each([
    ['protect.application-coverage', {}, /hosts must be/],
    ['protect.application-coverage', { hosts: ['a'], more: 1 }, /no parameter more/],
    ['protect.enforcement', { hosts: ['a'] }, /no parameter hosts/],
  ])('%s refuses %o', (id, params, says) =>
    expect(protectMeasures(lake.lake).find((measure) => measure.id === id)!.check!(params as JsonObject)).toMatch(says),
  )
})
