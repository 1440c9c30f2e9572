import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, expect, it } from 'vitest'
import { readCard } from '../declare/load.ts'
import { loadRuleTexts } from '../detect/engines/sigma/load/load.ts'
import { readConfig } from '../platform/config.ts'

/** What people write in YAML (settings, cards, rules) changes no prototype and takes no endless time, whatever its names are. */
const folder = mkdtempSync(join(tmpdir(), 'kanpeki-pollution-'))
afterAll(() => rmSync(folder, { recursive: true }))
afterEach(() => {
  expect(Object.keys(Object.prototype)).toEqual([])
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  expect(([] as unknown as Record<string, unknown>)['polluted']).toBeUndefined()
})

const DOCUMENTS = [
  ['__proto__', '__proto__:\n  polluted: true\nid: x\n'],
  ['__proto__ in a flow', '{"__proto__": {"polluted": true}, "id": "x"}\n'],
  ['constructor.prototype', 'constructor:\n  prototype:\n    polluted: true\n'],
  ['a merge key', 'base: &base\n  __proto__:\n    polluted: true\nid: x\n<<: *base\n'],
  ['deeper', 'detection:\n  __proto__:\n    polluted: true\n  condition: __proto__\n'],
  ['a tag', 'a: !!js/object {"__proto__": {"polluted": true}}\n'],
  ['a function', 'a: !!js/function "function () { return 1 }"\n'],
  ['100,000 open brackets', `a: ${'['.repeat(100_000)}`],
  ['depth', `a: ${'['.repeat(5_000)}${']'.repeat(5_000)}\n`],
  [
    'an alias bomb',
    `${Array.from(
      { length: 30 },
      (_, i) =>
        `a${i}: &a${i} [${
          i === 0
            ? '1'
            : Array(9)
                .fill(`*a${i - 1}`)
                .join(',')
        }]`,
    ).join('\n')}\n`,
  ],
] as const

const RULE = 'title: Test\nid: 6f3e2987-db24-4c78-a860-b4f4095a7095\nlogsource:\n  product: windows\nlevel: low\n'

it.each(DOCUMENTS)('%s in the settings is refused', (_, text) => {
  writeFileSync(join(folder, 'kanpeki.yml'), text)
  expect(() => readConfig(folder, {}, {})).toThrow(expect.objectContaining({ code: 'config' }))
})

it.each(DOCUMENTS)('%s in a card is refused', (_, text) => {
  expect(readCard(text, 'x.yml', new Map() as never)).toHaveProperty('problems')
})

it.each(DOCUMENTS)('%s in a rule is refused or data', (_, text) => {
  for (const document of [
    text,
    RULE + text,
    `${RULE}detection:\n  s:\n    __proto__: x\n    constructor: y\n  condition: s\n${text}`,
  ]) {
    const { rules, refused } = loadRuleTexts([{ file: 'x.yml', text: document }])
    expect(rules.length + refused.length).toBeLessThanOrEqual(3)
  }
})
