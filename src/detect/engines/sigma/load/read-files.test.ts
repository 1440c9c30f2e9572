import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { loadRuleFiles } from './read-files.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rules-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const rule = (id: string): string => `title: ${id}\nid: ${id}\nlogsource: {product: x}\ndetection: {s: {a: 1}, condition: s}\n`

it('refuses a file that cannot be read and loads the others', () => {
  writeFileSync(join(folder, 'a.yml'), rule('a'))
  symlinkSync(join(folder, 'gone.yml'), join(folder, 'b.yml'))
  symlinkSync(join(folder, 'gone'), join(folder, 'c'))
  const own = join(folder, 'own')
  mkdirSync(own)
  writeFileSync(join(own, 'd.yml'), rule('d'))
  symlinkSync(folder, join(own, 'up'))
  const { rules, refused } = loadRuleFiles([folder])
  expect(rules.map(({ info }) => info.id)).toEqual(['a', 'd'])
  expect(refused).toMatchObject([{ file: join(folder, 'b.yml'), code: 'file-unreadable' }])
  expect(loadRuleFiles([folder, own]).rules.map(({ info }) => info.id)).toEqual(['a', 'd'])
})

it('throws for a path that does not exist', () => {
  expect(() => loadRuleFiles([join(folder, 'none')])).toThrow('cannot read rules from')
})
