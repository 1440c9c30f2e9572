import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, expect, it } from 'vitest'
import { loadRuleSet } from '../detect/rule-set.ts'
import { addPack, listPacks, removePack } from './content-packs.ts'

const folder = mkdtempSync(join(tmpdir(), 'kanpeki-packs-'))
afterAll(() => rmSync(folder, { recursive: true }))
const from = join(folder, 'clone')
const rules = join(folder, 'rules')
const NOW = Date.UTC(2026, 10, 22)

const rule = (title: string, id: number, value = 'x'): string =>
  `title: ${title}\nid: 00000000-0000-4000-8000-00000000000${id}\nlogsource: { product: linux }\ndetection: { s: { Image: ${value} }, condition: s }\nlevel: low\n`

beforeEach(() => {
  for (const one of [from, rules]) rmSync(one, { recursive: true, force: true })
  for (const one of ['rules/linux', 'rules-threat-hunting', 'tests', '.git']) mkdirSync(join(from, one), { recursive: true })
  writeFileSync(join(from, 'rules/linux/a.yml'), rule('A', 1))
  writeFileSync(join(from, 'rules-threat-hunting/b.yml'), rule('B', 2))
  writeFileSync(join(from, 'rules/linux/bad.yml'), rule('Bad', 3).replace('condition: s', 'condition: t'))
  writeFileSync(join(from, 'tests/c.yml'), rule('A test', 4))
  writeFileSync(join(from, '.git/d.yml'), rule('Hidden', 5))
  writeFileSync(join(from, 'outside.txt'), 'no rule')
  symlinkSync('/etc/passwd', join(from, 'rules/linux/link.yml'))
})

it('takes the rule folders of a clone over, counts what loads, and names what does not', async () => {
  const added = await addPack(rules, 'sigmahq', from, NOW)
  expect(added).toMatchObject({ name: 'sigmahq', files: 3, loaded: 2, refused: 1, added: '2026-11-22T00:00:00.000Z' })
  expect(added.refusals).toEqual([expect.objectContaining({ file: 'rules/linux/bad.yml' })])
  expect(
    loadRuleSet([rules])
      .rules.map(({ title }) => title)
      .sort(),
  ).toEqual(['A', 'B'])
  expect(listPacks(rules)).toMatchObject([{ name: 'sigmahq', loaded: 2 }])
})

it('puts a newer one in the place of the earlier, whole', async () => {
  const before = await addPack(rules, 'sigmahq', from, NOW)
  rmSync(join(from, 'rules-threat-hunting'), { recursive: true })
  const after = await addPack(rules, 'sigmahq', from, NOW)
  expect(after.sha256).not.toBe(before.sha256)
  expect(readdirSync(join(rules, 'sigmahq')).sort()).toEqual(['pack.json', 'rules'])
  expect(await removePack(rules, 'sigmahq')).toBe(true)
  expect(await removePack(rules, 'sigmahq')).toBe(false)
  expect(existsSync(join(rules, 'sigmahq'))).toBe(false)
})

it('takes a folder without such folders as it is, and changes nothing where there is no rule', async () => {
  expect(await addPack(rules, 'falco', join(from, 'rules-threat-hunting'), NOW)).toMatchObject({ files: 1, loaded: 1 })
  mkdirSync(join(from, 'empty'))
  await expect(addPack(rules, 'falco', join(from, 'empty'), NOW)).rejects.toMatchObject({ code: 'usage' })
  await expect(addPack(rules, 'falco', join(from, 'absent'), NOW)).rejects.toMatchObject({ code: 'usage' })
  expect(listPacks(rules)).toHaveLength(1)
})
