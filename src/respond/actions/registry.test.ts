import { readdirSync } from 'node:fs'
import { expect, it } from 'vitest'
import type { ActionDeps } from '../actions-support/deps.ts'
import { actions } from './registry.ts'

it('lists every action by the name of its folder', () => {
  const folders = readdirSync(new URL('./', import.meta.url), { withFileTypes: true }).filter((entry) => entry.isDirectory())
  const all = actions({} as ActionDeps)
  expect([...all.keys()].sort()).toEqual(folders.map(({ name }) => name).sort())
  expect(folders.length).toBeGreaterThan(5)
  for (const [id, { title, repeats, find, undo }] of all) {
    expect(title.en, id).not.toBe(title.ja)
    expect(repeats === 'key' ? typeof find : 'function', id).toBe('function')
    expect(typeof undo === 'function' || undo === undefined).toBe(true)
  }
})
