import { describe, expect, test } from 'vitest'
import type { JsonValue } from '../../../../kernel/json.ts'
import { loadDetection, matches } from '../testing/rules.ts'

/** `key: value` of a selection → values of the field `f` (undefined: missing) that match, and that do not. */
const cases: readonly (readonly [
  item: string,
  yes: readonly (JsonValue | undefined)[],
  no: readonly (JsonValue | undefined)[],
])[] = [
  ["f: 'abc'", ['abc', 'ABC', ['x', 'abc']], ['abcd', '', null, undefined, 'ab', 1]],
  ["f: 'a*c'", ['ac', 'abbc', 'AxC'], ['acd', 'bac', undefined]],
  ["f: 'a?c'", ['abc', 'A-C'], ['ac', 'abbc']],
  ["f: '*'", ['', 'x', 0, false], [null, undefined, []]],
  ["f: 'a\\*c'", ['a*c'], ['abc', 'ac', 'a\\*c']],
  ["f: 'a\\?c'", ['a?c'], ['abc']],
  ["f: 'a\\\\*'", ['a\\', 'a\\b'], ['a*', 'ab']],
  ["f: 'a\\\\\\*'", ['a\\*'], ['a\\b', 'a*']],
  ["f: 'c:\\win'", ['C:\\WIN'], ['c:win', 'c:\\\\win']],
  ["f: 'c:\\\\win'", ['C:\\WIN'], ['c:\\\\win']],
  ["f: '\\\\\\\\srv'", ['\\\\srv'], ['\\srv']],
  ["f: ''", [''], ['x', ' ', null, undefined, []]],
  ['f: null', [null, undefined, [], [null]], ['', 'null', 0, [null, 'x']]],
  ['f: 5', [5, '5', [4, 5]], ['05', 50, '5.0', undefined]],
  ['f: 1.5', [1.5, '1.5'], ['1.50', 15]],
  ['f: true', [true, 'true', 'TRUE'], [1, 'yes', false]],
  ['f: [a, 5, null]', ['a', '5', null, undefined], ['', 'b']],
  ["f: '0x10'", ['0x10', '0X10'], [16, '16']],
  ["f: 'ÉÇ'", ['éç', 'ÉÇ'], ['ec']],
  ["f: 'ΌΣΟΣ'", ['όσος', 'ΌΣΟΣ', 'όσοσ'], ['οσοσ']],
  ["f: 'k'", ['k', 'K'], ['\u212a']],
  ["f: '😀x'", ['😀X'], ['x']],
  ['f|contains: bc', ['abcd', 'BC', ['x', 'abc']], ['b c', null, undefined]],
  ['f|contains: [x, bc]', ['abcd', 'ax'], ['ab']],
  ['f|contains|all: [x, bc]', ['abcx', ['abc', 'x']], ['abc', 'x']],
  ['f|contains: "b*d"', ['abcde', 'bd'], ['db']],
  ["f|contains: '\\\\*'", ['a\\b'], ['a*']],
  ["f|contains: ''", ['', 'x'], [null, undefined]],
  ['f|startswith: ab', ['ABC', 'ab'], ['cab', undefined]],
  ['f|startswith: "a?b"', ['axbc'], ['abc']],
  ['f|endswith: .exe', ['C:\\x.EXE'], ['x.exe.bak', undefined]],
  ["f|endswith: ['\\cmd.exe', '\\powershell.exe']", ['c:\\cmd.exe'], ['xcmd.exe']],
  ['f|exists: true', ['', null, 0, []], [undefined]],
  ['f|exists: false', [undefined], ['', null]],
  ['f|cased: Abc', ['Abc'], ['abc', 'ABC']],
  ['f|contains|cased: Bc', ['aBcd'], ['abcd']],
  ['f|cased|startswith: "A*c"', ['Axcx'], ['axcx']],
  ['f|neq: a', ['b', 'ab', ''], ['a', 'A', null, undefined, ['b', 'a']]],
  ['f|neq: [a, b]', ['c'], ['a', 'b', undefined]],
  ['f|neq: 5', [6, '05'], [5, '5', undefined]],
  ['f|contains|neq: x', ['abc'], ['axb', undefined]],
  ['f|re: ^a.c$', ['abc', 'a-c'], ['ABC', 'abcd', undefined, 'a\nc']],
  ['f|re: b', ['abc'], ['aBc']],
  ['f|re|i: ^aB$', ['Ab', 'AB'], ['aab']],
  ["f|re: '(?i)^ab$'", ['AB'], ['abc']],
  ["f|re: 'x(?i)ab'", ['xAB'], ['Xab']],
  ["f|re: '(?i:a)b'", ['Ab'], ['AB']],
  ['f|re|m: ^b$', ['a\nb\nc'], ['a b c']],
  ['f|re|s: a.c', ['a\nc'], ['ac']],
  ['f|re|i|s: A.C', ['a\nc'], []],
  ["f|re: 'ab$'", ['ab', 'ab\n', 'xab'], ['abc', 'ab\nc']],
  ["f|re: '\\Aab\\z'", ['ab'], ['ab\n', 'xab']],
  ["f|re: '[[:digit:]]{2,}x'", ['12x'], ['1x']],
  ["f|re: '\\x41\\d'", ['A1'], ['a1', 'A']],
  ["f|re: 'a{,3}b'", ['b', 'aab'], ['a']],
  ["f|re: 'a{x'", ['a{x'], ['ax']],
  ["f|re: '(?=.*x)(?!.*y)^a'", ['ax'], ['axy', 'a']],
  ["f|re: '\\Qa.b\\E.'", ['a.bc'], ['axbc']],
  ['f|re|neq: ^a', ['b'], ['ab', undefined]],
  ['f|cidr: 10.0.0.0/8', ['10.1.2.3', '::ffff:10.0.0.1'], ['11.0.0.1', 'x', '', undefined, '10.1.2']],
  ['f|cidr: [192.168.0.0/16, 10.0.0.0/8]', ['192.168.255.1', '10.0.0.1'], ['172.16.0.1']],
  ['f|cidr: 2001:db8::/32', ['2001:db8:1::1', '2001:DB8:0:0:0:0:0:1'], ['2001:db9::1', '10.0.0.1']],
  ['f|cidr: fe80::/10', ['fe80::1%eth0', 'febf::1'], ['fec0::1']],
  ['f|cidr: 127.0.0.1', ['127.0.0.1'], ['127.0.0.2']],
  ['f|cidr: 0.0.0.0/0', ['8.8.8.8'], ['::1']],
  ['f|gt: 5', [6, '6', '5.1'], [5, 'x', '', undefined, null]],
  ['f|gte: 5', [5, '5'], [4.9]],
  ['f|lt: 5', [4, '-1'], [5, undefined, '']],
  ['f|lte: 5', [5, 0], [5.1]],
  ["f|gt: '5'", [6], [5]],
  ['f|base64: cmd', ['Y21k', 'y21K'], ['cmd']],
  ['f|base64|contains: foobar', ['xxZm9vYmFyxx'], ['foobar']],
  ['f|base64offset|contains: foobar', ['Zm9vYmFy', 'xmb29iYXx', 'xZvb2Jhcx'], ['foobar', 'Zm9v']],
  ['f|wide|base64offset|contains: ab', ['YQBiA', 'x', 'EAYgx'].slice(0, 1), ['ab']],
  ['f|utf16le|base64: a', ['YQA='], ['YQ==']],
  ['f|utf16be|base64: a', ['AGE='], ['YQA=']],
  ['f|utf16|base64: a', ['//5hAA=='], ['YQA=']],
  ['f|contains|windash: " -h"', ['x -h', 'x /h', 'x –h', 'x —h', 'x ―h'], ['x h', 'x _h']],
  ['f|windash|contains: " -s -i"', [' /s -i', ' -s /i', ' –s ―i'], [' s -i']],
  ['f|windash: "a-b"', ['a-b'], ['a/b']],
  ['f|endswith|windash: "/all"', ['x -ALL', 'x /all'], ['x all']],
  ['f|minute: 30', ['2024-05-06T07:30:00Z'], ['2024-05-06T07:31:00Z', 'x', undefined]],
  ['f|hour: 7', ['2024-05-06T07:30:00Z', '2024-05-06 07:30:00.123', '2024-05-06T16:30:00+09:00'], ['2024-05-06T08:30:00Z']],
  ['f|day: 6', ['2024-05-06'], ['2024-05-07']],
  ['f|week: 1', ['2024-12-30', '2025-01-05'], ['2024-12-29', '2025-01-06']],
  ['f|month: 5', ['2024-05-06T07:30:00.123456789Z', 1714980600, 1714980600000], ['2024-06-06']],
  ['f|year: 2024', ['2024-05-06'], ['2025-05-06']],
  ['f|hour|gte: 22', ['2024-05-06T22:00:00Z'], ['2024-05-06T21:59:59Z']],
  ['f|fieldref: g', ['same', 'SAME'], ['other', undefined]],
  ['f|fieldref|neq: g', ['other'], ['same', undefined]],
  ['f|fieldref|endswith: g', ['x same'], ['same x']],
  ['f|fieldref|contains: g', ['x same x'], ['sam']],
  ['f|fieldref|cased: g', ['same'], ['Same']],
]

describe('values and modifiers', () => {
  const table = cases.flatMap(([item, yes, no]) => [
    ...yes.map((value) => ({ item, value, expected: true })),
    ...no.map((value) => ({ item, value, expected: false })),
  ])
  test(`has ${table.length} cases`, () => expect(table.length).toBeGreaterThan(200))
  test.each(table)('$item on $value is $expected', ({ item, value, expected }) => {
    const doc = { g: 'same', ...(value === undefined ? {} : { f: value }) }
    expect(matches(`sel:\n  ${item}\ncondition: sel`, doc)).toBe(expected)
  })

  test('an object is tested as its JSON text', () => {
    const detection = 'sel:\n  f|contains: \'"mode":"rw"\'\ncondition: sel'
    expect(matches(detection, { f: { mode: 'rw' } })).toBe(true)
  })

  test('names that every object inherits are fields only where they are written', () => {
    expect(matches('sel:\n  constructor|exists: true\ncondition: sel', {})).toBe(false)
    expect(matches('sel:\n  toString: x\ncondition: sel', { toString: 'x' })).toBe(true)
    expect(matches('sel:\n  __proto__|exists: true\ncondition: sel', {})).toBe(false)
  })
})

describe('items that are refused', () => {
  const faults: readonly (readonly [string, string])[] = [
    ['f|nonsense: x', 'modifier-unknown'],
    ['f|i: x', 'modifier-unknown'],
    ['f|expand: "%users%"', 'placeholder-unresolved'],
    ['f|contains|expand: "%users%"', 'placeholder-unresolved'],
    ['f|re: "("', 'regex-syntax'],
    ['f|re: "(a)\\1"', 'regex-syntax'],
    ["f|re: '(a)\\1'", 'regex-unsupported'],
    ["f|re: '(?>a+)b'", 'regex-unsupported'],
    ["f|re: 'a++'", 'regex-unsupported'],
    ["f|re: '(?=(a+)+b)a'", 'regex-unsupported'],
    ["f|re: '[z-a]'", 'regex-syntax'],
    ["f|re: 'a{3,1}'", 'regex-syntax'],
    ['f|cidr: 10.0.0.0/33', 'cidr-invalid'],
    ['f|cidr: nonsense', 'cidr-invalid'],
    ['f|exists: maybe', 'modifier-value'],
    ['f|gt: abc', 'modifier-value'],
    ['f|contains: null', 'modifier-value'],
    ['f|base64: "a*b"', 'modifier-wildcard'],
    ['f|re|contains: a', 'modifier-conflict'],
    ['f|re|cidr: a', 'modifier-conflict'],
    ['f: {a: b}', 'value-type'],
    ['f: []', 'value-empty'],
    ['f|contains|windash: " -a -b -c -d -e -f"', 'windash-flags'],
  ]
  test.each(faults)('%s', (item, code) => {
    const { rules, refused } = loadDetection(`sel:\n  ${item}\ncondition: sel`)
    expect(rules).toEqual([])
    expect(refused).toEqual([
      expect.objectContaining({ file: 'test.yml', line: 7, code: item.includes('"(a)\\1"') ? 'yaml' : code }),
    ])
  })
})
