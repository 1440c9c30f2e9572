import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import { writeEvtx } from '../src/platform/evtx/testing/write-evtx.ts'
import { kanpeki, type Ran, temporaryFolder } from './support/kanpeki.ts'

const folder = temporaryFolder()
afterAll(() => folder.remove())

let written = 0
/** A file of its own, so that cases cannot disturb each other. */
function file(name: string, content: string | Buffer): string {
  const path = join(folder.path, `${written++}-${name}`)
  writeFileSync(path, content)
  return path
}

interface Rule {
  readonly id: string
  readonly title?: string
  readonly level?: string
  readonly source: string
  readonly detection: string
  readonly more?: string
}

const rule = ({ id, title = `Rule ${id}`, level = 'high', source, detection, more = '' }: Rule): string =>
  `title: ${title}\nid: ${id}\nlevel: ${level}\nlogsource: {${source}}\n${more}detection:\n  it: {${detection}}\n  condition: it\n`

const whoami = rule({
  id: '11111111-1111-4111-8111-111111111111',
  title: 'Somebody asks who they are',
  source: 'product: windows, category: process_creation',
  detection: `Image|endswith: '\\whoami.exe'`,
  more: 'tags: [attack.discovery, attack.t1033, attack.t1059.001]\n',
})
const refusedRule = rule({ id: 'refused', source: 'product: windows', detection: 'User|expand: "%admins%"' })
const WHOAMI = file('whoami.yml', whoami)

const started = (image: string, second = 0) => ({
  Channel: 'Microsoft-Windows-Sysmon/Operational',
  EventID: 1,
  UtcTime: `2026-03-02 09:00:${String(second).padStart(2, '0')}.000`,
  Image: `C:\\Windows\\System32\\${image}`,
  User: 'HOST\\amy',
})
const BAD = started('whoami.exe')
const GOOD = started('notepad.exe')
const lines = (...documents: readonly object[]): string => documents.map((each) => `${JSON.stringify(each)}\n`).join('')

interface Found {
  readonly rule: { readonly id: string; readonly title: string; readonly level: string; readonly file: string }
  readonly input: { readonly file: string; readonly record: number; readonly records?: readonly number[] }
  readonly techniques: readonly string[]
  readonly fields: Readonly<Record<string, unknown>>
}

function found({ stdout }: Ran): Found[] {
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Found)
}

const detect = (args: readonly string[], input?: string) =>
  kanpeki(['detect', '--format', 'jsonl', ...args], input === undefined ? {} : { input })

interface Summary {
  readonly loaded: number
  readonly refused: readonly { readonly file: string; readonly line: number; readonly reason: string }[]
  readonly records: number
  readonly unreadable: readonly { readonly file: string; readonly line?: number; readonly reason: string }[]
  readonly detections: number
  readonly seconds: number
}

/** Runs with `--summary` and gives it too. */
async function summarised(args: readonly string[]): Promise<{ ran: Ran; summary: Summary }> {
  const path = join(folder.path, `${written++}-summary.json`)
  const ran = await detect(['--summary', path, ...args])
  return { ran, summary: JSON.parse(readFileSync(path, 'utf8')) as Summary }
}

describe('what detect prints', () => {
  it('is one object a detection, with the file as given and the record counted from 1', async () => {
    const input = file('events.jsonl', lines(GOOD, BAD, GOOD, BAD))
    const ran = await detect(['--rules', WHOAMI, input])
    expect(ran.code).toBe(0)
    const [first, second, ...others] = found(ran)
    expect(others).toEqual([])
    expect(first).toEqual({
      rule: { id: '11111111-1111-4111-8111-111111111111', title: 'Somebody asks who they are', level: 'high', file: WHOAMI },
      input: { file: input, record: 2 },
      techniques: ['T1033', 'T1059.001'],
      fields: { Image: 'C:\\Windows\\System32\\whoami.exe' },
    })
    expect(second).toEqual({ ...first, input: { file: input, record: 4 } })
  })

  it('names a file as it was given, not where it lies', async () => {
    const root = fileURLToPath(new URL('../', import.meta.url))
    const input = file('given.jsonl', lines(BAD))
    const odd = `${dirname(input)}/./${input.slice(dirname(input).length + 1)}`
    expect(odd.startsWith(root)).toBe(false)
    expect(found(await detect(['--rules', WHOAMI, odd])).map((each) => each.input.file)).toEqual([odd])
  })

  it('counts records in each file anew, in the order of the files', async () => {
    const one = file('one.jsonl', lines(GOOD, BAD))
    const two = file('two.jsonl', lines(BAD))
    const places = found(await detect(['--rules', WHOAMI, two, one])).map(({ input }) => [input.file, input.record])
    expect(places).toEqual([
      [two, 1],
      [one, 2],
    ])
  })

  it('reads a product that only a pipeline knows, with values for placeholders', async () => {
    const door = `title: Door\nid: door\nlogsource: {product: door}\ndetection: {sel: {"user|expand": "%vip%"}, condition: sel}\n`
    const pipeline =
      'title: Door\nkind: json\nid: door\nproduct: door\nwhen: [{badge: text}]\nfields: {user: [badge]}\n---\n' +
      'title: People\nkind: placeholders\nplaceholders: {vip: [ann]}\n'
    const input = file('door.jsonl', lines({ badge: 'Ann' }, { badge: 'bob' }))
    const { ran, summary } = await summarised([
      '--rules',
      file('door.yml', door),
      '--pipeline',
      file('pipeline.yml', pipeline),
      input,
    ])
    expect(found(ran).map(({ fields }) => fields)).toEqual([{ badge: 'Ann' }])
    expect(summary).toMatchObject({ loaded: 1, refused: [] })
  })

  it('lists the records of a correlation', async () => {
    const burst = [
      rule({
        id: 'base',
        source: 'product: windows, category: process_creation',
        detection: `Image|endswith: '\\whoami.exe'`,
        more: 'name: base\n',
      }),
      `title: Burst\nid: burst\nlevel: critical\ncorrelation:\n  type: event_count\n  rules: [base]\n  group-by: [User]\n  timespan: 1m\n  condition: {gte: 3}\n`,
    ].join('---\n')
    const input = file(
      'burst.jsonl',
      lines(started('whoami.exe', 1), GOOD, started('whoami.exe', 2), started('whoami.exe', 3), started('notepad.exe', 4)),
    )
    const ran = await detect(['--rules', file('burst.yml', burst), input])
    const [hit, ...others] = found(ran)
    // The rule that it is built on is silent.
    expect(others).toEqual([])
    expect(hit?.rule).toMatchObject({ id: 'burst', title: 'Burst', level: 'critical' })
    expect(hit?.input).toEqual({ file: input, record: 4, records: [1, 3, 4] })
    expect(hit?.fields).toMatchObject({ User: 'HOST\\amy' })
  })
})

describe('what detect reads', () => {
  const pretty = (...documents: readonly object[]) => documents.map((each) => `${JSON.stringify(each, null, 2)}\n`).join('')
  const shapes: readonly [string, string | Buffer, readonly number[]][] = [
    ['JSON lines', lines(GOOD, BAD, BAD), [2, 3]],
    ['JSON lines with CRLF and no last line end', lines(GOOD, BAD).trimEnd().replaceAll('\n', '\r\n'), [2]],
    ['blank lines, which are no records', `\n${lines(GOOD)}\n\n${lines(BAD)}`, [2]],
    ['a byte order mark', `\ufeff${lines(BAD)}`, [1]],
    ['UTF-16, as Windows writes it', Buffer.from(`\ufeff${lines(GOOD, BAD)}`, 'utf16le'), [2]],
    ['one document', JSON.stringify(BAD), [1]],
    ['one pretty-printed document', pretty(BAD), [1]],
    ['pretty-printed documents in a row', pretty(GOOD, BAD, GOOD, BAD), [2, 4]],
    ['documents without a line end between them', JSON.stringify(GOOD) + JSON.stringify(BAD) + JSON.stringify(BAD), [2, 3]],
    ['an array on one line', JSON.stringify([GOOD, BAD]), [2]],
    ['a pretty-printed array', JSON.stringify([BAD, GOOD, BAD], null, 4), [1, 3]],
    ['gzip', gzipSync(lines(GOOD, BAD)), [2]],
    ['two gzip members in a row', Buffer.concat([gzipSync(lines(GOOD)), gzipSync(lines(BAD))]), [2]],
    ['gzip of a pretty-printed array', gzipSync(JSON.stringify([GOOD, BAD], null, 2)), [2]],
    ['nothing', '', []],
  ]
  it.each(shapes)('%s', async (_, content, records) => {
    // A telling suffix is not needed: the content decides.
    const input = file('input', content)
    const ran = await detect(['--rules', WHOAMI, input])
    expect(ran.stderr).not.toContain(`${input}:`)
    expect(ran.code).toBe(0)
    expect(found(ran).map((each) => each.input.record)).toEqual(records)
  })

  it('standard input, as -', async () => {
    const ran = await detect(['--rules', WHOAMI, '-'], lines(GOOD, BAD))
    expect(found(ran).map((each) => each.input)).toEqual([{ file: '-', record: 2 }])
    expect(ran.code).toBe(0)
  })

  it('standard input beside a file, with threads', async () => {
    const beside = file('beside.jsonl', lines(BAD))
    const ran = await detect(['--rules', WHOAMI, '--threads', '2', '-', beside], lines(GOOD, BAD))
    expect(found(ran).map((each) => each.input)).toEqual([
      { file: '-', record: 2 },
      { file: beside, record: 1 },
    ])
    expect(ran.code).toBe(0)
  })

  it('syslog and access logs, told apart by looking', async () => {
    const rules = file(
      'logs.yml',
      [
        rule({
          id: 'ssh-failure',
          source: 'product: linux, service: sshd',
          detection: `event.outcome: failure, source.ip|cidr: 198.51.100.0/24`,
        }),
        rule({
          id: 'web-missing',
          source: 'category: webserver',
          detection: `cs-method: GET, sc-status: 404, cs-uri-stem|endswith: /.env`,
        }),
      ].join('---\n'),
    )
    const syslog = file(
      'a',
      [
        'Mar  2 08:58:01 web-03 sshd[812]: Failed password for root from 198.51.100.23 port 50122 ssh2',
        'Mar  2 08:58:02 web-03 sshd[812]: Failed password for root from 203.0.113.9 port 50122 ssh2',
        'Mar  2 08:58:03 web-03 sshd[812]: Accepted password for amy from 198.51.100.23 port 50122 ssh2',
        'Mar  2 08:58:04 web-03 sshd[812]: Failed password for invalid user oracle from 198.51.100.24 port 50122 ssh2',
        '',
      ].join('\n'),
    )
    const access = file(
      'b',
      [
        '198.51.100.23 - - [02/Mar/2026:08:58:01 +0000] "GET /index.html HTTP/1.1" 200 512 "-" "Mozilla/5.0"',
        '198.51.100.23 - - [02/Mar/2026:08:58:02 +0000] "GET /shop/.env HTTP/1.1" 404 512 "-" "Mozilla/5.0"',
        '198.51.100.23 - - [02/Mar/2026:08:58:03 +0000] "POST /shop/.env HTTP/1.1" 404 512 "-" "Mozilla/5.0"',
        '',
      ].join('\n'),
    )
    const { ran, summary } = await summarised(['--rules', rules, syslog, access])
    expect(found(ran).map((each) => [each.rule.id, each.input.file, each.input.record])).toEqual([
      ['ssh-failure', syslog, 1],
      ['ssh-failure', syslog, 4],
      ['web-missing', access, 2],
    ])
    expect(summary).toMatchObject({ records: 7, unreadable: [] })
  })

  it('a Windows event log as it is; one that holds nothing readable is named, while other files go on', async () => {
    const system = {
      name: 'System',
      children: [
        { name: 'EventID', children: ['1'] },
        { name: 'Channel', children: [BAD.Channel] },
      ],
    }
    const image = { name: 'Data', attributes: [['Name', 'Image'] as const], children: [BAD.Image] }
    const log = writeEvtx([
      [{ template: { name: 'Event', children: [system, { name: 'EventData', children: [image] }] }, values: [] }],
    ])
    const good = file('Sysmon.evtx', log)
    const bad = file('Security.evtx', Buffer.concat([Buffer.from('ElfFile\0'), Buffer.alloc(4096)]))
    const { ran, summary } = await summarised(['--rules', WHOAMI, bad, good])
    expect(ran.code).toBe(2)
    expect(found(ran).map((each) => each.input)).toEqual([{ file: good, record: 1 }])
    expect(ran.stderr).toContain(bad)
    expect(summary.unreadable).toEqual([{ file: bad, reason: expect.stringMatching(/EVTX.*header.*Export/) }])
  })

  it('the records around one that is broken, which is counted with file and line', async () => {
    const input = file('broken.jsonl', `${lines(BAD)}{"Channel": "Sec\n${lines(GOOD, BAD)}[1]\nplain words\n${lines(BAD)}`)
    const { ran, summary } = await summarised(['--rules', WHOAMI, input])
    // An unreadable record keeps its number.
    expect(found(ran).map((each) => each.input.record)).toEqual([1, 4, 7])
    expect(summary.unreadable.map((each) => [each.file, each.line])).toEqual([
      [input, 2],
      [input, 5],
      [input, 6],
    ])
    expect(summary.records).toBe(4)
    expect(ran.stderr).toContain(`${input}:2: `)
    // The input was read: it is a record that was not.
    expect(ran.code).toBe(0)
  })

  it('the rest of pretty-printed documents when one is cut off', async () => {
    const cut = JSON.stringify(GOOD, null, 2).split('\n').slice(0, 3).join('\n')
    const input = file('cut.json', `${JSON.stringify(BAD, null, 2)}\n${cut}\n${JSON.stringify(BAD, null, 2)}\n`)
    const { ran, summary } = await summarised(['--rules', WHOAMI, input])
    expect(found(ran).map((each) => each.input.record)).toEqual([1, 3])
    expect(summary.unreadable.map((each) => each.line)).toEqual([JSON.stringify(BAD, null, 2).split('\n').length + 1])
  })
})

describe('how detect ends', () => {
  const input = file('events.jsonl', lines(GOOD, BAD))
  const harmless = file('harmless.jsonl', lines(GOOD))
  const mixed = file('mixed.yml', `${whoami}---\n${refusedRule}`)
  const onlyRefused = file('refused.yml', refusedRule)
  const cut = gzipSync(lines(BAD, GOOD))
  const cases: readonly [string, readonly string[], number][] = [
    ['0 with a match', ['--rules', WHOAMI, input], 0],
    ['1 with a match and --fail-on-match', ['--rules', WHOAMI, '--fail-on-match', input], 1],
    ['0 without a match and --fail-on-match', ['--rules', WHOAMI, '--fail-on-match', harmless], 0],
    ['0 when a rule was refused beside one that was loaded', ['--rules', mixed, input], 0],
    ['1 when a rule was refused and another matched with --fail-on-match', ['--rules', mixed, '--fail-on-match', input], 1],
    ['2 when every rule was refused', ['--rules', onlyRefused, input], 2],
    ['2 when --where leaves no rule', ['--rules', WHOAMI, '--where', 'product=linux', input], 2],
    ['2 when a file does not exist', ['--rules', WHOAMI, join(folder.path, 'absent.jsonl')], 2],
    [
      '2 when a file does not exist, whatever else matched',
      ['--rules', WHOAMI, '--fail-on-match', join(folder.path, 'absent'), input],
      2,
    ],
    ['2 for a folder in place of a file', ['--rules', WHOAMI, folder.path], 2],
    ['2 for a gzip file that was cut off', ['--rules', WHOAMI, file('cut.gz', cut.subarray(0, cut.length - 12))], 2],
    ['2 for a binary file', ['--rules', WHOAMI, file('binary', Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 0, 0, 1, 2, 3]))], 2],
    ['64 without a file', ['--rules', WHOAMI], 64],
    ['64 for an unknown option', ['--rules', WHOAMI, '--frobnicate', input], 64],
    ['64 for a --where that is no pair', ['--rules', WHOAMI, '--where', 'windows', input], 64],
    ['64 for --threads 0', ['--rules', WHOAMI, '--threads', '0', input], 64],
  ]
  it.each(cases)('with %s', async (_, args, code) => {
    const ran = await detect(args)
    expect(ran.stderr).not.toMatch(/\n\s+at /)
    expect({ code: ran.code, stderr: ran.stderr }).toEqual({ code, stderr: expect.stringContaining('kanpeki') })
  })

  it('with 2 and a remedy when the rules are not there', async () => {
    const absent = join(folder.path, 'no-rules')
    const ran = await detect(['--rules', absent, input])
    expect(ran.stderr).toContain(absent)
    expect(ran.code).toBe(2)
  })
})

describe('detect --summary', () => {
  it('says what was loaded, refused, read and found', async () => {
    const rules = file('rules.yml', `${whoami}---\n${refusedRule}`)
    const input = file('events.jsonl', lines(GOOD, BAD, BAD))
    const { ran, summary } = await summarised(['--rules', rules, input])
    expect(ran.code).toBe(0)
    expect(summary).toEqual({
      loaded: 1,
      refused: [expect.objectContaining({ file: rules, reason: expect.stringContaining('%admins%') })],
      records: 3,
      unreadable: [],
      detections: 2,
      seconds: expect.any(Number),
    })
    const line = summary.refused[0]!.line
    expect(readFileSync(rules, 'utf8').split('\n')[line - 1]).toContain('%admins%')
  })

  it('is written when no rule was loaded', async () => {
    const { ran, summary } = await summarised(['--rules', file('none.yml', refusedRule), file('events.jsonl', lines(BAD))])
    expect(ran.code).toBe(2)
    expect(summary).toMatchObject({ loaded: 0, detections: 0 })
    expect(summary.refused).toHaveLength(1)
  })
})

describe('which rules detect runs', () => {
  const both = file(
    'both.yml',
    [whoami, rule({ id: 'linux', level: 'low', source: 'product: linux', detection: 'process.name: whoami' })].join('---\n'),
  )
  const linux = {
    event: { category: ['process'], type: ['start'] },
    host: { os: { type: 'linux' } },
    process: { name: 'whoami' },
  }
  const input = file('both.jsonl', lines(BAD, linux))
  const cases: readonly [readonly string[], readonly string[]][] = [
    [[], ['11111111-1111-4111-8111-111111111111', 'linux']],
    [['--where', 'product=windows'], ['11111111-1111-4111-8111-111111111111']],
    [['--where', 'product=linux'], ['linux']],
    [['--where', 'product=windows', '--where', 'category=process_creation'], ['11111111-1111-4111-8111-111111111111']],
    [['--level', 'medium'], ['11111111-1111-4111-8111-111111111111']],
  ]
  it.each(cases)('with %j', async (args, ids) => {
    const { ran, summary } = await summarised(['--rules', both, ...args, input])
    expect(found(ran).map((each) => each.rule.id)).toEqual(ids)
    expect(summary.loaded).toBe(ids.length)
  })

  it('takes files and folders of rules, repeated', async () => {
    const other = file('other.yml', rule({ id: 'other', source: 'product: windows', detection: 'User|contains: amy' }))
    const ids = found(await detect(['--rules', WHOAMI, '--rules', other, input])).map((each) => each.rule.id)
    expect(ids).toEqual(['11111111-1111-4111-8111-111111111111', 'other'])
  })

  const burstOf = (base: string) =>
    `title: Burst\nid: burst\nlevel: high\ncorrelation:\n  type: event_count\n  rules: [${base}]\n  group-by: [User]\n  timespan: 1m\n  condition: {gte: 2}\n`
  const withBurst = file(
    'burst.yml',
    [
      rule({
        id: 'base',
        level: 'low',
        source: 'product: windows',
        detection: 'User|contains: amy',
        more: 'name: amy_was_here\n',
      }),
      rule({ id: 'other', level: 'low', source: 'product: linux', detection: 'process.name: whoami' }),
      burstOf('amy_was_here'),
    ].join('---\n'),
  )
  const chain = file(
    'chain.yml',
    [
      rule({
        id: 'one',
        level: 'low',
        source: 'product: windows',
        detection: `Image|endswith: '\\notepad.exe'`,
        more: 'name: one\n',
      }),
      rule({
        id: 'two',
        level: 'low',
        source: 'product: windows',
        detection: `Image|endswith: '\\whoami.exe'`,
        more: 'name: two\n',
      }),
      'title: Chain\nid: chain\nlevel: high\ncorrelation:\n  type: temporal\n  group-by: [User]\n  timespan: 1m\n  condition: one and two\n',
    ].join('---\n'),
  )
  const twice = file('twice.jsonl', lines(GOOD, BAD, linux))
  const correlated: readonly [string, string, readonly string[], readonly string[], number][] = [
    ['everything', withBurst, [], ['other', 'burst'], 3],
    ['a correlation, although --level leaves out what it is built on', withBurst, ['--level', 'high'], ['burst'], 2],
    ['one that names its rules in the condition only', chain, ['--level', 'high'], ['chain'], 3],
    ['no correlation below --level', withBurst, ['--level', 'critical'], [], 2],
    [
      'no correlation whose rules --where leaves out, and does not call it refused',
      withBurst,
      ['--where', 'product=linux'],
      ['other'],
      1,
    ],
  ]
  it.each(correlated)('hears %s', async (_, rules, args, ids, loaded) => {
    const { ran, summary } = await summarised(['--rules', rules, ...args, twice])
    expect(summary).toMatchObject({ refused: [], loaded, detections: ids.length })
    expect(found(ran).map((each) => each.rule.id)).toEqual(ids)
  })
})

describe('detect with threads', () => {
  it('prints the same from many files', async () => {
    const files = Array.from({ length: 7 }, (_, index) =>
      file('part.jsonl', lines(...Array.from({ length: 50 }, (_each, n) => (n % (index + 2) === 0 ? BAD : GOOD)))),
    )
    const one = await detect(['--rules', WHOAMI, '--threads', '1', ...files])
    const two = await detect(['--rules', WHOAMI, '--threads', '2', ...files])
    expect(found(one).length).toBeGreaterThan(7)
    expect(two.stdout).toBe(one.stdout)
    expect(two.code).toBe(0)
  })

  it('prints the same from one large file that is cut into parts, broken lines and correlations included', async () => {
    const rules = file(
      'large.yml',
      [
        rule({ id: 'seen', source: 'product: windows', detection: `Image|endswith: '\\whoami.exe'`, more: 'name: seen\n' }),
        'title: Burst\nid: burst\nlevel: high\ncorrelation:\n  type: event_count\n  rules: [seen]\n  group-by: [User]\n  timespan: 1m\n  condition: {gte: 3}\n  generate: true\n',
      ].join('---\n'),
    )
    const padding = 'x'.repeat(100_000)
    const records = Array.from({ length: 400 }, (_, n) =>
      n % 90 === 59
        ? '{"broken": \u0001}'
        : JSON.stringify({ ...started(n % 40 === 0 ? 'whoami.exe' : 'notepad.exe', n % 60), padding }),
    )
    const input = file('large.jsonl', `${records.join('\n')}\n`)
    const one = await summarised(['--rules', rules, '--threads', '1', input])
    const two = await summarised(['--rules', rules, '--threads', '2', input])
    expect(
      found(one.ran)
        .filter((each) => each.rule.id === 'seen')
        .map((each) => each.input.record),
    ).toEqual(Array.from({ length: 10 }, (_, n) => n * 40 + 1))
    expect(found(one.ran).some((each) => (each.input.records?.length ?? 0) >= 3)).toBe(true)
    expect(one.summary.unreadable.map((each) => each.line)).toEqual([60, 150, 240, 330])
    expect(two.ran.stdout).toBe(one.ran.stdout)
    expect({ ...two.summary, seconds: 0 }).toEqual({ ...one.summary, seconds: 0 })
  })
})
