import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { WafSettings } from './waf-settings.ts'

const example = (file: string): string =>
  /```yaml\n([\s\S]*?)```/.exec(readFileSync(new URL(`../../../docs/${file}`, import.meta.url), 'utf8'))![1]!
const LISTEN = { host: '0.0.0.0', port: 443 }

describe('settings of a firewall', () => {
  it('are as the guide writes them, in both languages', () => {
    expect(example('protect.ja.md')).toBe(example('protect.md'))
    const read = parse(example('protect.md')) as Record<string, unknown>
    expect(read['listen']).toBe('0.0.0.0:443')
    expect(WafSettings.parse({ ...read, listen: LISTEN })).toMatchObject({
      mode: 'block',
      health: { seconds: 3 },
      limits: { idleSeconds: 75 },
    })
  })

  it.each([
    ['an unknown setting', { ruels: ['x'] }],
    ['no rules', { rules: [] }],
    ['an upstream that is no address', { upstreams: ['localhost:3000'] }],
    ['a setting of a rule without a value', { set: ['tx.level'] }],
    ['no worker', { workers: 0 }],
  ])('refuse %s', (_name, wrong) => {
    const right = { listen: LISTEN, upstreams: ['http://127.0.0.1:1'], rules: ['x'] }
    expect(WafSettings.safeParse(right).success).toBe(true)
    expect(WafSettings.safeParse({ ...right, ...wrong }).success).toBe(false)
  })
})
