import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import en from './en/playbooks.json' with { type: 'json' }
import ja from './ja/playbooks.json' with { type: 'json' }

const LANGUAGE = join(import.meta.dirname, '../../src/respond/playbooks/language')
/** `add('code'`, `refused('code'` and what a problem gives as its code. */
const GIVEN = /(?:\b(?:add|refused)\(\s*|\bcode: )'([a-z_]+)'|\bcode: .+ \? '([a-z_]+)' : '([a-z_]+)'/g

it('words every problem of a playbook in both languages', () => {
  const codes = new Set(
    ['check.ts', 'read.ts'].flatMap((file) =>
      [...readFileSync(join(LANGUAGE, file), 'utf8').matchAll(GIVEN)].flatMap(([, ...found]) =>
        found.filter((code) => code !== undefined),
      ),
    ),
  )
  expect([...codes].sort()).toEqual(Object.keys(en.problem).sort())
  expect(Object.keys(ja.problem).sort()).toEqual(Object.keys(en.problem).sort())
})
