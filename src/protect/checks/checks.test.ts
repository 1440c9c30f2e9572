import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { bodyFaults, headFaults, operationOf } from './api-check.ts'
import { masked } from './body-events.ts'
import { graphqlCost } from './graphql.ts'
import { graphqlFaults } from './graphql-check.ts'
import { isMyNumber, LEAKS, leaksIn, withoutNumbers } from './leaks.ts'
import { loadOpenApi } from './openapi.ts'
import { GraphqlSettings } from './settings.ts'
import { uploadsOf } from './uploads.ts'

const folder = mkdtempSync(join(tmpdir(), 'waf-checks-'))
afterAll(() => rmSync(folder, { recursive: true }))

const bytes = (text: string) => Buffer.from(text).toString('latin1')
/** Eleven digits with their check digit. */
function myNumber(eleven: string): string {
  return [...Array(10).keys()].map((digit) => `${eleven}${digit}`).find(isMyNumber)!
}

describe('what answers give away', () => {
  const numbers = Array.from({ length: 12 }, (_, at) => myNumber(String(23_456_789_012 + at * 77_777)))
  it.each([
    ['a card', '{"pan":"4111 1111 1111 1111"}', ['cards 1 411111******1111']],
    ['cards, one twice', '5500-0055-5555-5559,378282246310005 378282246310005', ['cards 2 550000******5559']],
    ['a number with a wrong check digit', '4111111111111112', []],
    ['a number no issuer has', '1234567812345670', []],
    ['zeros', '0000000000000000', []],
    ['part of a longer number', '94111111111111111123', []],
    ['an individual number that is called so', `マイナンバー：${numbers[0]}`, ['myNumbers 1 ************']],
    ['one by its English name', `{"my_number":"${numbers[0]!.replace(/(....)(?=.)/g, '$1-')}"}`, ['myNumbers 1 ************']],
    ['twelve digits that nothing says are one', `order ${numbers[0]}`, []],
    ['many of them', numbers.join('\n'), ['myNumbers 12 ************']],
    ['e-mail addresses', 'a@example.com, A@example.com; b.c@mail.example.co.jp', ['emails 2 a***@example.com']],
    [
      'an error of MySQL',
      'Warning: You have an error in your SQL syntax; check',
      ['sqlErrors 1 You have an error in your SQL syntax'],
    ],
    ['an error of Oracle', '<pre>ORA-00933: SQL command not properly ended', ['sqlErrors 1 ORA-00933: ']],
    ['an error of SQLite', 'near "FROMM": syntax error', ['sqlErrors 1 near "FROMM": syntax error']],
    ['a tutorial', 'SELECT * FROM a WHERE b = 1; a syntax error is reported by the parser', []],
  ])('%s', (_what, text, found) => {
    expect(leaksIn(bytes(text), LEAKS).map(({ kind, count, shown }) => `${kind} ${count} ${shown}`)).toEqual(found)
  })

  it('knows the check digit whatever the number, and no other', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 99_999_999_999 }), (number) => {
        const eleven = String(number).padStart(11, '0')
        expect([...Array(10).keys()].filter((digit) => isMyNumber(`${eleven}${digit}`))).toHaveLength(1)
      }),
    )
  })

  it('takes numbers out of a text however they are spaced', () => {
    expect(withoutNumbers('a 4111-1111-1111-1111 b 4111111111111111')).toBe('a **************** b ****************')
  })

  it('takes time that grows with the text only', () => {
    for (const unit of ['1234 ', '4111-', 'a@b.', '"', 'near "']) leaksIn(unit.repeat(100_000), LEAKS)
  })
})

describe('bodies for people', () => {
  const isSecret = (name: string) => /password/i.test(name)
  it.each([
    [
      'application/json',
      '{"user":"sato","password":"x\\"y","n":{"Password2":123}}',
      '{"user":"sato","password":"********","n":{"Password2":"********"}}',
    ],
    ['application/json', '{"password":"cut o', '{"password":"********"'],
    ['application/x-www-form-urlencoded', 'user=sato&pass%77ord=secret&x', 'user=sato&pass%77ord=********&x'],
    ['application/xml', '<a><password x="1">secret</password><b>c</b></a>', '<a><password x="1">********</password><b>c</b></a>'],
    [
      'multipart/form-data; boundary=B',
      '--B\r\nContent-Disposition: form-data; name="password"\r\n\r\nsecret\r\n--B\r\nContent-Disposition: form-data; name="f"; filename="a.php"\r\n\r\n<?php\r\n--B--\r\n',
      'password: ********\nf; filename=a.php\n<?php',
    ],
    ['text/plain', 'card 4111 1111 1111 1111', 'card ****************'],
  ])('%s', (type, body, shown) => expect(masked(bytes(body), type, isSecret)).toBe(shown))
})

describe('the cost of GraphQL', () => {
  const bounds = GraphqlSettings.parse({})
  it.each([
    ['{ a }', { operations: 1, depth: 1, fields: 1, aliases: 0 }],
    ['query Q($a: [Int!]! = [1, 2]) @x(y: {z: 1}) { a(b: {c: "}"}) { d e: f } }', { depth: 2, fields: 3, aliases: 1 }],
    ['{ a { ...F } } fragment F on T { b { c } }', { depth: 3, fields: 3 }],
    ['{ ... on T { a } ... @include(if: true) { b } }', { fields: 2, depth: 2 }],
    ['{ a(text: """ " \\""" } """) # comment }\n b }', { fields: 2, depth: 1 }],
    [`{ ${'a { '.repeat(30)}b${' }'.repeat(30)} }`, { depth: 31 }],
    ['{ __schema { types { name } } }', { isIntrospection: true }],
    ['query A { a } mutation B { b }', { operations: 2, fields: 2 }],
  ])('%s', (text, cost) => expect(graphqlCost(text)).toMatchObject(cost))

  it.each([
    ['{ a', /too early/],
    ['{ ...F } fragment F on T { ...G } fragment G on T { ...F }', /spreads itself/],
    ['{ ...F }', /no fragment F/],
    ['a }', /begins neither/],
    ['{ a % }', /not GraphQL/],
    ['', /no operation/],
    [`{ ${'a { '.repeat(300)}`, /deeper|early/],
    [`{ ${'a '.repeat(30_000)}}`, /more than/],
  ])('refuses %s', (text, says) => expect(graphqlCost(text)).toMatch(says))

  it('bombs of fragments cost what they are, not what they make', () => {
    const bomb = Array.from({ length: 60 }, (_, at) => `fragment F${at} on T { ...F${at + 1} ...F${at + 1} }`).join(' ')
    expect(graphqlCost(`{ ...F0 } ${bomb} fragment F60 on T { a }`)).toMatchObject({ fields: 1_000_000 })
  })

  it('never throws, whatever the text', () => {
    const word = fc.constantFrom(
      '{',
      '}',
      '(',
      ')',
      '...',
      'on',
      'a',
      ':',
      '@',
      '"x"',
      '"',
      'fragment',
      'query',
      '$',
      '\\',
      '#\n',
    )
    fc.assert(fc.property(fc.array(word, { maxLength: 60 }), (words) => void graphqlCost(words.join(' '))))
  })

  const post = { method: 'POST', target: '/graphql', type: 'application/json' }
  const json = (value: unknown) => Buffer.from(JSON.stringify(value))
  it.each([
    ['one query', post, json({ query: '{ a }', variables: {} }), []],
    ['a batch', post, json(Array.from({ length: 6 }, () => ({ query: '{ a }' }))), [/6 operations/]],
    ['aliases', post, json({ query: `{ ${Array.from({ length: 16 }, (_, at) => `a${at}: b`).join(' ')} }` }), [/aliases 16/]],
    ['the schema', post, json({ query: '{ __schema { a } }' }), [/schema/]],
    ['a stored query', post, json({ extensions: {} }), []],
    ['what is no JSON', post, Buffer.from('query'), [/no GraphQL/]],
    [
      'the document itself',
      { ...post, type: 'application/graphql' },
      Buffer.from(`{${'a{'.repeat(12)}b${'}'.repeat(13)}`),
      [/depth 13/],
    ],
    ['a form', { ...post, type: 'application/x-www-form-urlencoded' }, Buffer.from('query=%7B__schema%7Ba%7D%7D'), [/schema/]],
    [
      'a form of more than is looked at',
      { ...post, type: 'application/x-www-form-urlencoded' },
      Buffer.from(`${'a&'.repeat(1000)}query=%7B__schema%7Ba%7D%7D`),
      [/more than 1000/],
    ],
    [
      'more than is looked at in GET',
      { ...post, method: 'GET', target: `/graphql?${'a&'.repeat(1000)}query=%7Ba%7D` },
      Buffer.alloc(0),
      [/more than 1000/],
    ],
    [
      'a form that two servers take apart in two ways',
      { ...post, type: 'multipart/form-data; boundary=B' },
      Buffer.from(
        '--B\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\n--B\r\nContent-Disposition: form-data; name="b"\r\n\r\n\r\n--B--\r\n',
      ),
      [/more than one way/],
    ],
    [
      'GET',
      { ...post, method: 'GET', target: '/graphql?query=%7B%20__type(name:%22a%22)%20%7Ba%7D%20%7D' },
      Buffer.alloc(0),
      [/schema/],
    ],
  ])('%s', (_what, asked, body, says) => {
    const faults = graphqlFaults(bounds, asked, body, false)
    expect(faults).toEqual(says.map((each) => expect.stringMatching(each)))
  })
})

describe('what an API describes', () => {
  const petShop = (version: string) => `
openapi: ${version}
servers: [{ url: https://shop.example/api }]
paths:
  /pets:
    get:
      parameters:
        - { name: limit, in: query, schema: { type: integer, maximum: 100 } }
        - { name: tag, in: query, schema: { type: array, items: { type: string, pattern: '^[a-z]+$' } } }
        - { name: X-Trace, in: header, required: true, schema: { type: string, format: uuid } }
    post:
      requestBody: { $ref: '#/components/requestBodies/Pet' }
  /pets/mine: { get: {} }
  /pets/{id}:
    parameters: [{ name: id, in: path, required: true, schema: { type: integer } }]
    get: {}
    put:
      requestBody:
        content:
          application/x-www-form-urlencoded: { schema: { type: object, required: [age], properties: { age: { type: integer } } } }
          image/*: {}
components:
  requestBodies:
    Pet: { required: true, content: { application/json: { schema: { $ref: '#/components/schemas/Pet' } } } }
  schemas:
    Pet:
      type: object
      required: [name]
      additionalProperties: false
      properties:
        name: { type: string, maxLength: 20 }
        tag: ${version.startsWith('3.0') ? '{ type: string, nullable: true }' : '{ type: [string, "null"] }'}
        weight: ${version.startsWith('3.0') ? '{ type: number, minimum: 0, exclusiveMinimum: true }' : '{ type: number, exclusiveMinimum: 0 }'}
        parent: { $ref: '#/components/schemas/Pet' }
`
  const trace = ['X-Trace', '00000000-0000-4000-8000-000000000000'] as const
  const cases: readonly [string, string, string, RegExp | undefined][] = [
    ['GET', '/api/pets', '', undefined],
    ['GET', '/api/pets?limit=5&tag=a&tag=b', '', undefined],
    ['HEAD', '/api/pets?limit=5', '', undefined],
    ['GET', '/api/pets?limit=500', '', /query: .*<= 100/],
    ['GET', '/api/pets?limit=5%27', '', /query: .*integer/],
    ['GET', '/api/pets?tag=%3Cscript%3E', '', /pattern/],
    ['GET', '/api/pets?debug=1', '', /no parameter debug/],
    ['GET', '/api/pets/7', '', undefined],
    ['GET', '/api/pets/mine', '', undefined],
    ['GET', '/api/pets/7%20or%201', '', /path: .*integer/],
    ['GET', '/api/pets/../admin', '', /written in a way/],
    ['GET', '/api/pets/7%2f..', '', /written in a way/],
    ['GET', '/api/nothing', '', /no such path/],
    ['DELETE', '/api/pets', '', /GET, POST only/],
    ['GET', '/api/pets', 'x', /takes none/],
    ['POST', '/api/pets', '{"name":"Pochi","tag":null,"weight":1.5,"parent":{"name":"Hachi"}}', undefined],
    ['POST', '/api/pets', '{"name":"Pochi","isAdmin":true}', /additional properties/],
    ['POST', '/api/pets', '{"name":{"$ne":1}}', /\/name must be string/],
    ['POST', '/api/pets', '{"name":"a","weight":0}', /weight/],
    ['POST', '/api/pets', '{"name":"a","parent":{}}', /\/parent/],
    ['POST', '/api/pets', '{"name":', /no JSON/],
    ['POST', '/api/pets', '', /missing/],
    ['PUT', '/api/pets/7', 'age=3', undefined],
    ['PUT', '/api/pets/7', 'age=three', /body: \/age/],
  ]
  let ran = 0
  afterAll(() => {
    expect(ran).toBe(cases.length * 2)
    console.log(`API descriptions: ${ran} requests`)
  })
  it.each(['3.0.3', '3.1.0'])('of version %s', (version) => {
    const file = join(folder, `api-${version}.yaml`)
    writeFileSync(file, petShop(version))
    const api = loadOpenApi(file, undefined)
    for (const [method, target, body, says] of cases) {
      const type = method === 'PUT' ? 'application/x-www-form-urlencoded' : 'application/json; charset=utf-8'
      const request = { method, target, headers: [trace, ['Content-Type', type]] as const }
      const found = operationOf(api, request)!
      const faults =
        typeof found === 'string'
          ? [found]
          : [...headFaults(found, request, 'refuse'), ...bodyFaults(found.operation, request, Buffer.from(body), false)]
      if (says === undefined) expect(faults, `${method} ${target} ${body}`).toEqual([])
      else expect(faults.join('; '), `${method} ${target} ${body}`).toMatch(says)
      ran += 1
    }
    expect(operationOf(api, { method: 'GET', target: '/elsewhere', headers: [] })).toBeUndefined()
  })

  it.each([
    ['swagger: "2.0"', /3\.0 and 3\.1/],
    ['openapi: 3.1.0\npaths: { /a: { get: { requestBody: { $ref: "other.yaml#/x" } } } }', /leads out of the file/],
    ['openapi: 3.1.0\npaths: { /a: { get: { parameters: [{ $ref: "#/components/parameters/none" }] } } }', /no such part/],
    [
      'openapi: 3.1.0\npaths: { /a: { post: { requestBody: { content: { application/json: { schema: { pattern: "(?=a)" } } } } } } }',
      /cannot be used/,
    ],
    ['[', /cannot be used/],
  ])('refuses %s', (text, says) => {
    const file = join(folder, 'refused.yaml')
    writeFileSync(file, text)
    expect(() => loadOpenApi(file, undefined)).toThrow(says)
  })
})

it.each([
  [
    'multipart/form-data; boundary=B',
    '--B\r\nContent-Disposition: form-data; name="a"; filename="x.php"\r\n\r\n<?php\r\n--B--\r\n',
    ['a <?php'],
  ],
  ['multipart/form-data; boundary=', 'whatever', ['body whatever']],
  ['application/octet-stream', '<?php', ['body <?php']],
  ['application/json', '{}', []],
])('finds files in %s', (type, body, found) => {
  const uploads = uploadsOf([['Content-Type', type]], Buffer.from(body))
  expect(uploads.map(({ name, content }) => `${name} ${content}`)).toEqual(found)
})
