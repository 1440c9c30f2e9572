import { describe, expect, it } from 'vitest'
import { isExcludable, transactionOf } from './transaction.ts'

describe("a firewall's transaction", () => {
  it('is read from its event', () => {
    const view = transactionOf({
      event: { action: 'waf-blocked', reason: 'SQL' },
      source: { ip: '198.51.100.7' },
      url: { original: '/a?b', path: '/a', domain: 'shop.example' },
      http: { request: { id: 'REF', method: 'GET' }, response: { status_code: 403 } },
      waf: { mode: 'block', messages: [{ id: 1, msg: 'SQL', data: "' OR", var: 'ARGS:b' }, 'x', { id: 'no number' }] },
    })
    expect(view).toEqual({
      ...{
        reference: 'REF',
        client: '198.51.100.7',
        method: 'GET',
        host: 'shop.example',
        path: '/a',
        original: '/a?b',
        status: 403,
      },
      ...{ isStopped: true, mode: 'block', reason: 'SQL', messages: [{ id: 1, msg: 'SQL', data: "' OR", var: 'ARGS:b' }] },
    })
  })

  it('is empty where an event lacks something', () =>
    expect(transactionOf({})).toMatchObject({ reference: '', status: undefined, messages: [] }))

  it.each([
    ['ARGS:b', true],
    ['REQUEST_HEADERS:User-Agent', true],
    ['TX:score', false],
    ['MATCHED_VAR', false],
    ['', false],
  ])('%s can be excluded: %s', (variable, can) => expect(isExcludable(variable)).toBe(can))
})
