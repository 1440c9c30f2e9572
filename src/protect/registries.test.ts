import { globSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { operators } from './operators/registry.ts'
import { transforms } from './transforms/registry.ts'

async function exportsOf(folder: string): Promise<unknown[]> {
  const files = globSync(fileURLToPath(new URL(`./${folder}/**/*.ts`, import.meta.url))).filter(
    (file) => !file.endsWith('.test.ts') && !file.endsWith('registry.ts'),
  )
  const modules = await Promise.all(files.map((file) => import(file) as Promise<Record<string, unknown>>))
  return modules.flatMap((each) => Object.values(each))
}

test('the registry of operators lists every operator of its folder', async () => {
  const found = (await exportsOf('operators')).filter(
    (each) => typeof each === 'object' && each !== null && 'id' in each && 'compile' in each,
  )
  const listed = new Set<unknown>(Object.values(operators))
  expect(found.filter((each) => !listed.has(each))).toEqual([])
  expect(found.length).toBeGreaterThan(25)
  expect(Object.keys(operators).filter((name) => name !== name.toLowerCase())).toEqual([])
})

test('the registry of transformations lists every transformation of its folder', async () => {
  const helpers = new Set(['begun', 'eachByte', 'hexPair', 'isSpace', 'room', 'taken', 'wide'])
  const found = (await exportsOf('transforms')).filter(
    (each): each is (value: string) => string => typeof each === 'function' && !helpers.has(each.name),
  )
  const listed = new Set<unknown>(Object.values(transforms))
  expect(found.filter((each) => !listed.has(each)).map((each) => each.name)).toEqual([])
  expect(found.length).toBeGreaterThan(30)
  expect(Object.keys(transforms).filter((name) => name !== name.toLowerCase())).toEqual([])
})
