import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import addFormats from 'ajv-formats'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ActionTarget } from '../../../kernel/action.ts'
import type { JsonObject } from '../../../kernel/json.ts'
import { sharedData } from '../../../kernel/testing/shared-data.ts'
import { httpInput } from '../commands/http-input.ts'
import { program } from '../commands/program.ts'
import { protectedTarget } from '../guards.ts'
import { isOpen, nextOpen } from '../hours.ts'
import { runTests } from '../run/try-out.ts'
import { worksOf } from '../run/work.ts'
import { toCacao } from './cacao.ts'
import { holds, parseCondition } from './condition.ts'
import { readPlaybook } from './read.ts'
import { resolve, Variables } from './values.ts'

const README = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
const EXAMPLE = /```yaml\n([\s\S]*?)```/.exec(README)?.[1] ?? ''

/** A playbook with this workflow, and how it is read. */
function problemsOf(workflow: JsonObject, more: JsonObject = {}): string[] {
  const source = JSON.stringify({ id: 'p', name: 'P', workflow_start: 'start', workflow, ...more }, null, 1)
  return readPlaybook(source, new Set(['block'])).problems.map(({ code, field }) => `${code} ${field}`)
}

const start = { type: 'start', on_completion: 'end' }
const end = { type: 'end' }
const manual = { type: 'action', commands: [{ type: 'manual', command: 'x' }] }

describe('reading', () => {
  it('takes the example of the README, whose tests pass', async () => {
    const { playbook, problems } = readPlaybook(EXAMPLE)
    expect(problems).toEqual([])
    expect((await runTests(playbook!)).map(({ name, passed, reason }) => [name, passed, reason])).toEqual([
      ['blocked, and a ticket', true, null],
      ['the firewall does not answer', true, null],
    ])
    const wrong = { ...playbook!, tests: [{ ...playbook!.tests[0]!, expect: ['start', 'done'] }] }
    expect(await runTests(wrong)).toMatchObject([{ passed: false, went: ['start', 'block', 'ticket', 'done'] }])
  })

  it.each([
    ['brackets', '['.repeat(50_000)],
    ['braces', '{"a":'.repeat(15_000)],
    [
      'parentheses',
      JSON.stringify({
        id: 'p',
        name: 'P',
        workflow_start: 's',
        workflow: { s: { type: 'if-condition', condition: '('.repeat(19_000), on_true: 's' } },
      }),
    ],
    [
      'references',
      `a: &a [${'x,'.repeat(9)}x]\nb: &b [${'*a,'.repeat(9)}*a]\nc: &c [${'*b,'.repeat(9)}*b]\nd: [${'*c,'.repeat(9)}*c]`,
    ],
    ['length', 'x'.repeat(100_001)],
  ])('answers a bomb of %s with a reason', (_, source) => {
    const { playbook, problems } = readPlaybook(source)
    expect([playbook, problems.length > 0]).toEqual([undefined, true])
  })

  it('says line and column of what is wrong', () => {
    const { problems } = readPlaybook(
      'id: p\nname: P\nworkflow_start: start\nworkflow:\n  start: { type: start, on_completion: nowhere }\n  end: { type: end }\n',
    )
    expect(problems).toMatchObject([{ code: 'unknown_step', line: 5, column: 40, field: 'workflow.start.on_completion' }])
    expect(readPlaybook('id: [').problems).toMatchObject([{ code: 'syntax', message: expect.not.stringMatching(/line \d|:$/) }])
    expect(readPlaybook(`a: &a [x]\n${'b: *a\n'}`).problems.length).toBeGreaterThan(0)
  })

  it.each<[string, JsonObject, string[], JsonObject?]>([
    ['nothing', { start, end }, []],
    ['an unknown step', { start: { ...start, on_completion: 'x' }, end }, ['unknown_step workflow.start.on_completion']],
    ['a step that nothing leads to', { start, end, a: { ...manual, on_completion: 'end' } }, ['unreachable workflow.a']],
    ['a way without an end', { start: { ...start, on_completion: 'a' }, a: manual, end }, ['no_end workflow.a']],
    [
      'a circle',
      {
        start: { ...start, on_completion: 'a' },
        a: { ...manual, on_completion: 'b' },
        b: { ...manual, on_success: 'a', on_failure: 'end' },
        end,
      },
      ['cycle workflow.b.on_success'],
    ],
    [
      'a circle after a loop, which is none of its body',
      {
        start: { ...start, on_completion: 'w' },
        w: { type: 'while-condition', condition: "'a' = 'b'", on_true: 'end', on_completion: 'a' },
        a: { ...manual, on_completion: 'w' },
        end,
      },
      ['cycle workflow.a.on_completion'],
    ],
    [
      'a variable that nobody declared',
      {
        start: { ...start, on_completion: 'a' },
        a: { type: 'action', commands: [{ type: 'manual', command: 'Tell __who__:value' }], on_completion: 'end' },
        end,
      },
      ['undeclared workflow.a.commands'],
    ],
    [
      'an unknown action',
      {
        start: { ...start, on_completion: 'a' },
        a: { type: 'action', 'x-kanpeki': { action: 'no' }, on_completion: 'end' },
        end,
      },
      ['unknown_action workflow.a.x-kanpeki.action'],
    ],
    ['an unknown field', { start, end: { ...end, on_done: 'x' } }, ['unknown_field workflow.end']],
    ['no start step', { start: { ...manual, on_completion: 'end' }, end }, ['no_start workflow_start']],
    [
      'both ways of going on',
      { start: { ...start, on_completion: 'a' }, a: { ...manual, on_completion: 'end', on_success: 'end' }, end },
      ['two_ways workflow.a.on_completion'],
    ],
    [
      'a condition over events',
      {
        start: { ...start, on_completion: 'i' },
        i: { type: 'if-condition', condition: "[file:name = 'x']", on_true: 'end', on_completion: 'end' },
        end,
      },
      ['condition workflow.i.condition'],
    ],
    [
      'a request without a server',
      {
        start: { ...start, on_completion: 'a' },
        a: { type: 'action', commands: [{ type: 'http-api', command: 'GET /x' }], on_completion: 'end' },
        end,
      },
      ['no_target workflow.a.commands.0'],
    ],
    ['a test of a step that there is not', { start, end }, ['unknown_step tests.0'], { tests: [{ name: 't', expect: ['x'] }] }],
  ])('finds %s', (_, workflow, expected, more) => {
    expect(problemsOf(workflow, more)).toEqual(expected)
  })

  it('reads its own export as the same playbook', () => {
    const { playbook } = readPlaybook(EXAMPLE)
    const exported = toCacao(playbook!)
    const again = readPlaybook(JSON.stringify(exported))
    expect(again.problems).toEqual([])
    expect(toCacao(again.playbook!)).toEqual(exported)
  })
})

const BASE = 'https://raw.githubusercontent.com/oasis-open/cacao-json-schemas/main/schemas/'
const shared = sharedData('schemas/cacao/schemas')
describe.skipIf(shared === undefined)(
  `the schemas of OASIS CACAO 2.0${shared === undefined ? ' (skipped: ../shared/data is absent)' : ''}`,
  () => {
    it('take what is exported, and refuse what is not CACAO', () => {
      // They call themselves draft 07, which does not know `unevaluatedProperties`.
      const ajv = new Ajv({ strict: false, allErrors: true })
      addFormats.default(ajv)
      const folder = shared ?? ''
      for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.json'))) {
        ajv.addSchema(JSON.parse(readFileSync(join(folder, file), 'utf8')) as { $id: string })
      }
      const check = ajv.getSchema(`${BASE}playbook.json`)!
      const content = new URL('../../../../content/playbooks/', import.meta.url)
      const own = readable(content).map((name) => [name, readFileSync(new URL(name, content), 'utf8')] as const)
      let taken = 0
      for (const [name, source] of [['the example', EXAMPLE] as const, ...own]) {
        const { playbook, problems } = readPlaybook(source)
        expect(problems, name).toEqual([])
        const exported = toCacao(playbook!)
        check(exported)
        expect(check.errors ?? [], name).toEqual([])
        expect(check({ ...exported, spec_version: 'cacao-1.1' }), name).toBe(false)
        for (const step of Object.values(playbook!.workflow))
          for (const command of step.type === 'action' ? (step.commands ?? []) : []) {
            const checkCommand = ajv.getSchema(`${BASE}commands/${command.type}.json`)!
            expect(checkCommand(command), `${name} ${command.type}`).toBe(true)
          }
        taken++
      }
      console.log(`${taken} playbooks exported and valid`)
      expect(taken).toBe(own.length + 1)
    })
  },
)

function readable(folder: URL): string[] {
  try {
    return readdirSync(folder).filter((name) => /\.ya?ml$/.test(name))
  } catch {
    return []
  }
}

describe('conditions', () => {
  const values: Readonly<Record<string, string | null>> = { __n__: '10', __s__: 'web-03', __ip__: '10.1.2.3', __none__: null }
  it.each([
    ['__n__:value > 9', true],
    ['__n__:value > 9.5 AND __n__:value <= 10', true],
    ["__n__:value = '10.0'", true],
    ["__s__:value == 'web-03'", true],
    ["__s__:value != 'web-03' OR NOT __s__:value LIKE 'db%'", true],
    ["__s__:value LIKE 'web-0_'", true],
    ["__s__:value MATCHES '^web-[0-9]+$'", true],
    ["__s__:value IN ('a', 'web-03')", true],
    ["__s__:value NOT IN ('a', 'b')", true],
    ["[__ip__:value ISSUBSET '10.0.0.0/8']", true],
    ["__ip__:value ISSUBSET '10.1.2.0/29'", true],
    ["__ip__:value ISSUBSET '10.1.3.0/24'", false],
    ["'10.0.0.0/8' ISSUPERSET __ip__:value", true],
    ["__none__:value = ''", false],
    ["__none__:value != 'x'", false],
    ['EXISTS __none__:value', false],
    ['NOT EXISTS __none__:value AND EXISTS __n__:value', true],
    ["__s__:value > 'a' AND (__n__:value < 5 OR __n__:value = 10)", true],
  ])('%s is %s', (text, expected) => {
    expect(holds(parseCondition(text), (name) => values[name] ?? null)).toBe(expected)
  })

  it.each([
    "__a__:value = 'x",
    '__a__:value',
    '__a__:value = = 1',
    "[ipv4-addr:value = '1.2.3.4']",
    "__a__:value = 'x' FOLLOWEDBY __b__:value = 'y'",
    '__a__:value MATCHES __b__:value',
    "__a__:value MATCHES '('",
    '(((',
    '',
  ])('refuses %s', (text) => {
    expect(() => parseCondition(text)).toThrow(expect.objectContaining({ code: 'condition' }))
  })

  it('answers any text, with a condition or a reason', () => {
    let read = 0
    fc.assert(
      fc.property(
        fc.array(
          fc.constantFrom(
            '__a__:value',
            '=',
            'AND',
            'OR',
            'NOT',
            '(',
            ')',
            "'x'",
            '3',
            "__a__:value = 'x'",
            "__a__:value IN ('3', 4)",
            '[',
            ']',
          ),
          {
            maxLength: 7,
          },
        ),
        (parts) => {
          try {
            holds(parseCondition(parts.join(' ')), () => '3')
            read++
          } catch (error) {
            expect(error).toMatchObject({ code: 'condition' })
          }
        },
      ),
      { numRuns: 1000 },
    )
    expect(read).toBeGreaterThan(0)
  })
})

describe('values from outside', () => {
  const hostile = [
    '$(reboot)',
    '`id`',
    "'; drop table x; --",
    'a\r\nX-Evil: 1',
    '{{7*7}}',
    '<script>alert(1)</script>',
    '=cmd|calc',
    '../../etc',
    '__other__:value',
    '","admin":true,"x":"',
    '&admin=1',
    'x y #?%',
  ]
  const given = (value: string): Variables => {
    const variables = new Variables({
      __x__: { type: 'string', constant: false, external: true },
      __other__: { type: 'string', constant: false, external: false, value: 'secret' },
    })
    variables.give({ __x__: value })
    return variables
  }
  const request = (command: object, value: string) =>
    httpInput({ type: 'http-api', ...command } as never, { type: 'action' } as never, {} as never, given(value))

  it('stay data wherever they are put', () => {
    let cases = 0
    for (const value of hostile) {
      expect(resolve({ deep: ['a __x__:value b', '__x__:value'] }, given(value))).toEqual({ deep: [`a ${value} b`, value] })
      const url = new URL(String(request({ command: 'GET https://fw.example/v1/__x__:value/end?q=__x__:value' }, value)['url']))
      expect([url.host, url.pathname.split('/').length, [...url.searchParams]]).toEqual([
        'fw.example',
        value === '../../etc' ? 4 : 4,
        [['q', value]],
      ])
      expect(decodeURIComponent(url.pathname.split('/')[2]!)).toBe(value)
      const body = request(
        { command: 'POST https://fw.example/', content: '{"name":"__x__:value","n":{"in":"a __x__:value"}}' },
        value,
      )['content']
      expect(JSON.parse(String(body))).toEqual({ name: value, n: { in: `a ${value}` } })
      const form = request(
        {
          command: 'POST https://fw.example/',
          headers: { 'Content-Type': ['application/x-www-form-urlencoded'] },
          content: 'name=__x__:value&z=1',
        },
        value,
      )['content']
      expect([...new URLSearchParams(String(form))]).toEqual([
        ['name', value],
        ['z', '1'],
      ])
      const header = () => request({ command: 'GET https://fw.example/', headers: { 'X-Name': ['__x__:value'] } }, value)
      if (/[\r\n]/.test(value)) expect(header).toThrow(expect.objectContaining({ code: 'http_command' }))
      else expect(header()['headers']).toEqual({ 'x-name': value.trimEnd() })
      cases++
    }
    console.log(`${cases} hostile values in 5 places each`)
    expect(cases).toBe(hostile.length)
  })
})

describe('guard rails', () => {
  const never = { networks: ['192.0.2.0/24', '2001:db8::/32'], hosts: ['dc*', 'pay-01'], accounts: ['root', 'svc-*'] }
  const limits = { run: {}, hour: {} }
  it.each([
    ['address', '192.0.2.9', true],
    ['address', '192.0.0.0/8', true],
    ['address', '::ffff:192.0.2.9', true],
    ['address', '2001:db8:1::1', true],
    ['address', '198.51.100.1', false],
    ['host', 'DC1.corp.example', true],
    ['host', 'pay-01.corp.example', true],
    ['host', 'web-01', false],
    ['host', '192.0.2.5', true],
    ['account', 'CORP\\root', true],
    ['account', 'svc-backup@corp.example', true],
    ['account', 'uid=root,ou=people,dc=example', true],
    ['account', 'ｒｏｏｔ', true],
    ['account', 'uma', false],
    ['session', 'Root', true],
    ['secret', 'root', false],
  ] as const)('%s %s is protected: %s', (kind, name, expected) => {
    expect(protectedTarget([{ kind, name }], { never, limits }) !== undefined).toBe(expected)
  })

  it('protects what goes by another name, and what is on a host that is protected', () => {
    const by = (target: ActionTarget) => protectedTarget([target], { never, limits })?.by
    expect(by({ kind: 'account', name: 'web-1: root', also: ['root'] })).toBe('root')
    expect(by({ kind: 'account', name: 'taro@corp.example', also: ['uid=svc-backup,ou=people,dc=example'] })).toBe('svc-*')
    expect(by({ kind: 'host', name: 'agent-7', on: ['agent-7', 'dc1.corp.example'] })).toBe('dc*')
    expect(by({ kind: 'process', name: 'agent-7: lsass', on: ['agent-7', 'dc1'] })).toBe('dc*')
    expect(by({ kind: 'file', name: 'web-1: /etc/passwd', on: ['web-1'] })).toBeUndefined()
    // A host that is reached at an address is not an address that is acted upon.
    expect(by({ kind: 'host', name: 'web-1', also: ['192.0.2.5'] })).toBeUndefined()
  })

  it('knows business hours where they are, over midnight and through summer time', () => {
    const office = {
      zone: 'Europe/Berlin',
      days: ['mon', 'tue', 'wed', 'thu', 'fri'],
      from: '09:00',
      to: '17:00',
      outside: 'wait',
    } as const
    const night = { zone: 'Asia/Tokyo', days: ['fri'], from: '22:00', to: '06:00', outside: 'wait' } as const
    const at = (text: string) => Date.parse(text)
    expect(isOpen({ ...office, days: [...office.days] }, at('2026-07-01T07:30:00Z'))).toBe(true)
    expect(isOpen({ ...office, days: [...office.days] }, at('2026-01-05T07:30:00Z'))).toBe(false)
    expect(nextOpen({ ...office, days: [...office.days] }, at('2026-03-28T12:00:00Z'))).toBe(at('2026-03-30T07:00:00Z'))
    expect(isOpen({ ...night, days: [...night.days] }, at('2026-11-20T20:59:00Z'))).toBe(true)
    expect(isOpen({ ...night, days: [...night.days] }, at('2026-11-19T20:59:00Z'))).toBe(false)
  })
})

describe('commands of type bash', () => {
  const context = { scope: 'default', key: 'k', by: 'test', signal: new AbortController().signal, now: () => 0 }
  const echo = program(['/bin/echo', '/bin/false'])
  const worksFor = (command: string, value: string) => {
    const variables = new Variables({ __x__: { type: 'string', constant: false, external: true } })
    variables.give({ __x__: value })
    const step = { type: 'action', commands: [{ type: 'bash', command }] } as never
    const [work] = worksOf(step, {} as never, variables, { actions: new Map(), commands: { bash: echo } })
    return work?.kind === 'action' ? (work.input as { argv: string[] }) : { argv: [] }
  }

  it('run a program that is allowed, with each value as one word and no shell', async () => {
    for (const value of ['$(id); echo x', '`id` && reboot', "a' b", '| tee /etc/x', '*']) {
      const input = worksFor('/bin/echo "host is" __x__:value', value)
      expect(input.argv).toEqual(['/bin/echo', 'host is', value])
      expect((await echo.run(input, context)).detail['output']).toBe(`host is ${value}\n`)
    }
    await expect(echo.plan(worksFor('/bin/sh -c __x__:value', 'id'), context)).rejects.toMatchObject({ code: 'forbidden' })
    await expect(echo.run({ argv: ['/bin/false'] }, context)).rejects.toMatchObject({ code: 'program_failed' })
    expect(() => worksFor('/bin/echo __x__:value', '--help')).toThrow(expect.objectContaining({ code: 'variable' }))
  })

  it('are refused where no program is allowed, and ssh always', () => {
    for (const type of ['bash', 'ssh']) {
      const step = { type: 'action', commands: [{ type, command: '/bin/echo x' }] } as never
      expect(() => worksOf(step, {} as never, new Variables(), { actions: new Map(), commands: {} })).toThrow(
        expect.objectContaining({ code: 'not_run_here' }),
      )
    }
  })
})
