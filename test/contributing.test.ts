import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, expect, it } from 'vitest'
import { loadRuleTexts } from '../src/detect/engines/sigma/load/load.ts'
import { compileSigma } from '../src/detect/engines/sigma/match/program.ts'
import type { Measure } from '../src/kernel/measure.ts'
import type { Parser } from '../src/kernel/plugin.ts'
import { ROOT } from './support/kanpeki.ts'

const text = readFileSync(join(ROOT, 'CONTRIBUTING.md'), 'utf8')
const folder = mkdtempSync(join(tmpdir(), 'kanpeki-contributing-'))
afterAll(() => rmSync(folder, { recursive: true }))

function recipe(language: string, name: string): string {
  const mark = language === 'ts' ? `// ${name}` : `# ${name}`
  const found = [...text.matchAll(new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``, 'g'))]
    .map((match) => match[1]!)
    .find((block) => block.startsWith(`${mark}\n`))
  if (found === undefined) throw new Error(`CONTRIBUTING.md has no recipe '${name}'`)
  return found
}

/** Imports a recipe as it stands; its types come from here, so only type imports may be in it. */
async function run<T>(name: string): Promise<T> {
  const file = join(folder, `${name}.ts`)
  writeFileSync(file, recipe('ts', name))
  return (await import(/* @vite-ignore */ pathToFileURL(file).href)) as T
}

it('the parser recipe parses, and says what it cannot read', async () => {
  const { heartbeat } = await run<{ heartbeat: Parser }>('parser')
  const context = { received: 0, zoneMinutes: 0, prefer: [] }
  expect(heartbeat.accepts({ id: '1', text: 'heartbeat web-01' })).toBe(true)
  expect(heartbeat.parse({ id: '1', text: 'heartbeat web-01' }, context)).toMatchObject([{ ecs: { host: { name: 'web-01' } } }])
  expect(heartbeat.parse({ id: '1', text: 'heartbeat ' }, context)).toMatchObject({ unknown: expect.any(String) })
})

it('the rule recipe loads, and its own tests hold', () => {
  const { rules, refused } = loadRuleTexts([{ file: 'recipe.yml', text: recipe('yaml', 'rule') }])
  expect(refused).toEqual([])
  const program = compileSigma(rules)
  const tests = rules.flatMap((rule) => rule.tests)
  expect(tests.map((test) => test.match)).toEqual([true, false])
  for (const test of tests) expect(program.match(test.events[0]!).length > 0, test.name).toBe(test.match)
})

it('the measure recipe measures, and knows nothing of an empty span', async () => {
  const { weekdays } = await run<{ weekdays: () => Measure }>('measure')
  const monday = Date.UTC(2026, 10, 23)
  expect((await weekdays().measure({}, monday, monday + 7 * 86_400_000, 'default')).value).toBe(5)
  expect((await weekdays().measure({}, monday, monday, 'default')).value).toBeNull()
})

it('the recipes name files that exist', () => {
  const named = [...text.matchAll(/`((?:src|content|test)\/[\w./-]+\.ts)`/g)].map((match) => match[1]!)
  expect(named.length).toBeGreaterThan(3)
  for (const file of named) expect(() => readFileSync(join(ROOT, file)), file).not.toThrow()
})

it('SECURITY.md answers every requirement of ASVS 5.0 levels 1 and 2 with a test that exists, or a reason', () => {
  const text = readFileSync(join(ROOT, 'SECURITY.md'), 'utf8')
  const named = new Set([...text.matchAll(/`((?:src|test|scripts|web)\/[\w./-]+\.test\.ts)`/g)].map((match) => match[1]!))
  expect(named.size).toBeGreaterThan(30)
  for (const file of named) expect(existsSync(join(ROOT, file)), file).toBe(true)
  const rows = [...text.matchAll(/^\| (V\d+\.\d+\.\d+) +\|[^|]+\|(.*)\|$/gm)]
  // 70 requirements of level 1 and 183 of level 2 (OWASP ASVS 5.0.0).
  expect(new Set(rows.map(([, id]) => id)).size).toBe(253)
  expect(rows.length).toBe(253)
  for (const [, id, answer] of rows) expect(answer, id).toMatch(/Does not apply: |\.test\.ts`/)
})
