import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { BENCHMARKS } from './run.ts'

const HELPERS = ['cpu-time', 'folder-size', 'ingest-rate', 'receiver', 'resident', 'result', 'run', 'sending', 'small-events']

it('knows every benchmark in the folder', () => {
  const files = readdirSync(fileURLToPath(new URL('.', import.meta.url)))
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .map((name) => name.slice(0, -'.ts'.length))
  expect(Object.keys(BENCHMARKS).sort()).toEqual(files.filter((name) => !HELPERS.includes(name)).sort())
})
