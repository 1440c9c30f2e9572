import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { sharedData } from '../../kernel/testing/shared-data.ts'
import { ecsFaults, readEcsFields, unsound } from '../testing/ecs-fields.ts'
import { goldenCases } from '../testing/golden.ts'
import { parsers } from './registry.ts'

const here = fileURLToPath(new URL('./', import.meta.url))
const fieldsFile = sharedData('ecs/fields.csv')
const fields = fieldsFile === undefined ? undefined : readEcsFields(fieldsFile)
/** Documents of their senders' own making: what is not ECS in them stays. */
const KEEPS_FOREIGN_FIELDS = new Set(['json-ecs/documents.jsonl', 'windows-event/winlogbeat.jsonl'])

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

  it.each(cases)('accepts all that it can read of $name', ({ missed }) => {
    expect(missed).toEqual([])
  })

  it.each(cases)('makes sound documents of $name', ({ documents }) => {
    expect(documents.flatMap((ecs) => unsound(ecs))).toEqual([])
  })

  it.skipIf(fields === undefined).each(cases.filter(({ name }) => !KEEPS_FOREIGN_FIELDS.has(`${parser.id}/${name}`)))(
    'makes ECS of $name, by the names and types of ../shared/data/ecs',
    ({ documents }) => {
      expect([...new Set(documents.flatMap((ecs) => ecsFaults(ecs, fields!)))]).toEqual([])
      expect(documents.length).toBeGreaterThan(0)
    },
  )
})
