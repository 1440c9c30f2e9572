import { describe, expect, it } from 'vitest'
import { redirectTo, stopPage } from './block-page.ts'

describe('the page of a blocked request', () => {
  it('names the reference and nothing that the client sent', () => {
    const sent = '<script>alert(1)</script>'
    const { head, body } = stopPage('blocked', 403, 'REF0', [
      ['Accept', `text/html,${sent}`],
      ['Accept-Language', `ja,${sent}`],
      ['User-Agent', sent],
    ])
    expect(body.toString()).toContain('<code>REF0</code>')
    expect(`${body}${JSON.stringify(head)}`).not.toContain('alert')
    expect(head.headers).toContainEqual(['Content-Language', 'ja'])
  })

  it('is JSON for a client that asks for JSON', () => {
    const { head, body } = stopPage('blocked', 403, 'REF0', [['Accept', 'application/json']])
    expect(JSON.parse(body.toString())).toMatchObject({ status: 403, reference: 'REF0' })
    expect(head.headers).toContainEqual(['Content-Type', 'application/problem+json'])
  })
})

describe('a rule that sends elsewhere', () => {
  it('cannot be made to write a line of the answer', () => {
    const { head } = redirectTo(302, 'https://a.example/?b=c\r\nSet-Cookie: x=1\xe5', 'REF0')
    expect(head.headers[0]).toEqual(['Location', 'https://a.example/?b=c%0D%0ASet-Cookie:%20x=1%E5'])
  })
})
