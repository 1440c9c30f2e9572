import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { goldenCases } from '../testing/golden.ts'
import { parsers } from './registry.ts'

const here = fileURLToPath(new URL('./', import.meta.url))
const folders = readdirSync(here, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name)

describe('the list of parsers', () => {
  it('names every folder once', () => {
    expect(parsers.map((parser) => parser.id).toSorted()).toEqual(folders.toSorted())
  })
})

describe.each(parsers)('$id', (parser) => {
  const cases = goldenCases(`${here}${parser.id}/golden`, parser)

  it('has golden records', () => {
    expect(cases.reduce((lines, { lines: more }) => lines + more, 0)).toBeGreaterThan(3)
  })

  it.each(cases)('reads $name ($lines records) as expected', async ({ made, expectedFile }) => {
    await expect(made).toMatchFileSnapshot(expectedFile)
  })
})
