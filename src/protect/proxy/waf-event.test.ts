import { describe, expect, it } from 'vitest'
import type { AuditRecord } from './audit-record.ts'
import { wafEvent } from './waf-event.ts'

const RECORD: AuditRecord = {
  id: null,
  rules: [942100, 949110],
  status: 403,
  messages: [
    { id: 949110, msg: 'Inbound Anomaly Score Exceeded (Total Score: 5)', data: '', var: 'TX:BLOCKING_INBOUND_ANOMALY_SCORE' },
    { id: 942100, msg: 'SQL Injection Attack', data: "\xe5\xae\x8c ' OR 1", var: 'ARGS:q' },
  ],
  reference: '59EE5TJEVJDBW4AG',
  time: '2026-11-22T12:26:49.190Z',
  mode: 'block',
  client: '198.51.100.7',
  method: 'GET',
  host: 'shop.example:8443',
  uri: '/search?q=a?b',
  blocked: true,
}

describe('a transaction as an event', () => {
  it('is an alert where it was stopped, with the rule that named the attack', () => {
    expect(wafEvent(RECORD)).toMatchObject({
      '@timestamp': '2026-11-22T12:26:49.190Z',
      event: {
        kind: 'alert',
        dataset: 'waf.transaction',
        action: 'waf-blocked',
        outcome: 'failure',
        reason: 'SQL Injection Attack',
      },
      rule: { id: '942100', name: 'SQL Injection Attack' },
      source: { ip: '198.51.100.7' },
      url: { original: '/search?q=a?b', path: '/search', query: 'q=a?b', domain: 'shop.example' },
      http: { request: { id: '59EE5TJEVJDBW4AG', method: 'GET' }, response: { status_code: 403 } },
      waf: {
        mode: 'block',
        matched: [expect.any(String), '942100 ARGS:q'],
        messages: [{}, { id: 942100, data: "完 ' OR 1", var: 'ARGS:q' }],
      },
    })
  })

  it('is an ordinary event where it passed, whatever was found', () => {
    const event = wafEvent({
      ...RECORD,
      blocked: false,
      status: 200,
      mode: 'detect',
      interruption: { ruleId: 949110, action: 'deny', status: 403 },
    })
    expect(event).toMatchObject({
      event: { kind: 'event', action: 'waf-transaction', outcome: 'success', type: ['access'] },
      waf: { mode: 'detect', would: { status: 403, rule: 949110 } },
    })
  })

  it('says what it can of a request that could not be read', () => {
    const { method, uri, host, ...rest } = RECORD
    expect([method, uri, host]).toHaveLength(3)
    const event = wafEvent({ ...rest, rules: [], messages: [], status: 400, blocked: false, fault: 'bare-line-feed' })
    expect(event).toMatchObject({ event: { type: ['denied'], outcome: 'failure' }, waf: { fault: 'bare-line-feed' } })
    expect(event).not.toHaveProperty('url')
    expect(event).not.toHaveProperty('rule')
  })
})
