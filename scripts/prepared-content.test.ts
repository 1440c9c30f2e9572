import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, expect, it } from 'vitest'
import { type PreparedKind, preparedIn } from '../src/platform/prepared.ts'
import { PREPARED, preparedContent, textsBelow } from './prepared-content.ts'

const folder = mkdtempSync(join(tmpdir(), 'kanpeki-prepared-'))
afterAll(() => rmSync(folder, { recursive: true }))
for (const [kind, texts] of Object.entries(preparedContent())) writeFileSync(join(folder, `${kind}.json`), JSON.stringify(texts))

it('says of every text that ships, once, what its reader says, and nothing of any other', () => {
  const prepared = preparedIn(pathToFileURL(`${folder}/`))
  let count = 0
  for (const kind of Object.keys(PREPARED) as PreparedKind[]) {
    const { folders, read } = PREPARED[kind]
    for (const text of folders.flatMap(textsBelow)) {
      expect(prepared(kind, `${text}#`)).toBeUndefined()
      expect(prepared(kind, text)).toStrictEqual(read(text))
      expect(prepared(kind, text)).toBeUndefined()
      count += 1
    }
  }
  console.log(`${count} texts`)
  expect(count).toBeGreaterThan(700)
  expect(preparedIn(undefined)('scenarios', 'id: x')).toBeUndefined()
})
