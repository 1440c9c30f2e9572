import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { RawRecord } from '../../kernel/event.ts'
import { joinLines, joinMessages, type LineMemory } from './lines.ts'

function recordsOf(lines: readonly string[], from = 0): RawRecord[] {
  return lines.map((text, index) => ({ id: `${from + index}`, text }))
}

function joined(lines: readonly string[]): readonly string[] {
  return joinLines(recordsOf(lines), {}, true).records.map(({ id, text }) => `${id}: ${text}`)
}

const syscall = (serial: number, at = 1000): string =>
  `type=SYSCALL msg=audit(${at}.000:${serial}): arch=c000003e syscall=59 success=yes`
const path = (serial: number, at = 1000): string => `type=PATH msg=audit(${at}.000:${serial}): item=0 name="/bin/sh"`
const title = (serial: number, at = 1000): string => `type=PROCTITLE msg=audit(${at}.000:${serial}): proctitle="sh"`

describe('lines that belong together', () => {
  const cases: readonly (readonly [what: string, lines: readonly string[], expected: readonly (readonly number[])[]])[] = [
    ['an audit event', [syscall(1), path(1), title(1)], [[0, 1, 2]]],
    [
      'two that are interleaved',
      [syscall(1), syscall(2), path(1), path(2), title(1), title(2)],
      [
        [0, 2, 4],
        [1, 3, 5],
      ],
    ],
    ['an end of event after the title', [syscall(1), title(1), 'type=EOE msg=audit(1000.000:1): ', syscall(2)], [[0, 1, 2], [3]]],
    [
      'one that a program wrote, in between',
      [syscall(1), 'type=USER_LOGIN msg=audit(1000.000:2): pid=1', path(1)],
      [[0, 2], [1]],
    ],
    ['two seconds later', [syscall(1), path(1, 1003), syscall(2, 1003), path(1)], [[0], [1], [2], [3]]],
    ['another host’s serial', [`node=a ${syscall(1)}`, `node=b ${path(1)}`, `node=a ${path(1)}`], [[0, 2], [1]]],
    [
      'through syslog',
      [`<13>Jan 15 20:00:00 web audispd: ${syscall(1)}`, `<13>Jan 15 20:00:00 web audispd: ${path(1)}`],
      [[0, 1]],
    ],
    ['PostgreSQL’s statement', ['2026-01-15 20:00:00.000 UTC [1] LOG:  statement: select', '\t1', 'x'], [[0, 1], [2]]],
    [
      'PostgreSQL’s CSV',
      ['2026-01-15 20:00:00.000 UTC,"a","b",1,,"statement: select', '2, ""x""', '3",,', '4'],
      [[0, 1, 2], [3]],
    ],
    ['MySQL’s statement', ['\t\t    3 Query\tselect 1,', " 'two lines'", '\t\t    3 Quit\t'], [[0, 1], [2]]],
    ['nothing', ['a', '\tb', 'c'], [[0], [1], [2]]],
  ] // prettier-ignore

  it.each(cases)('%s', (_what, lines, expected) => {
    expect(joined(lines)).toEqual(expected.map((group) => `${group[0]}: ${group.map((line) => lines[line]).join('\n')}`))
  })

  it('of syslog are joined by sender, and nothing else of theirs is', () => {
    const from = (origin: string, text: string): RawRecord => ({ id: text, text, origin })
    const messages = [
      from('10.0.0.1', syscall(1)),
      from('10.0.0.2', path(1)),
      from('10.0.0.3', '#Fields: date'),
      from('10.0.0.1', path(1)),
      from('10.0.0.4', '2026-01-15'),
    ]
    expect(joinMessages(messages).map(({ text, header }) => [text, header])).toEqual([
      [`${syscall(1)}\n${path(1)}`, undefined],
      [path(1), undefined],
      ['#Fields: date', undefined],
      ['2026-01-15', undefined],
    ])
  })

  it('waits for what comes next only where something may', () => {
    const taken = (lines: readonly string[]): number => joinLines(recordsOf(lines), {}, false).taken
    expect(taken(['a', 'b'])).toBe(2)
    expect(taken(['a', syscall(1), 'b'])).toBe(1)
    expect(taken(['a', syscall(1), title(1)])).toBe(3)
    expect(taken(['2026-01-15 20:00:00.000 UTC [1] LOG:  ready'])).toBe(0)
    expect(taken(Array.from({ length: 5_000 }, (_, at) => syscall(at + 1)))).toBe(4_096)
  })

  it('gives the header of its file to each line', () => {
    const memory: LineMemory = {}
    const iis = recordsOf(['#Software: x', '#Fields: date time', '2026-01-15 00:00:00', '#Fields: date', '2026-01-15'])
    expect(joinLines(iis, memory, true).records.map(({ header }) => header)).toEqual([
      undefined,
      undefined,
      '#Fields: date time',
      undefined,
      '#Fields: date',
    ])
    expect(memory.header).toBe('#Fields: date')
    const zeek = recordsOf([
      '#separator \\x09',
      '#path\tconn',
      '#open\t2026',
      '#fields\tts',
      '#types\ttime',
      '1.0',
      '#close\t2026',
    ])
    expect(joinLines(zeek, memory, true).records[5]!.header).toBe('#separator \\x09\n#path\tconn\n#fields\tts\n#types\ttime')
  })

  it('joins the same, wherever the stream is cut', () => {
    const line = fc.oneof(
      fc.constantFrom(
        'a',
        '\tb',
        '\t\t 3 Query\tselect',
        '\t\t 3 Quit\t',
        'x LOG:  y',
        '#Fields: date',
        'type=USER_END msg=audit(1.0',
      ),
      fc.tuple(fc.constantFrom(syscall, path), fc.integer({ min: 1, max: 3 })).map(([make, serial]) => make(serial)),
    )
    fc.assert(
      fc.property(
        fc.array(line, { maxLength: 40 }),
        fc.array(fc.integer({ min: 1, max: 7 }), { maxLength: 40 }),
        (lines, cuts) => {
          const all = recordsOf(lines)
          const whole = joinLines(all, {}, true).records
          const pieces: RawRecord[] = []
          const memory: LineMemory = {}
          let from = 0
          let to = 0
          for (const cut of [...cuts, lines.length]) {
            to = Math.min(to + cut, lines.length)
            const { records, taken } = joinLines(all.slice(from, to), memory, false)
            pieces.push(...records)
            from += taken
          }
          pieces.push(...joinLines(all.slice(from), memory, true).records)
          expect(pieces).toEqual(whole)
        },
      ),
      { numRuns: 2_000 },
    )
  })
}) // prettier-ignore
