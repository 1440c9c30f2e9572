import { IntlMessageFormat } from 'intl-messageformat'
import { expect, it } from 'vitest'
import { en } from './en.ts'
import { ja } from './ja.ts'

type Tree = { readonly [key: string]: string | Tree }

function leaves(tree: Tree, path = ''): Map<string, string> {
  const found = new Map<string, string>()
  for (const [key, value] of Object.entries(tree)) {
    const here = path === '' ? key : `${path}.${key}`
    if (typeof value === 'string') found.set(here, value)
    else for (const [inner, text] of leaves(value, here)) found.set(inner, text)
  }
  return found
}

type Part = { readonly type: number; readonly value?: unknown; readonly options?: Readonly<Record<string, { value: Part[] }>> }
const LITERAL = 0
const POUND = 7

/** Names of the values that a message takes, at any depth. */
function takes(parts: readonly Part[], found = new Set<string>()): Set<string> {
  for (const part of parts) {
    if (part.type !== LITERAL && part.type !== POUND && typeof part.value === 'string') found.add(part.value)
    for (const option of Object.values(part.options ?? {})) takes(option.value, found)
  }
  return found
}

const parse = (text: string, lang: string): Set<string> =>
  takes(new IntlMessageFormat(text, lang, undefined, { ignoreTag: true }).getAst() as Part[])

const english = leaves(en)
const japanese = leaves(ja)

it(`has the same ${english.size} keys in both languages`, () => {
  expect(english.size).toBeGreaterThan(300)
  expect([...japanese.keys()].sort()).toEqual([...english.keys()].sort())
})

it('is valid ICU, and Japanese asks for no value that English does not give', () => {
  let checked = 0
  for (const [key, text] of english) {
    const given = parse(text, 'en')
    for (const name of parse(japanese.get(key) ?? '', 'ja'))
      expect(given, `${key} takes {${name}} in Japanese only`).toContain(name)
    checked += 1
  }
  expect(checked).toBe(english.size)
})

it('is written in its own language', () => {
  const kana = /[぀-ヿ一-鿿]/
  // A few words are the same in both: names, units, the motto.
  const shared = new Set(['access.motto', 'timeline.tab.json', 'common.tactic.command-and-control', 'common.coverage.of'])
  const untranslated = [...japanese].filter(
    ([key, text]) => text === english.get(key) && /[a-z]{3}/.test(text.replace(/\{[^{}]*\}/g, '')) && !shared.has(key),
  )
  expect(untranslated).toEqual([])
  expect([...english].filter(([key, text]) => kana.test(text) && !shared.has(key))).toEqual([])
})
