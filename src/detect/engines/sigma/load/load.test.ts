import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../../../../kernel/json.ts'
import { compileSigma } from '../match/program.ts'
import type { LoadedRules } from '../rule.ts'
import { loadRuleTexts } from './load.ts'
import { listRuleFiles, loadRuleFiles } from './read-files.ts'

const load = (...texts: readonly string[]): LoadedRules =>
  loadRuleTexts(texts.map((text, at) => ({ file: `${'abc'[at]!}.yml`, text })))

const idsOf = (loaded: LoadedRules) => loaded.rules.map((rule) => rule.info.id)
const refusalsOf = (loaded: LoadedRules) => loaded.refused.map(({ file, line, code }) => `${file}:${line} ${code}`)

const assume = { product: 'test' }
const matching = (loaded: LoadedRules, doc: JsonObject) =>
  compileSigma(loaded.rules, { assume })
    .match(doc)
    .map((match) => match.info.id)

function rule(id: string, detection = 'sel: {f: a}\n  condition: sel', more = ''): string {
  return `title: Rule ${id}\nid: ${id}\nlogsource:\n  product: test\n${more}detection:\n  ${detection}\n`
}

describe('collections', () => {
  const globalThen = (...parts: readonly string[]) =>
    [
      'action: global',
      'title: Shared',
      'logsource: {product: test}',
      'level: high',
      'detection:',
      '  condition: sel',
      ...parts,
    ].join('\n')

  test('action: global is merged, map by map, into every rule after it', () => {
    const loaded = load(
      globalThen('---', 'id: one', 'detection: {sel: {f: a}}', '---', 'id: two', 'level: low', 'detection: {sel: {f: b}}', ''),
    )
    expect(loaded.refused).toEqual([])
    expect(loaded.rules.map(({ info, line }) => [info.id, info.title, info.level, line])).toEqual([
      ['one', 'Shared', 'high', 8],
      ['two', 'Shared', 'low', 11],
    ])
    expect(matching(loaded, { f: 'a' })).toEqual(['one'])
    expect(matching(loaded, { f: 'b' })).toEqual(['two'])
  })

  test('action: reset forgets what was global', () => {
    const loaded = load(globalThen('---', 'action: reset', '---', 'id: one', 'detection: {sel: {f: a}}', ''))
    expect(refusalsOf(loaded)).toEqual(['a.yml:10 title-missing'])
  })

  test('action: repeat continues the rule before it', () => {
    const loaded = load(`${rule('one')}---\naction: repeat\nid: two\ndetection:\n  sel: {f: b}\n`)
    expect(idsOf(loaded)).toEqual(['one', 'two'])
    expect(matching(loaded, { f: 'b' })).toEqual(['two'])
  })

  test('what is global in one file is not in the next', () => {
    expect(refusalsOf(load(globalThen('---', 'id: one', 'detection: {sel: {f: a}}', ''), 'id: two\n'))).toEqual([
      'b.yml:1 title-missing',
    ])
  })

  test('correlations are handed on, with the line of each of their parts', () => {
    const loaded = load(
      `${rule('one')}---\ntitle: Many\nid: many\ncorrelation:\n  type: event_count\n  rules: [one]\n  timespan: 5m\n  condition: {gte: 3}\n`,
    )
    expect(loaded.refused).toEqual([])
    const [many] = loaded.correlations
    expect([many?.file, many?.line, many?.doc['id']]).toEqual(['a.yml', 9, 'many'])
    expect([many?.lineOf(['correlation', 'timespan']), many?.lineOf(['correlation', 'absent']), many?.lineOf([])]).toEqual([
      14, 11, 9,
    ])
  })
})

describe('refusals name file, line and code, and disturb nothing else', () => {
  const cases: readonly (readonly [
    what: string,
    texts: readonly string[],
    refused: readonly string[],
    loaded: readonly string[],
  ])[] = [
    ['broken YAML', [`title: x\nid: [1, 2\nlevel: low\n`], ['a.yml:3 yaml'], []],
    ['broken YAML between good rules', [`${rule('one')}---\nid: 'x\n---\n${rule('two')}`], ['a.yml:10 yaml'], ['one', 'two']],
    ['a tab that indents', ['title: x\ndetection:\n\tsel: 1\n'], ['a.yml:3 yaml'], []],
    ['a key written twice', ['title: x\ntitle: y\n'], ['a.yml:2 yaml'], []],
    ['an id that is taken', [rule('one'), `# again\n${rule('one')}`], ['b.yml:3 id-repeated'], ['one']],
    ['an id that is taken in the same file', [`${rule('one')}---\n${rule('one')}`], ['a.yml:10 id-repeated'], ['one']],
    ['no title', ['id: one\nlogsource: {product: test}\ndetection: {s: {f: a}, condition: s}\n'], ['a.yml:1 title-missing'], []],
    ['no logsource', ['title: x\nid: one\ndetection: {s: {f: a}, condition: s}\n'], ['a.yml:1 logsource-missing'], []],
    ['a log source that is no text', [rule('one').replace('product: test', 'product: [test]')], ['a.yml:4 logsource-type'], []],
    ['no detection', ['title: x\nid: one\nlogsource: {product: test}\n'], ['a.yml:1 detection-missing'], []],
    ['no condition', [rule('one', 'sel: {f: a}')], ['a.yml:5 condition-missing'], []],
    ['an unknown level', [rule('one', undefined, 'level: dire\n')], ['a.yml:5 level-unknown'], []],
    ['an unknown modifier', [rule('one', 'sel:\n    g: x\n    f|near: a\n  condition: sel')], ['a.yml:8 modifier-unknown'], []],
    [
      'an unresolved placeholder',
      [rule('one', "sel:\n    f|expand: '%admins%'\n  condition: sel")],
      ['a.yml:7 placeholder-unresolved'],
      [],
    ],
    ['an impossible regular expression', [rule('one', "sel:\n    f|re: '('\n  condition: sel")], ['a.yml:7 regex-syntax'], []],
    ['a back-reference', [rule('one', "sel:\n    f|re: '(a)\\1'\n  condition: sel")], ['a.yml:7 regex-unsupported'], []],
    [
      'a selection that is not there',
      [rule('one', 'sel: {f: a}\n  condition: sel and other')],
      ['a.yml:7 condition-selection'],
      [],
    ],
    ['an old aggregation', [rule('one', 'sel: {f: a}\n  condition: sel | count() > 3')], ['a.yml:7 condition-aggregation'], []],
    ['a test without a name', [rule('one', undefined, 'tests:\n  - match: true\n')], ['a.yml:6 tests-type'], []],
    ['a document that is no map', [`${rule('one')}---\n- a list\n`], ['a.yml:9 document-type'], ['one']],
    [
      'a number without an end',
      [rule('one'), rule('two', 'sel: {f: .inf}\n  condition: sel')],
      ['b.yml:1 number-infinite'],
      ['one'],
    ],
    ['nothing at all', ['', '---\n---\n', '# only a comment\n'], [], []],
    [
      'a filter that lists no known rule',
      [`title: F\nlogsource: {product: test}\nfilter: {rules: [gone], s: {f: a}, condition: s}\n`],
      ['a.yml:1 filter-unused'],
      [],
    ],
    [
      'a filter with a wrong list',
      [`title: F\nlogsource: {product: test}\nfilter:\n  rules: 5\n  s: {f: a}\n  condition: s\n`],
      ['a.yml:4 filter-rules'],
      [],
    ],
  ]
  test.each(cases)('%s', (_what, texts, refused, loaded) => {
    const result = load(...texts)
    expect(refusalsOf(result)).toEqual(refused)
    expect(idsOf(result)).toEqual(loaded)
    for (const { reason } of result.refused) expect(reason).not.toBe('')
  })
})

describe('placeholders', () => {
  test('take the values that the caller gives', () => {
    const text = rule('one', "sel:\n    f|expand: 'x%admins%'\n  condition: sel")
    const loaded = loadRuleTexts([{ file: 'a.yml', text }], { placeholders: { admins: ['ann', 'b*'] } })
    expect(['xann', 'xbob', 'xeve', 'x%admins%'].map((f) => matching(loaded, { f }).length)).toEqual([1, 1, 0, 0])
  })
})

describe('filters', () => {
  const filter = (rules: string, condition = 'selection', source = 'product: test') =>
    `title: Not ann\nlogsource: {${source}}\nfilter:\n  rules: ${rules}\n  selection: {user: ann}\n  condition: ${condition}\n`
  const cases: readonly (readonly [what: string, filter: string, ann: readonly string[], bob: readonly string[]])[] = [
    ['no filter', rule('other', 'sel: {f: z}\n  condition: sel'), ['one', 'two'], ['one', 'two']],
    ['by id', filter('[one]'), ['two'], ['one', 'two']],
    ['by name', filter('[second]'), ['one'], ['one', 'two']],
    ['by id alone, without a list', filter('one'), ['two'], ['one', 'two']],
    ['any', filter('any'), [], ['one', 'two']],
    ['an empty list means every rule', filter('[]'), [], ['one', 'two']],
    ['written as what is kept', filter('[one]', 'not selection'), ['two'], ['one', 'two']],
    ['of another log source', filter('any', 'selection', 'product: windows'), ['one', 'two'], ['one', 'two']],
  ]
  test.each(cases)('%s', (_what, text, ann, bob) => {
    // The filter stands first: order does not matter.
    const loaded = load(text, rule('one'), rule('two', undefined, 'name: second\n'))
    expect(loaded.refused).toEqual([])
    expect(matching(loaded, { f: 'a', user: 'ann' })).toEqual(ann)
    expect(matching(loaded, { f: 'a', user: 'bob' })).toEqual(bob)
  })
})

describe('rule files', () => {
  test('are found at any depth, in a fixed order, each once', () => {
    const folder = mkdtempSync(join(tmpdir(), 'rules-'))
    try {
      mkdirSync(join(folder, 'b', 'deep'), { recursive: true })
      mkdirSync(join(folder, '.git'))
      for (const [path, text] of [
        ['b/deep/two.yaml', rule('two')],
        ['a.yml', rule('one')],
        ['b/notes.md', 'no rule'],
        ['.git/hidden.yml', rule('hidden')],
      ] as const)
        writeFileSync(join(folder, path), text)
      symlinkSync(join(folder, 'a.yml'), join(folder, 'b', 'link.yml'))
      expect(listRuleFiles([join(folder, 'a.yml'), folder]).map((file) => file.slice(folder.length))).toEqual([
        '/a.yml',
        '/b/deep/two.yaml',
      ])
      expect(idsOf(loadRuleFiles([join(folder, 'a.yml'), join(folder, 'b', 'deep')]))).toEqual(['one', 'two'])
      expect(() => listRuleFiles([join(folder, 'gone.yml')])).toThrowError(expect.objectContaining({ code: 'rules-unreadable' }))
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
