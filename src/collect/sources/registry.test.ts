import { readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { SOURCE_KINDS } from '../schema.ts'
import { SOURCES } from './registry.ts'

test('the registry, the folders and the schema name the same sources', () => {
  const folders = readdirSync(new URL('.', import.meta.url), { withFileTypes: true }).filter((entry) => entry.isDirectory())
  expect(SOURCES.map((source) => source.id).sort()).toEqual(folders.map((folder) => folder.name).sort())
  expect([...SOURCE_KINDS].sort()).toEqual(SOURCES.map((source) => source.id).sort())
})

test('settings that are not valid are refused by field', () => {
  const file = SOURCES.find((source) => source.id === 'file')
  expect(() => file?.open?.({ paths: [] }, {} as never)).toThrow(
    expect.objectContaining({ code: 'bad_config', place: { field: 'paths' } }),
  )
})
