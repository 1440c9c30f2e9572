import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../kernel/json.ts'
import { loadRuleTexts } from './engines/sigma/load/load.ts'
import { FalcoProgram, type FalcoRules, falcoRules } from './falco-program.ts'

function rulesOf(...texts: readonly string[]): FalcoRules {
  return falcoRules(loadRuleTexts(texts.map((text, index) => ({ file: `${index}.yaml`, text }))).lists)
}

function rule(condition: string, more = ''): string {
  return `- rule: r\n  desc: d\n  priority: WARNING\n  source: k8s_audit\n  output: out %ka.verb|%tolower(ka.user.name)|%ka.target.name\n  condition: >\n    ${condition}\n${more}`
}

/** Whether a rule with the condition holds for the audit event. */
function holds(condition: string, doc: JsonObject, before = ''): boolean {
  const rules = rulesOf(before + rule(condition))
  expect(rules.refused).toEqual([])
  return new FalcoProgram(rules).match(doc).length > 0
}

const event: JsonObject = {
  kind: 'Event',
  apiVersion: 'audit.k8s.io/v1',
  stage: 'ResponseComplete',
  verb: 'create',
  requestURI: '/api/v1/pods?command=ls&command=-l',
  user: { username: 'Alice', groups: ['dev', 'ops'] },
  objectRef: { resource: 'pods', namespace: 'Alice' },
  responseStatus: { code: 201 },
  requestObject: {
    spec: {
      containers: [
        { image: 'localhost:5000/team/app:1.2@sha256:aa', securityContext: { privileged: true } },
        { image: 'nginx', ports: [{ containerPort: 80 }] },
      ],
      volumes: [{ name: 'v', hostPath: { path: '/proc/1' } }],
    },
  },
}

describe('what macros and lists make of a condition', () => {
  const many = (count: number, of: (n: number) => string): string =>
    `- macro: m0\n  condition: ka.verb = create\n- list: l0\n  items: [create]\n${Array.from({ length: count }, (_, n) => of(n + 1)).join('')}`
  const chain = (n: number): string => `- macro: m${n}\n  condition: m${n - 1}\n- list: l${n}\n  items: [l${n - 1}]\n`
  const doubled = (n: number): string => `- macro: m${n}\n  condition: m${n - 1} or m${n - 1}\n`
  const table: readonly (readonly [name: string, text: string, reason: RegExp])[] = [
    ['doubles sixty times', many(60, doubled) + rule('m60'), /more than 50000 comparisons/],
    ['goes ten thousand macros deep', many(10_000, chain) + rule('m10000'), /that name one another/],
    ['goes ten thousand lists deep', many(10_000, chain) + rule('ka.verb in (l10000)'), /that name one another/],
  ]
  for (const [name, text, reason] of table) {
    it(`${name}: refused, and no other rule is`, () => {
      const { rules, refused } = rulesOf(text, rule('ka.verb = create').replace('rule: r', 'rule: other'))
      expect(refused.map((one) => one.reason)).toEqual([expect.stringMatching(reason)])
      expect(rules.map(({ info }) => info.title)).toEqual(['other'])
    })
  }
})

describe('conditions', () => {
  const cases: readonly (readonly [condition: string, expected: boolean])[] = [
    ['ka.verb = create', true],
    ['ka.verb=create and not ka.verb=update', true],
    ['ka.verb == Create', false],
    ['ka.verb != update', true],
    ['ka.target.name != x', false],
    ['not ka.target.name = x', true],
    ['ka.target.name exists', false],
    ['not ka.target.name exists', true],
    ['ka.verb in (get, "create")', true],
    ['ka.verb in ()', false],
    ['ka.user.name contains lic', true],
    ['ka.user.name contains LIC', false],
    ['ka.user.name icontains LIC', true],
    ['ka.user.name bcontains 6c6963', true],
    ['ka.user.name bstartswith 416c', true],
    ['ka.user.name startswith Al', true],
    ['ka.user.name endswith ice', true],
    ['ka.user.name glob "A*e"', true],
    ['ka.user.name glob "a*e"', false],
    ['ka.user.name iglob "a*e"', true],
    ['ka.user.name glob "[A-C]l?ce"', true],
    ['ka.user.name glob "[!A-C]l?ce"', false],
    ["ka.user.name regex '[A-Z][a-z]+'", true],
    ["ka.user.name regex '[A-Z]'", false],
    ['ka.response.code startswith 2', true],
    ['ka.response.code >= 200 and ka.response.code < 300', true],
    ['ka.response.code > 0xC9', false],
    ['tolower(ka.user.name) = alice', true],
    ['toupper(tolower(ka.user.name)) = ALICE', true],
    ['len(ka.user.name) = 5', true],
    ['len(ka.req.pod.containers.image) = 2', true],
    ['basename(ka.req.container.image.repository) = app', true],
    ['ka.user.name = val(ka.target.namespace)', true],
    ['ka.user.name != val(ka.verb)', true],
    ['ka.uri.param[command] = ls', true],
    ['ka.req.pod.containers.image.repository intersects (nginx)', true],
    ['ka.req.pod.containers.image.repository in (nginx)', false],
    ['ka.req.pod.containers.image.repository in (nginx, localhost:5000/team/app)', true],
    ['ka.req.pod.containers.image[1] in (nginx)', true],
    ['ka.req.pod.containers.privileged intersects (true)', true],
    ['ka.req.pod.volumes.hostpath pmatch (/proc, /sys)', true],
    ['ka.req.pod.volumes.hostpath pmatch (/pro)', false],
    ['ka.req.pod.volumes.hostpath pmatch (/*/1)', true],
    ['ka.req.volume.hostpath[/proc*]=true', true],
    ['ka.req.volume.hostpath[/proc]=true', false],
    ['jevt.value[/user/groups/1] = ops', true],
    ['jevt.rawtime exists', true],
    ['jevt.rawtime=0', false],
    ['evt.num >= 0', true],
    ['evt.num=0', false],
    ['ka.verb=get or ka.verb=create and ka.user.name=Bob', false],
    ['(ka.verb=get or ka.verb=create) and not(ka.user.name=Bob)', true],
    ['not not ka.verb=create', true],
    ['known and creating', true],
    ['ka.verb in (verbs)', true],
    ['ka.verb in verbs', true],
    ['ka.verb in (verbz)', false],
  ]
  const before =
    '- list: some\n  items: [patch, create]\n- list: verbs\n  items: [some, delete]\n- macro: creating\n  condition: ka.verb in (verbs)\n- macro: known\n  condition: (ka.user.name exists)\n'
  for (const [condition, expected] of cases) it(condition, () => expect(holds(condition, event, before)).toBe(expected))

  it('prints what Falco would', () => {
    const [match] = new FalcoProgram(rulesOf(rule('ka.verb=create'))).match(event)
    expect(match!.output).toBe('out create|alice|<NA>')
    expect(match!.fields).toMatchObject({ verb: 'create' })
  })
})

describe('appending and overriding', () => {
  const base = `- list: users\n  items: [Alice]\n- macro: trusted\n  condition: (ka.user.name=Bob)\n${rule('ka.verb=create and not trusted')}`
  const table: readonly (readonly [name: string, text: string, hits: number])[] = [
    ['nothing', '', 1],
    ['a macro takes the place of another', '- macro: trusted\n  condition: ka.user.name in (users)', 0],
    ['a macro is appended to', '- macro: trusted\n  append: true\n  condition: or ka.user.name in (users)', 0],
    ['a condition is appended to', '- rule: r\n  append: true\n  condition: and ka.user.name=Bob', 0],
    ['override appends', '- rule: r\n  override: {condition: append}\n  condition: and ka.user.name=Bob', 0],
    ['override replaces', '- rule: r\n  override: {condition: replace}\n  condition: ka.verb=get', 0],
    ['override switches off', '- rule: r\n  override: {enabled: replace}\n  enabled: false', 0],
    ['a rule is switched off by its name', '- rule: r\n  enabled: false', 0],
    [
      'an exception is appended',
      '- rule: r\n  append: true\n  exceptions:\n    - {name: e, fields: [ka.user.name, ka.verb], comps: [=, in], values: [[Alice, [get, create]]]}',
      0,
    ],
    [
      'an exception of another',
      '- rule: r\n  append: true\n  exceptions:\n    - {name: e, fields: [ka.user.name, ka.verb], values: [[Alice, get]]}',
      1,
    ],
    [
      'an exception over one field',
      '- rule: r\n  append: true\n  exceptions:\n    - {name: e, fields: ka.user.name, values: [Bob, Alice]}',
      0,
    ],
  ]
  for (const [name, text, hits] of table) {
    it(name, () => {
      const rules = rulesOf(base, ...(text === '' ? [] : [text]))
      expect(rules.refused).toEqual([])
      expect(new FalcoProgram(rules).match(event)).toHaveLength(hits)
    })
    it.skipIf(text === '')(`${name}, whichever file comes first`, () => {
      // What appends waits for what it appends to; a definition of its own is a definition.
      if (!/append|override/.test(text)) return
      expect(new FalcoProgram(rulesOf(text, base)).match(event)).toHaveLength(hits)
    })
  }
})

describe('what is refused, with its line', () => {
  const table: readonly (readonly [name: string, text: string, code: string, line: number])[] = [
    ['an unknown macro', rule('nobody'), 'macro-unknown', 6],
    ['a macro in a circle', `- macro: a\n  condition: b\n- macro: b\n  condition: a\n${rule('a')}`, 'macro-cycle', 10],
    ['a list in a circle', `- list: a\n  items: [b]\n- list: b\n  items: [a]\n${rule('ka.verb in (a)')}`, 'list-cycle', 10],
    ['a broken condition', rule('ka.verb = '), 'condition-syntax', 6],
    ['an unknown operator', rule('ka.verb resembles x'), 'condition-syntax', 6],
    ['no output', '- rule: r\n  desc: d\n  priority: INFO\n  condition: evt.num=0', 'output-missing', 1],
    ['an unknown priority', '- rule: r\n  desc: d\n  output: o\n  priority: HUGE\n  condition: evt.num=0', 'priority-unknown', 4],
    ['override of what is not there', '- rule: r\n  override: {condition: append}\n  condition: and x', 'override-unknown', 1],
    ['override of a key that cannot be', '- rule: r\n  override: {priority: append}\n  priority: INFO', 'override-syntax', 2],
    [
      'an exception of the wrong width',
      rule('ka.verb=x', '  exceptions:\n    - {name: e, fields: [ka.verb, ka.uri], values: [[a]]}'),
      'exception',
      8,
    ],
    ['a pattern that cannot run', rule("ka.verb regex '(a)\\\\1'"), 'regex', 1],
    [
      'a stray entry',
      '- rule: r\n  desc: d\n  output: o\n  priority: INFO\n  condition: evt.num=0\n- nonsense: 1',
      'item-unknown',
      6,
    ],
  ]
  for (const [name, text, code, line] of table) {
    it(name, () => expect(rulesOf(text).refused.map((one) => [one.code, one.line])).toContainEqual([code, line]))
  }

  it('leaves the other rules alone', () => {
    const rules = rulesOf(`${rule('nobody').replace('rule: r', 'rule: broken')}${rule('ka.verb=create')}`)
    expect(rules.refused).toHaveLength(1)
    expect(new FalcoProgram(rules).match(event)).toHaveLength(1)
  })
})

describe('fields that are not known', () => {
  const syscall = (condition: string) => rule(condition).replace('k8s_audit', 'syscall')

  it('name the rule as one that cannot run, and what cannot matter is not asked for', () => {
    const { rules } = rulesOf(
      `${syscall('evt.type=execve and not proc.aname[4]=x and proc.vpid=1')}${syscall('evt.type=execve and not (evt.num=0 and proc.vpid=1)').replace('rule: r', 'rule: s')}`,
    )
    expect(rules.map(({ info }) => info.missing)).toEqual([['proc.aname[4]', 'proc.vpid'], undefined])
  })

  const alert = (fields: JsonObject): JsonObject => ({ rule: 'x', output: 'x', priority: 'Notice', output_fields: fields })
  const table: readonly (readonly [condition: string, fields: JsonObject, expected: boolean])[] = [
    ['proc.name=bash and not proc.pname=sshd', { 'proc.name': 'bash', 'proc.pname': 'cron' }, true],
    ['proc.name=bash and not proc.pname=sshd', { 'proc.name': 'bash', 'proc.pname': 'sshd' }, false],
    // Falco said that there is none; it did not say anything at all.
    ['proc.name=bash and not proc.pname=sshd', { 'proc.name': 'bash', 'proc.pname': null }, true],
    ['proc.name=bash and not proc.pname=sshd', { 'proc.name': 'bash' }, false],
    ['proc.name=bash or proc.pname=sshd', { 'proc.name': 'bash' }, true],
    ['not (proc.name=bash and proc.pname=sshd)', { 'proc.name': 'zsh' }, true],
    ['not (proc.name=bash and proc.pname=sshd)', { 'proc.name': 'bash' }, false],
    ['fd.net in ("10.0.0.0/8")', { 'fd.net': '10.2.3.4' }, true],
    ['fd.sport != 22', { 'fd.sport': 2222 }, true],
  ]
  for (const [condition, fields, expected] of table) {
    it(`in Falco's own alerts: ${condition} with ${JSON.stringify(fields)}`, () => {
      for (const doc of [
        alert(fields),
        { event: { module: 'falco', dataset: 'falco.syscall' }, falco: { output_fields: fields } },
      ])
        expect(new FalcoProgram(rulesOf(syscall(condition))).match(doc).length > 0).toBe(expected)
    })
  }
})

describe('our own events', () => {
  const audit: JsonObject = {
    event: { module: 'auditd', outcome: 'success' },
    process: { name: 'tee', executable: '/usr/bin/tee', pid: 7, args: ['tee', 'x'], working_directory: '/etc' },
    user: { id: '1000', name: 'ann', effective: { id: '0', name: 'root' } },
    file: { path: '/etc/sudoers.d/x', type: 'file' },
    auditd: {
      data: { a2: '241', exit: '3', tty: 'pts1', success: 'yes', auid: '4294967295' },
      interpreted: { syscall: 'openat' },
    },
  }
  const started: JsonObject = {
    event: { category: ['process'], type: ['start'], module: 'endpoint' },
    host: { os: { type: 'linux' } },
    process: { name: 'a-very-long-program-name', executable: '/usr/bin/a', args: ['a', '-x'], parent: { name: 'nginx' } },
  }
  const written: JsonObject = {
    event: { category: ['file'], type: ['change'], action: 'file-change' },
    host: { os: { type: 'linux' } },
    file: { path: '/etc/cron.d/x', type: 'file' },
    kanpeki_agent: { file: { changed: ['content', 'times'] } },
  }
  const remade: JsonObject = { ...written, kanpeki_agent: { file: { changed: ['mode', 'times'] } } }
  const openWrite = "evt.type in (open,openat,openat2) and evt.is_open_write=true and fd.typechar='f' and fd.num>=0"
  const table: readonly (readonly [condition: string, doc: JsonObject, expected: boolean])[] = [
    [`${openWrite} and fd.name startswith /etc/cron`, written, true],
    [openWrite, remade, false],
    ['evt.type in (chmod, fchmod, fchmodat) and evt.res=SUCCESS and fd.directory=/etc/cron.d', remade, true],
    ["evt.type in (open,openat) and evt.is_open_write=true and fd.typechar='f' and fd.num>=0", audit, true],
    ['evt.is_open_read=true', audit, false],
    ['fd.directory in (/etc/sudoers.d, /etc/pam.d) and user.name=root and user.uid=0', audit, true],
    ['proc.cmdline = "tee x" and proc.cwd=/etc/ and proc.tty != 0 and user.loginuid=-1 and evt.res=SUCCESS', audit, true],
    ['evt.type in (execve, execveat) and proc.pname in (nginx, httpd) and proc.name=a-very-long-pro', started, true],
    ['proc.args contains -x', started, true],
  ]
  for (const [condition, doc, expected] of table) {
    it(condition, () => {
      const rules = rulesOf(rule(condition).replace('k8s_audit', 'syscall'))
      expect(rules.rules.map(({ info }) => info.missing)).toEqual([undefined])
      expect(new FalcoProgram(rules).match(doc).length > 0).toBe(expected)
    })
  }
})
