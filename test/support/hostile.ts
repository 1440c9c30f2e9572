import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { load } from 'js-yaml'
import { ROOT } from './kanpeki.ts'

/** Ways to be run where text is taken for markup or code; each says by which field it came. */
export const ATTACKS = {
  image: (field: string) => `<img src=x onerror=__xss('${field}')>`,
  script: (field: string) => `<script>__xss('${field}')</script>`,
  link: (field: string) => `javascript:__xss('${field}')//`,
  breakout: (field: string) => `"><svg onload=__xss('${field}')>`,
  template: (field: string) => `{{constructor.constructor('__xss("${field}")')()}}`,
  override: (field: string) => `\u202E<b onclick=__xss('${field}')>${field}`,
} as const
export const KINDS = Object.keys(ATTACKS) as readonly (keyof typeof ATTACKS)[]

/** What was planted, by field. */
export const planted = new Map<string, string>()

/** Another kind of attack from field to field, the same for the same field. */
export function hostile(field: string): string {
  const known = planted.get(field)
  if (known !== undefined) return known
  const kind = KINDS[planted.size % KINDS.length] ?? 'image'
  const text = ATTACKS[kind](field)
  planted.set(field, text)
  return text
}

const LONG = `${hostile('long')}${'A'.repeat(20_000)}`

/** A rule of the house's own, with a title that someone with write access to the folder chose. */
export function plantRule(rules: string): void {
  mkdirSync(rules, { recursive: true })
  const rule = {
    title: hostile('rule title'),
    id: '0b8b1c5e-4f0e-4a53-9b55-6f0d1a4f6a11',
    status: 'test',
    description: hostile('rule text'),
    author: hostile('rule author'),
    references: [hostile('reference')],
    logsource: { category: 'process_creation', product: 'windows' },
    detection: { selection: { 'CommandLine|contains': '__xss' }, condition: 'selection' },
    falsepositives: [hostile('false positive')],
    level: 'critical',
  }
  writeFileSync(join(rules, 'hostile.yml'), JSON.stringify(rule))
}

/** A sysmon-shaped event whose every free field is an attack. */
export function hostileEvent(host: string): unknown {
  return {
    '@timestamp': new Date().toISOString(),
    message: hostile('message'),
    event: { code: '1', provider: 'Microsoft-Windows-Sysmon', action: hostile('action'), category: ['process'], type: ['start'] },
    host: { name: hostile(host) },
    user: { name: hostile('event user'), full_name: LONG },
    user_agent: { original: hostile('agent') },
    url: { original: hostile('url'), path: hostile('path') },
    source: { ip: '203.0.113.9' },
    process: { name: hostile('process'), executable: hostile('executable'), command_line: hostile('command') },
    winlog: {
      channel: 'Microsoft-Windows-Sysmon/Operational',
      provider_name: 'Microsoft-Windows-Sysmon',
      event_id: '1',
      computer_name: hostile(host),
      event_data: { Image: hostile('executable'), CommandLine: hostile('command'), [hostile('name')]: hostile('value') },
    },
  }
}

/** One that a person must begin, with an attack in each text. */
export function hostilePlaybook(): string {
  const command = `${hostile('playbook command')} __who__:value`
  return JSON.stringify({
    id: 'hostile',
    name: hostile('playbook'),
    description: hostile('playbook description'),
    'x-kanpeki': { ja: { name: hostile('playbook'), description: hostile('playbook description') } },
    playbook_variables: { __who__: { type: 'string', external: true, description: hostile('variable description') } },
    workflow_start: 'start',
    workflow: {
      start: { type: 'start', on_completion: 'ask' },
      ask: {
        type: 'action',
        name: hostile('playbook step'),
        'x-kanpeki': { ja: hostile('playbook step') },
        commands: [{ type: 'manual', command }],
        on_completion: 'end',
      },
      end: { type: 'end' },
    },
    tests: [{ name: hostile('playbook test'), variables: { __who__: 'x' }, expect: ['start', 'ask', 'end'] }],
  })
}

/** The demo's card with attacks for its texts. */
export function hostileCard(): string {
  const both = (field: string) => ({ en: hostile(field), ja: hostile(field) })
  const shop = load(readFileSync(join(ROOT, 'content/demo/declarations/shop.yml'), 'utf8')) as {
    forbidden: { title: unknown }[]
  }
  return JSON.stringify({
    ...shop,
    id: 'hostile-card',
    name: both('card name'),
    owner: hostile('owner'),
    scope: { description: both('card scope') },
    threats: { in: [both('threat')], out: [both('threat out')] },
    evidence: [both('evidence')],
    forbidden: shop.forbidden.map((one, index) => (index === 0 ? { ...one, title: both('objective') } : one)),
  })
}
