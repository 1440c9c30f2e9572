import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { writeFileAtomically } from './atomic-file.ts'

const folder = mkdtempSync(join(tmpdir(), 'kanpeki-file-'))
afterAll(() => rmSync(folder, { recursive: true }))

test('replaces a file, for its owner alone, and leaves nothing else behind', async () => {
  const path = join(folder, 'file')
  await writeFileAtomically(path, 'one')
  await Promise.all(['two', 'two'].map((text) => writeFileAtomically(path, text)))
  expect(readFileSync(path, 'utf8')).toBe('two')
  expect(statSync(path).mode & 0o777).toBe(0o600)
  expect(readdirSync(folder)).toEqual(['file'])
})

test('leaves nothing behind when it fails', async () => {
  await expect(writeFileAtomically(folder, 'x')).rejects.toThrow()
  expect(readdirSync(folder)).toEqual(['file'])
})
