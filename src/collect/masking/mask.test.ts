import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import type { JsonObject } from '../../kernel/json.ts'
import { loadMaskingRules } from './load.ts'
import { createMasker, type MaskTally } from './mask.ts'
import { type MaskingRule, maskingRule } from './schema.ts'

const CONTENT = fileURLToPath(new URL('../../../content/masking/', import.meta.url))
const KEY = Buffer.alloc(32, 7)

function mask(rule: Omit<MaskingRule, 'id' | 'title' | 'enabled'>, doc: JsonObject): [doc: JsonObject, count: number] {
  const tally: MaskTally = new Map()
  const own = structuredClone(doc) as JsonObject
  createMasker([maskingRule.parse({ id: 'r', title: 'r', ...rule })], KEY)!(own, tally)
  return [own, tally.get('r') ?? 0]
}

function own(id: string): Omit<MaskingRule, 'id' | 'title' | 'enabled'> {
  const {
    id: _id,
    title: _title,
    ja: _ja,
    enabled: _enabled,
    ...rule
  } = loadMaskingRules([CONTENT]).find((one) => one.id === id)!
  return rule
}

describe('masking', () => {
  const cases: readonly [name: string, rule: Parameters<typeof mask>[0], doc: JsonObject, masked: JsonObject, count: number][] = [
    [
      'a field',
      { fields: ['user.name'], replace: 'X' },
      { user: { name: 'alice', id: '7' } },
      { user: { name: 'X', id: '7' } },
      1,
    ],
    ['a dotted key', { fields: ['user.name'], replace: 'X' }, { 'user.name': 'alice' }, { 'user.name': 'X' }, 1],
    [
      'a list',
      { fields: ['related.user'], replace: 'X' },
      { related: { user: ['alice', 'bob'] } },
      { related: { user: ['X', 'X'] } },
      2,
    ],
    [
      'through a list',
      { fields: ['dns.answers.data'], replace: 'X' },
      { dns: { answers: [{ data: '10.0.0.1' }, { type: 'A' }] } },
      { dns: { answers: [{ data: 'X' }, { type: 'A' }] } },
      1,
    ],
    [
      'all below',
      { fields: ['http.request.*'], replace: 'X' },
      { http: { request: { body: { content: 'a' }, bytes: 5 } } },
      { http: { request: { body: { content: 'X' }, bytes: 'X' } } },
      2,
    ],
    [
      'and the same value elsewhere',
      { fields: ['user.name'], replace: 'X' },
      { user: { name: 'alice' }, message: 'hello alice', related: { user: ['alice'] }, seen: { alice: 1 } },
      { user: { name: 'X' }, message: 'hello X', related: { user: ['X'] }, seen: { X: 1 } },
      1,
    ],
    [
      'but not a short one',
      { fields: ['user.id'], replace: 'X' },
      { user: { id: '1' }, message: '1 of 100' },
      { user: { id: 'X' }, message: '1 of 100' },
      1,
    ],
    [
      'a pattern in every text, number and name',
      { fields: ['*'], pattern: '\\d{4}', replace: '#' },
      { message: 'pin 1234, 5678', pin: 9999, k1234: [{ a: '1' }, 'x 1111'] },
      { message: 'pin #, #', pin: '#', 'k#': [{ a: '1' }, 'x #'] },
      5,
    ],
    [
      'what the pipeline set stays',
      { fields: ['*'], pattern: '20\\d\\d', replace: '#' },
      { '@timestamp': '2026-01-01', event: { id: '2026', ingested: '2026', original: '2026' }, kanpeki: { from: '2026' } },
      { '@timestamp': '2026-01-01', event: { id: '2026', ingested: '2026', original: '#' }, kanpeki: { from: '2026' } },
      1,
    ],
    [
      'two names that become one',
      { fields: ['*'], pattern: '\\d', replace: '#' },
      { a1: 'x', a2: 'y' },
      { 'a#': 'x', 'a#_2': 'y' },
      2,
    ],
    [
      'a dollar is a dollar',
      { fields: ['user.name'], replace: '$&$1' },
      { user: { name: 'alice' }, message: 'alice' },
      { user: { name: '$&$1' }, message: '$&$1' },
      1,
    ],
    [
      'nothing there',
      { fields: ['user.name', 'a.*'], replace: 'X' },
      { user: null, a: 'text' } as unknown as JsonObject,
      { user: null, a: 'X' },
      1,
    ],
    ['an empty value', { fields: ['user.name'], replace: 'X' }, { user: { name: '' } }, { user: { name: '' } }, 0],
  ]
  it.each(cases)('%s', (_, rule, doc, masked, count) => {
    expect(mask(rule, doc)).toEqual([masked, count])
  })

  it('by a keyed hash: the same value the same, another key another', () => {
    const doc = { user: { name: 'alice' }, message: 'alice and bob' }
    const [one] = mask({ fields: ['user.name'], hash: true }, doc)
    expect(one).toEqual({
      user: { name: expect.stringMatching(/^masked:[0-9a-f]{16}$/) },
      message: expect.stringMatching(/^masked:[0-9a-f]{16} and bob$/),
    })
    expect(mask({ fields: ['user.name'], hash: true }, doc)[0]).toEqual(one)
    const other = structuredClone(doc) as JsonObject
    createMasker([maskingRule.parse({ id: 'r', title: 'r', fields: ['user.name'], hash: true })], Buffer.alloc(32, 8))!(
      other,
      new Map(),
    )
    expect(other).not.toEqual(one)
  })

  it('leaves no trace of a masked value, wherever it stands', () => {
    let runs = 0
    const text = fc.oneof(
      fc.string({ maxLength: 12 }),
      fc.constantFrom('s3cret-value', 'before s3cret-value after', 's3cret-values3cret-value'),
    )
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { depthSize: 'small' },
        text,
        fc.integer(),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie('tree'), { maxLength: 3 }),
        fc.dictionary(text, tie('tree'), { maxKeys: 4 }),
      ),
    }))
    fc.assert(
      fc.property(fc.dictionary(text, tree, { maxKeys: 5 }), (drawn) => {
        runs++
        const doc = JSON.parse(JSON.stringify({ ...drawn, user: { name: 's3cret-value' } })) as JsonObject
        expect(JSON.stringify(mask({ fields: ['user.name'], replace: '-' }, doc)[0])).not.toContain('s3cret')
        expect(JSON.stringify(mask({ fields: ['*'], pattern: 's3cret-value', replace: '-' }, doc)[0])).not.toContain('s3cret')
        expect(Object.getPrototypeOf(doc)).toBe(Object.prototype)
      }),
      { numRuns: 200 },
    )
    expect(runs).toBe(200)
  })

  it('our own rules mask what they name and not its neighbours', () => {
    const [cards, count] = mask(own('payment-cards'), {
      message: 'paid with 4111 1111 1111 1111 and 4111-1111-1111-1112',
      order: 4_111_111_111_111_111,
      pid: 4112,
    })
    expect([cards, count]).toEqual([{ message: 'paid with [card] and 4111-1111-1111-1112', order: '[card]', pid: 4112 }, 2])
    const [mail] = mask(own('mail-addresses'), { message: 'to alice@example.com, from root@localhost' })
    expect(mail['message']).toMatch(/^to masked:[0-9a-f]{16}, from root@localhost$/)
    const [secrets] = mask(own('secrets-in-text'), {
      a: 'GET /?token=abcdef&x=1',
      b: 'mysql --password=hunter22 -h db',
      c: 'Authorization: Bearer eyJhbGciOi.abc.def',
      d: '{"password":"hunter22","user":"sato"}',
      e: 'the token was refused',
    })
    expect(secrets).toEqual({
      a: 'GET /?[secret]&x=1',
      b: 'mysql --[secret] -h db',
      c: 'Authorization: [secret]',
      d: '{"[secret]","user":"sato"}',
      e: 'the token was refused',
    })
  })

  it('asks nothing where no rule is in force', () => {
    expect(createMasker(loadMaskingRules([CONTENT]), KEY)).toBeUndefined()
  })
})

describe('masking rules', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kanpeki-masking-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  let made = 0
  const load = (...files: readonly string[]): readonly MaskingRule[] => {
    const mine = join(folder, String(made++))
    mkdirSync(mine)
    for (const [at, text] of files.entries()) writeFileSync(join(mine, `${at}.yml`), text)
    return loadMaskingRules([CONTENT, mine, join(folder, 'none')])
  }

  it('of the user come after ours, may replace them, and may switch them', () => {
    expect(load().map(({ id, enabled }) => [id, enabled])).toEqual([
      ['mail-addresses', false],
      ['payment-cards', false],
      ['secrets-in-text', false],
    ])
    const rules = load(
      '{id: payment-cards, enabled: true}',
      'id: mail-addresses\ntitle: mine\nfields: [user.email]\nreplace: "-"\n',
    )
    expect(rules.map(({ id, enabled, fields }) => [id, enabled, fields])).toEqual([
      ['mail-addresses', true, ['user.email']],
      ['payment-cards', true, ['*']],
      ['secrets-in-text', false, ['*']],
    ])
  })

  it.each([
    ['id: a\ntitle: a\nfields: [user.name]\n', /give either replace or hash/],
    ['id: a\ntitle: a\nfields: ["*"]\nreplace: x\n', /needs a pattern/],
    ['id: a\ntitle: a\nfields: [a b]\nreplace: x\n', /dotted name/],
    ['id: a\ntitle: a\nfields: [a]\npattern: "(?=x)"\nreplace: x\n', /pattern/],
    ['id: a\ntitle: a\nfields: [a]\npattern: "("\nreplace: x\n', /pattern/],
    ['id: a\ntitle: [\n', /cannot be read/],
    ['id: nobody\nenabled: true\n', /no rule nobody/],
    ['id: a\ntitle: a\nfields: [a]\nreplace: x\nunknown: 1\n', /nrecognized/],
    ['id: a\ntitle: a\nfields: [event.id]\nreplace: x\n', /cannot be masked/],
    ['just text', /cannot be read/],
  ])('that nobody understands stop the start: %j', (text, reason) => {
    expect(() => load(text)).toThrow(expect.objectContaining({ code: 'masking_rule', message: expect.stringMatching(reason) }))
  })
})
