import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Detection, RuleInfo } from '../kernel/detection.ts'
import type { JsonObject } from '../kernel/json.ts'
import { ALERT_GAP_MS, ALERT_SPAN_MS, entityOf, foldDetections, type KnownAlert, keyed } from './alerts-group.ts'

const rule: RuleInfo = {
  id: 'r1',
  version: 'v1',
  title: 'Shell started by a web server',
  level: 'high',
  file: 'rules/shell.yml',
  description: '',
  techniques: ['T1505.003'],
  tactics: ['persistence'],
}

function detection(eventId: string, observed: number, group: JsonObject = { 'host.name': 'web-03' }, ofRule = rule): Detection {
  return {
    rule: ofRule,
    eventIds: [eventId],
    eventCount: 1,
    fields: { 'process.name': 'sh' },
    group,
    observed,
    received: observed + 1000,
    scope: 'default',
  }
}

const none: ReadonlySet<string> = new Set()

const folded = (detections: readonly Detection[], seen: ReadonlySet<string>, known: readonly KnownAlert[]) =>
  foldDetections(keyed(detections), seen, known)
const identify = (detection: Detection) => keyed([detection])[0]!

describe('entityOf', () => {
  const cases: readonly (readonly [JsonObject, string, string])[] = [
    [{ 'host.name': 'web-03' }, 'host', 'web-03'],
    [{ 'user.name': 'sato', 'host.name': 'web-03' }, 'host', 'web-03'],
    [{ 'source.ip': '198.51.100.24', 'user.name': 'sato' }, 'user', 'sato'],
    [{ 'source.ip': ['198.51.100.24', '10.0.0.1'] }, 'address', '198.51.100.24'],
    [{ 'winlog.computer_name': 'DC01' }, 'host', 'DC01'],
    [{ 'dns.question.registered_domain': 'example.net' }, 'other', 'example.net'],
    [{ 'destination.port': 3389 }, 'other', '3389'],
    [{ 'host.name': '', 'source.ip': null }, 'other', rule.title],
    [{}, 'other', rule.title],
  ]
  it.each(cases)('%j is about the %s %s', (group, kind, name) => {
    expect(entityOf(group, rule)).toEqual({ kind, name })
  })
})

describe('foldDetections', () => {
  it('joins one rule and one entity within the gap, and nothing else', () => {
    const { fresh } = folded(
      [
        detection('e1', 0),
        detection('e2', ALERT_GAP_MS),
        detection('e3', 3 * ALERT_GAP_MS),
        detection('e4', 10, { 'host.name': 'web-04' }),
        detection('e5', 10, { 'host.name': 'web-03' }, { ...rule, id: 'r2' }),
        detection('e6', 10, { 'host.name': 'web-03' }, { ...rule, version: 'v2' }),
      ],
      none,
      [],
    )
    expect(fresh.map((alert) => alert.detections.map((one) => one.eventIds[0]))).toEqual([
      ['e1', 'e2'],
      ['e3'],
      ['e4'],
      ['e5'],
      ['e6'],
    ])
  })

  it('never lets an alert span more than a day', () => {
    const steady = Array.from({ length: 30 }, (_, hour) => detection(`e${hour}`, hour * ALERT_GAP_MS))
    const { fresh } = folded(steady, none, [])
    expect(fresh.map((alert) => alert.detections.length)).toEqual([25, 5])
    for (const alert of fresh) expect(alert.last - alert.first).toBeLessThanOrEqual(ALERT_SPAN_MS)
  })

  it('lets an open alert grow and leaves a closed one alone', () => {
    const first = detection('e1', 0)
    const [alert] = folded([first], none, []).fresh
    const known: KnownAlert = { id: alert!.id, groupId: alert!.groupId, first: 0, last: 0, open: true }
    const seen = new Set([identify(first).key])
    const grown = folded([first, detection('e2', 10)], seen, [known])
    expect(grown.fresh).toEqual([])
    expect(grown.additions.get(known.id)?.detections.map((one) => one.eventIds[0])).toEqual(['e2'])
    const anew = folded([first, detection('e2', 10)], seen, [{ ...known, open: false }])
    expect(anew.additions.size).toBe(0)
    expect(anew.fresh.map((one) => one.id)).toEqual([identify(detection('e2', 10)).alertId])
  })

  it('raises anew what begins with the first event of a closed alert and is later than all of it', () => {
    const first = { ...detection('e1', 20), eventIds: ['e1', 'e2'], eventCount: 2 }
    const again = { ...first, eventIds: ['e1', 'e2', 'e3'], eventCount: 3, observed: 50 }
    const [alert] = folded([first], none, []).fresh
    const seen = new Set([identify(first).key])
    const closed: KnownAlert = { id: alert!.id, groupId: alert!.groupId, first: 20, last: 20, open: false }
    const { fresh, additions } = folded([first, again], seen, [closed])
    expect(additions.size).toBe(0)
    expect(fresh.map(({ id, detections }) => [id === closed.id, detections.length])).toEqual([[false, 1]])
    // Offered again after what was seen is forgotten, each finds its own.
    const both = [closed, { ...closed, id: fresh[0]!.id, first: 50, last: 50 }]
    const replayed = folded([first, again], none, both)
    expect([replayed.fresh, [...replayed.additions.keys()]]).toEqual([[], both.map(({ id }) => id)])
  })

  it('counts two equal detections of one batch once, and two events as two', () => {
    const { fresh } = folded([detection('e1', 0), detection('e1', 0), detection('e2', 0)], none, [])
    expect(fresh).toHaveLength(1)
    expect(fresh[0]?.detections).toHaveLength(2)
  })

  it('keeps what one batch of the same detections makes when they come in any number of batches', () => {
    const one = fc.record({
      event: fc.integer({ min: 0, max: 40 }),
      minute: fc.integer({ min: 0, max: 60 * 40 }),
      host: fc.constantFrom('a', 'b'),
    })
    fc.assert(
      fc.property(fc.array(one, { maxLength: 60 }), fc.integer({ min: 1, max: 9 }), (events, size) => {
        const all = events.map(({ event, minute, host }) =>
          detection(`${event}-${minute}-${host}`, minute * 60_000, { 'host.name': host }),
        )
        const whole = folded(all, none, []).fresh
        const known: KnownAlert[] = []
        const counts = new Map<string, number>()
        const seen = new Set<string>()
        for (let at = 0; at < all.length; at += size) {
          const part = folded(all.slice(at, at + size), seen, known)
          for (const [id, more] of part.additions) {
            counts.set(id, (counts.get(id) ?? 0) + more.detections.length)
            for (const key of more.keys) seen.add(key)
            const index = known.findIndex((alert) => alert.id === id)
            known[index] = { ...known[index]!, first: more.first, last: more.last }
          }
          for (const alert of part.fresh) {
            counts.set(alert.id, alert.detections.length)
            for (const key of alert.keys) seen.add(key)
            known.unshift({ id: alert.id, groupId: alert.groupId, first: alert.first, last: alert.last, open: true })
          }
        }
        expect(new Map(whole.map((alert) => [alert.id, alert.detections.length]))).toEqual(counts)
      }),
      { numRuns: 300 },
    )
  })
})
