import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { failedFiles, readReport, type TestFile, tallyOf } from './test-report.ts'

const FILES: Readonly<Record<string, string>> = {
  passes: `import { test } from 'vitest'; test('a', () => {}); test.skip('b', () => {}); test.todo('c')`,
  fails: `import { expect, test } from 'vitest'; test('a', () => {}); test('d', () => { expect(1).toBe(2) })`,
  breaks: `import './nowhere.ts'`,
  prepares: `import { beforeAll, test } from 'vitest'; beforeAll(() => { throw new Error('no such engine') }); test('e', () => {})`,
}

let folder: string
let files: readonly TestFile[]

beforeAll(() => {
  // Below the project, for `vitest` is looked for from there.
  mkdirSync('node_modules/.cache', { recursive: true })
  folder = mkdtempSync(join(process.cwd(), 'node_modules/.cache/report-'))
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(folder, `${name}.case.ts`), text)
  writeFileSync(join(folder, 'vitest.config.ts'), `export default { test: { include: ['*.case.ts'], exclude: [] } }`)
  const report = join(folder, 'report.json')
  const vitest = join(process.cwd(), 'node_modules/vitest/vitest.mjs')
  const args = [vitest, 'run', '--root', folder, '--reporter=json', `--outputFile.json=${report}`]
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  const read = readReport(report)
  if (read === undefined) throw new Error(`${stdout}${stderr}`)
  files = read
}, 60_000)

afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('counts every case of a real run once, and files that could not be read or prepared', () => {
  expect(files).toHaveLength(4)
  const tally = tallyOf(files)
  expect(tally).toMatchObject({ passed: 2, failed: 3, leftOut: expect.arrayContaining(['b', 'c']) })
  expect(tally.unread.toSorted()).toEqual([
    expect.stringMatching(/breaks\.case\.ts: .*nowhere/),
    expect.stringMatching(/prepares\.case\.ts: /),
  ])
  const all = files.reduce((sum, { cases }) => sum + cases.length, 0)
  expect(tally.passed + tally.failed + tally.skipped).toBe(all + tally.unread.length)
})

test('names the files of which anything failed', () => {
  const named = failedFiles(files).map(({ name }) => /(\w+)\.case\.ts$/.exec(name)?.[1])
  expect(named.toSorted()).toEqual(['breaks', 'fails', 'prepares'])
})

test('has nothing to say where there is no report', () => {
  expect(readReport(join(folder, 'no-report.json'))).toBeUndefined()
})
