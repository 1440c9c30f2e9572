import { expect, it } from 'vitest'
import en from '../../i18n/en/common.json' with { type: 'json' }
import ja from '../../i18n/ja/common.json' with { type: 'json' }
import { unknownCode } from './unknown-code.ts'

it.each([
  ['no parser knows this format', 'unknown_format'],
  ['an empty line', 'unknown_empty'],
  ['longer than 65536 characters', 'unknown_long'],
  ['more than 1000 records in one list', 'unknown_long'],
  ['an audit record is text; this is JSON', 'unknown_shape'],
  ['a fault in a parser, please report it: x', 'unknown_fault'],
  ['not a line of PostgreSQL’s: no level behind a time or a process id', 'unknown_other'],
] as const)('%s is worded in both languages', (reason, code) => {
  expect(unknownCode(reason)).toBe(code)
  expect([en.problem.code[code], ja.problem.code[code]]).not.toContain(undefined)
})
