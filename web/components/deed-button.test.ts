import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const WEB = join(import.meta.dirname, '..')
const WAITING = /\bdisabled=\{[^}]*\b(?:isPending|isFetching|isFetchingNextPage|pending|busy|sending|loading)\b/

it('leaves the focus where it is while something is sent: no control is disabled for that', () => {
  const files = globSync('**/*.tsx', { cwd: WEB })
  expect(files.length).toBeGreaterThan(200)
  const found = files.filter((file) => !file.endsWith('deed-button.tsx') && WAITING.test(readFileSync(join(WEB, file), 'utf8')))
  expect(found).toEqual([])
})
