import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { Ajv } from 'ajv'
import addFormats from 'ajv-formats'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sharedData } from '../kernel/testing/shared-data.ts'

const folder = mkdtempSync(join(tmpdir(), 'kanpeki-detect-'))
const at = (name: string) => join(folder, name)
const main = fileURLToPath(new URL('./main.ts', import.meta.url))

const RULES = `title: Whoami
id: rule-whoami
level: high
tags: [attack.t1033]
logsource: {product: windows, category: process_creation}
detection: {sel: {Image|endswith: '\\whoami.exe'}, condition: sel}
---
title: Sudo to root
id: rule-sudo
level: low
logsource: {product: linux, service: sudo}
detection: {sel: {USER: root}, condition: sel}
---
title: Failed password
name: failed_password
id: rule-failed
logsource: {product: linux, service: sshd}
detection: {kw: [Failed password], condition: kw}
---
title: Guessing
id: rule-guessing
level: critical
correlation:
  type: event_count
  rules: [failed_password]
  group-by: [source.ip]
  timespan: 5m
  condition: {gte: 3}
`
const BROKEN = 'title: Broken\nlogsource: {product: windows}\ndetection: {sel: {a|nonsense: 1}, condition: sel}\n'

const process = (image: string, record: number) =>
  JSON.stringify({ EventID: 1, Channel: 'Microsoft-Windows-Sysmon/Operational', Image: image, RecordNumber: record })
const event = (at: number) => process(at % 5 === 0 ? 'C:\\Windows\\System32\\whoami.exe' : 'C:\\x.exe', at)
const LINES = `${[event(1), event(5), '{"broken', event(10)].join('\n')}\n`
const failed = (second: number) =>
  `Jan 15 11:00:0${second} web-03 sshd[1]: Failed password for root from 203.0.113.9 port 22 ssh2`

function detect(args: readonly string[], input = '') {
  const { status, stdout, stderr } = spawnSync(
    globalThis.process.execPath,
    ['--disable-warning=ExperimentalWarning', main, 'detect', ...args],
    { encoding: 'utf8', input, maxBuffer: 1 << 28 },
  )
  return {
    status,
    stdout,
    stderr,
    hits: stdout.startsWith('{"rule"')
      ? stdout
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line))
      : [],
  }
}

beforeAll(() => {
  writeFileSync(at('rules.yml'), RULES)
  writeFileSync(at('broken.yml'), BROKEN)
  writeFileSync(at('events.jsonl'), LINES)
  writeFileSync(
    at('events.json.gz'),
    gzipSync(
      JSON.stringify(
        [1, 5].map((each) => JSON.parse(event(each))),
        null,
        2,
      ),
    ),
  )
  writeFileSync(at('auth.log'), [1, 2, 3].map(failed).join('\n'))
  writeFileSync(at('log.evtx'), Buffer.from('ElfFile\0\0\0\0\0\0'))
})
afterAll(() => rmSync(folder, { recursive: true }))

describe('kanpeki detect', () => {
  test('prints one object a detection, in the order of files and records', () => {
    const { status, hits, stderr } = detect([
      '--rules',
      at('rules.yml'),
      '--format',
      'jsonl',
      at('events.jsonl'),
      at('events.json.gz'),
    ])
    expect(hits.map((hit) => hit.input)).toEqual([
      { file: at('events.jsonl'), record: 2 },
      { file: at('events.jsonl'), record: 4 },
      { file: at('events.json.gz'), record: 2 },
    ])
    expect(hits[0]).toEqual({
      rule: { id: 'rule-whoami', title: 'Whoami', level: 'high', file: at('rules.yml') },
      input: { file: at('events.jsonl'), record: 2 },
      techniques: ['T1033'],
      fields: { Image: 'C:\\Windows\\System32\\whoami.exe' },
    })
    expect(status).toBe(0)
    expect(stderr).toContain(`${at('events.jsonl')}:3:`)
  })

  test('writes a summary that names what was refused and what could not be read', () => {
    const { status } = detect([
      '--rules',
      at('rules.yml'),
      '--rules',
      at('broken.yml'),
      '--summary',
      at('s.json'),
      at('events.jsonl'),
    ])
    expect(status).toBe(0)
    expect(JSON.parse(readFileSync(at('s.json'), 'utf8'))).toEqual({
      loaded: 4,
      refused: [{ file: at('broken.yml'), line: 3, code: 'modifier-unknown', reason: expect.stringContaining('nonsense') }],
      records: 3,
      unreadable: [{ file: at('events.jsonl'), line: 3, reason: expect.stringContaining('not valid JSON') }],
      detections: 2,
      seconds: expect.any(Number),
      correlations: [expect.objectContaining({ id: 'rule-guessing' })],
    })
  })

  test('numbers the records of a file that is named twice from one each time, and correlates its events once', () => {
    writeFileSync(at('two.log'), [1, 2].map(failed).join('\n'))
    const { hits } = detect([
      '--rules',
      at('rules.yml'),
      '--format',
      'jsonl',
      at('events.jsonl'),
      at('two.log'),
      at('events.jsonl'),
      at('two.log'),
    ])
    expect(hits.map((hit) => [hit.rule.id, hit.input.record])).toEqual([
      ['rule-whoami', 2],
      ['rule-whoami', 4],
      ['rule-whoami', 2],
      ['rule-whoami', 4],
    ])
  })

  test('reads standard input and log lines, and correlates over them', () => {
    const { hits } = detect(['--rules', at('rules.yml'), '--format', 'jsonl', '-', at('auth.log')], `${event(5)}\n`)
    expect(hits.map((hit) => [hit.rule.id, hit.input.file])).toEqual([
      ['rule-whoami', '-'],
      ['rule-guessing', at('auth.log')],
    ])
    expect(hits[1].input.records).toEqual([1, 2, 3])
  })

  test.each([
    ['a match, when asked to fail on it', ['--fail-on-match', 'events.jsonl'], 1],
    ['no match, when asked to fail on one', ['--fail-on-match', '--where', 'product=linux', 'events.jsonl'], 0],
    ['EVTX', ['log.evtx'], 2],
    ['a file that is not there', ['nothing.jsonl', 'events.jsonl'], 2],
    ['a match and an unreadable file', ['--fail-on-match', 'events.jsonl', 'log.evtx'], 2],
    ['no rule for this source', ['--where', 'product=aws', 'events.jsonl'], 2],
    ['no file', [], 64],
    ['an unknown option', ['--nonsense', 'events.jsonl'], 64],
    ['a bad --where', ['--where', 'colour=red', 'events.jsonl'], 64],
    ['a bad --threads', ['--threads', '0', 'events.jsonl'], 64],
    ['a bad --format', ['--format', 'xml', 'events.jsonl'], 64],
    ['help', ['--help'], 0],
  ])('exits as promised on %s', (_name, args, code) => {
    const files = args.map((arg) => (/\.(jsonl|evtx)$/.test(arg) ? at(arg) : arg))
    const { status, stderr, stdout } = detect(['--rules', at('rules.yml'), ...files])
    expect({ status, stderr }).toEqual({ status: code, stderr: expect.any(String) })
    expect(stderr + stdout).not.toBe('')
  })

  test('rules that do not exist are said to', () => {
    const { status, stderr } = detect(['--rules', at('none'), at('events.jsonl')])
    expect(status).not.toBe(0)
    expect(stderr).toContain(at('none'))
  })

  test('names the remedy for a folder in place of a file', () => {
    const { status, stderr } = detect(['--rules', at('rules.yml'), folder])
    expect(status).toBe(2)
    expect(stderr).toContain(`${folder}: this is a folder. Name the files in it.`)
  })

  test('does the same on several threads as on one', () => {
    const many = Array.from({ length: 6000 }, (_, index) => `${event(index).slice(0, -1)},"fill":"${'x'.repeat(7000)}"}\n`).join(
      '',
    )
    writeFileSync(at('large.jsonl'), `${many}{"broken\n${many}`)
    const args = ['--rules', at('rules.yml'), '--format', 'jsonl', at('large.jsonl'), at('auth.log'), at('events.jsonl')]
    const one = detect(['--threads', '1', '--summary', at('one.json'), ...args])
    const three = detect(['--threads', '3', '--summary', at('three.json'), ...args])
    const summary = (name: string) => ({ ...JSON.parse(readFileSync(at(name), 'utf8')), seconds: 0 })
    expect(one.hits.length).toBe(2403)
    expect(three.stdout).toBe(one.stdout)
    expect(summary('three.json')).toEqual(summary('one.json'))
  })

  test('shows people a table without control characters', () => {
    const { stdout } = detect(['--rules', at('rules.yml'), '-'], `${process('C:\\\u001b[31m\\whoami.exe', 1)}\n`)
    expect(stdout).toContain('high')
    expect(stdout).toContain('Whoami  T1033')
    expect(stdout).toContain('\\u001b[31m')
    expect(stdout).not.toContain('\u001b')
  })

  const schema = sharedData('schemas/sarif/sarif-schema-2.1.0.json')
  test.skipIf(schema === undefined)('writes SARIF that its schema accepts (skipped without ../shared/data)', () => {
    const { stdout } = detect(['--rules', at('rules.yml'), '--format', 'sarif', at('events.jsonl'), at('auth.log')])
    const log = JSON.parse(stdout)
    expect(log.runs[0].results.length).toBe(3)
    const ajv = new Ajv({ strict: false, allErrors: true })
    addFormats.default(ajv)
    // The schema is of an old draft, which ajv reads but for its name.
    const { $schema: _draft, id: _id, ...rules } = JSON.parse(readFileSync(schema!, 'utf8'))
    const validate = ajv.compile(rules)
    expect(validate(log), JSON.stringify(validate.errors)).toBe(true)
  })
})
