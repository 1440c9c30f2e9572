import { expect, test } from 'vitest'
import { createMetrics } from './metrics.ts'

test('counters and gauges by label, as Prometheus reads them', () => {
  const metrics = createMetrics()
  const received = metrics.counter('events_received_total', 'Events received.')
  received.add({ source: 'http' }, 2)
  received.add({ source: 'http' })
  metrics.counter('events_received_total', 'Events received.').add({ source: 'file:"a\\b"\n' })
  metrics.gauge('lag_seconds', 'Lag.').set(1.5)
  metrics.observe('uptime_seconds', 'Since start.', () => 7)
  expect(received.value({ source: 'http' })).toBe(3)
  expect(metrics.text()).toBe(
    [
      '# HELP events_received_total Events received.',
      '# TYPE events_received_total counter',
      'events_received_total{source="http"} 3',
      'events_received_total{source="file:\\"a\\\\b\\"\\n"} 1',
      '# HELP lag_seconds Lag.',
      '# TYPE lag_seconds gauge',
      'lag_seconds 1.5',
      '# HELP uptime_seconds Since start.',
      '# TYPE uptime_seconds gauge',
      'uptime_seconds 7',
      '',
    ].join('\n'),
  )
})

test('refuses what would make the figures lie', () => {
  const metrics = createMetrics()
  expect(() => metrics.counter('n_total', '').add({}, -1)).toThrow(RangeError)
  expect(() => metrics.gauge('n_total', '')).toThrow(TypeError)
  expect(() => metrics.counter('Not a name', '')).toThrow(TypeError)
})
