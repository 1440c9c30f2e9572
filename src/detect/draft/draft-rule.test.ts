import { expect, it } from 'vitest'
import type { JsonObject } from '../../kernel/json.ts'
import { loadRuleTexts } from '../engines/sigma/load/load.ts'
import { ruleSetOf } from '../rule-set.ts'
import { draftRule } from './draft-rule.ts'

const draft = (query: string): string =>
  draftRule({
    id: '5f0d1b1e-3c58-4a3e-9f0a-0a4c8f4d2b10',
    title: 'A "draft": it\'s',
    level: 'medium',
    query,
    author: 'sato',
    date: '2026-11-22',
  })

function finds(query: string, doc: JsonObject): boolean {
  const set = ruleSetOf(loadRuleTexts([{ file: 'draft.yml', text: draft(query) }]))
  const event = {
    id: 'e',
    scope: 's',
    source: 's',
    parser: 'p',
    observed: 0,
    received: 0,
    writer: 'w',
    sequence: 0,
    index: 0,
    doc,
  }
  return set.run([event], true).length > 0
}

const doc: JsonObject = {
  // Keywords are looked for in events of a known kind only.
  event: { category: ['process'], type: ['start'] },
  host: { name: 'web-03', os: { type: 'linux' } },
  user: { name: 'Sato' },
  process: { name: 'sh', command_line: 'C:\\x\\*? "y" it\'s', pid: 42 },
  source: { ip: '198.51.100.7' },
  message: 'Failed password for invalid user admin',
}

const cases: readonly (readonly [string, boolean])[] = [
  ['host.name:web-03', true],
  ['host.name:web-0', false],
  ['user.name:sato AND NOT host.name:db-*', true],
  ['host.name:(db-01 OR web-0?)', true],
  ['source.ip:198.51.100.0/24', true],
  ['source.ip:198.51.101.0/24', false],
  ['process.pid:[40 TO 42}', false],
  ['process.pid:[40 TO 42]', true],
  ['process.pid:>41 process.pid:<43', true],
  ['user.name:/s.t[ao]/', true],
  ['user.name:/at/', false],
  ['message:password', true],
  ['message:/invalid.user/', true],
  ['_exists_:process.name NOT _exists_:file.path', true],
  ['admin', true],
  ['"password for"', true],
  ['nobody', false],
  ['process.command_line:"C:\\\\x\\\\*? \\"y\\" it\'s"', true],
  ['process.command_line:C:\\\\x\\\\?\\?*', true],
  ['(user.name:sato OR user.name:mori) AND (host.name:web-03 OR NOT process.name:sh)', true],
]

it.each(cases)('finds as the timeline does: %s → %s', (query, expected) => expect(finds(query, doc)).toBe(expected))

it('is a rule that people would write', () => {
  expect(draft('user.name:sato NOT host.name:db-* user.name:sato')).toContain(
    "detection:\n  selection_1:\n    user.name: 'sato'\n  selection_2:\n    host.name: 'db-*'\n  condition: selection_1 and not selection_2 and selection_1\nlevel: medium\n",
  )
})

it.each([
  ['', 'draft_impossible'],
  ['@timestamp:[now-15m TO now] AND user.name:x', 'draft_impossible'],
  ['kanpeki.source:http', 'draft_impossible'],
  ['user.name:[a TO b]', 'draft_impossible'],
  ['(a', 'query_open_group'],
  ['/(?=a)/', 'draft_impossible'],
])('refuses %j with %s', (query, code) => {
  expect(() => draft(query)).toThrow(expect.objectContaining({ code }))
})
