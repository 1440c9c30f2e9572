import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { BodyLimits, ParsedBody } from './body.ts'
import { readJson } from './json.ts'
import { readMultipart } from './multipart.ts'
import { bodyProcessors } from './registry.ts'
import { readUrlencoded } from './urlencoded.ts'
import { readXml } from './xml.ts'

const LIMITS: BodyLimits = { contentType: '', argumentSeparator: '&', argumentsLimit: 1000, depthLimit: 20 }

const bytes = (text: string) => Buffer.from(text, 'utf8').toString('latin1')
const byteString = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array).toString('latin1'))

describe('forms', () => {
  test('give back what was encoded', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }))), (pairs) => {
        const expected = new URLSearchParams(
          pairs.map(([name, value]): [string, string] => [name.toWellFormed(), value.toWellFormed()]),
        )
        const read = readUrlencoded(expected.toString(), LIMITS)
        expect(read.args).toEqual([...expected].map(([name, value]) => [bytes(name), bytes(value)]))
        expect(read.flags).toBeUndefined()
      }),
    )
  })

  test('with broken escapes keep them, and tell', () => {
    const { args, flags } = readUrlencoded('a=%zz&b=100%', LIMITS)
    expect(args).toEqual([
      ['a', '%zz'],
      ['b', '100%'],
    ])
    expect(flags).toEqual(new Set(['URLENCODED_ERROR']))
  })

  test('are one value from the limit of arguments on, and tell', () => {
    const read = readUrlencoded('a&b&c', { ...LIMITS, argumentsLimit: 2 })
    expect(read.args).toEqual([
      ['a', ''],
      ['b', ''],
      ['', 'c'],
    ])
    expect(read.error).toMatch(/more than 2/)
  })
})

const multipart = { ...LIMITS, contentType: 'multipart/form-data; boundary=xYz' }

function form(parts: readonly { readonly name: string; readonly filename?: string; readonly content: string }[]): string {
  const written = parts.map(
    ({ name, filename, content }) =>
      `--xYz\r\nContent-Disposition: form-data; name="${name}"${filename === undefined ? '' : `; filename="${filename}"`}\r\n\r\n${content}\r\n`,
  )
  return `${written.join('')}--xYz--\r\n`
}

describe('multipart forms', () => {
  const word = fc.stringMatching(/^[a-z0-9 _.-]{1,12}$/)
  const part = fc.record({
    name: word,
    filename: fc.option(word, { nil: undefined }),
    content: byteString.filter((text) => !text.includes('--xYz')),
  })

  test('give back their fields and files, whatever bytes these hold', () => {
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 6 }), (parts) => {
        const read = readMultipart(form(parts as { name: string; content: string }[]), multipart)
        expect(read.error).toBeUndefined()
        expect(read.args).toEqual(
          parts.filter(({ filename }) => filename === undefined).map(({ name, content }) => [name, content]),
        )
        expect(read.files?.map(({ name, filename, content }) => [name, filename, content])).toEqual(
          parts.filter(({ filename }) => filename !== undefined).map(({ name, filename, content }) => [name, filename, content]),
        )
      }),
    )
  })

  const FAULTS: readonly (readonly [what: string, body: string, contentType: string, flag: string])[] = [
    ['no boundary', form([]), 'multipart/form-data', 'MULTIPART_STRICT_ERROR'],
    ['two boundaries', form([]), 'multipart/form-data; boundary=a; boundary=xYz', 'MULTIPART_STRICT_ERROR'],
    ['a quoted boundary', form([]), 'multipart/form-data; boundary="xYz"', 'MULTIPART_BOUNDARY_QUOTED'],
    ['a blank beside the boundary', form([]), 'multipart/form-data; boundary = xYz', 'MULTIPART_BOUNDARY_WHITESPACE'],
    ['text before', `x\r\n${form([])}`, multipart.contentType, 'MULTIPART_DATA_BEFORE'],
    ['text after', `${form([{ name: 'a', content: '' }])}x`, multipart.contentType, 'MULTIPART_DATA_AFTER'],
    ['bare line feeds', form([{ name: 'a', content: '' }]).replaceAll('\r', ''), multipart.contentType, 'MULTIPART_LF_LINE'],
    ['a folded header', form([{ name: 'a"\r\n ; x="b', content: '' }]), multipart.contentType, 'MULTIPART_HEADER_FOLDING'],
    [
      'single quotes',
      form([{ name: 'a', content: '' }]).replaceAll('"', "'"),
      multipart.contentType,
      'MULTIPART_INVALID_QUOTING',
    ],
    [
      'a missing semicolon',
      form([{ name: 'a" filename="b', content: '' }]),
      multipart.contentType,
      'MULTIPART_MISSING_SEMICOLON',
    ],
    ['two names', form([{ name: 'a"; name="b', content: '' }]), multipart.contentType, 'MULTIPART_INVALID_PART'],
    [
      'no last boundary',
      '--xYz\r\nContent-Disposition: form-data; name=a\r\n\r\nb',
      multipart.contentType,
      'MULTIPART_STRICT_ERROR',
    ],
    ['a blank after a boundary', form([{ name: 'a', content: '\r\n--xYz ' }]), multipart.contentType, 'MULTIPART_STRICT_ERROR'],
    [
      'a byte A0 after a boundary',
      form([{ name: 'a', content: '\r\n--xYz\xa0' }]),
      multipart.contentType,
      'MULTIPART_STRICT_ERROR',
    ],
    [
      'a boundary behind a bare line feed',
      form([{ name: 'a', content: 'x\n--xYz\r\n\r\n' }]),
      multipart.contentType,
      'MULTIPART_LF_LINE',
    ],
    [
      'a boundary in pieces beside a whole one',
      form([]),
      'multipart/form-data; boundary*0=a; boundary=xYz',
      'MULTIPART_STRICT_ERROR',
    ],
    ['a backslash in a boundary', form([]), 'multipart/form-data; boundary="x\\Yz"', 'MULTIPART_STRICT_ERROR'],
    [
      'a blank before the colon',
      form([{ name: 'a', content: '' }]).replace('ion:', 'ion :'),
      multipart.contentType,
      'MULTIPART_INVALID_PART',
    ],
    ['a NUL in a header', form([{ name: 'a\0b', content: '' }]), multipart.contentType, 'MULTIPART_INVALID_PART'],
    [
      'a name of a file in capitals',
      form([{ name: 'a"; FILENAME="b', content: '' }]),
      multipart.contentType,
      'MULTIPART_INVALID_PART',
    ],
    [
      'a blank in a name without quotes',
      form([{ name: 'a', content: '' }]).replace('"a"', 'a b'),
      multipart.contentType,
      'MULTIPART_INVALID_QUOTING',
    ],
    ['another boundary', form([{ name: 'a', content: '--other\r\n' }]), multipart.contentType, 'MULTIPART_UNMATCHED_BOUNDARY'],
  ]

  test.each(FAULTS)('tell of %s', (_, body, contentType, flag) => {
    expect([...(readMultipart(body, { ...LIMITS, contentType }).flags ?? [])]).toContain(flag)
  })

  test('that two servers may divide in different ways still give what stands behind the boundary in question', () => {
    const hidden = form([
      { name: 'a', content: 'x\r\n--xYz\xa0\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\nevil' },
    ])
    expect(readMultipart(hidden, multipart).args[0]?.[1]).toContain('evil')
  })

  const field = (disposition: string) =>
    readMultipart(form([{ name: 'a', content: 'x' }]).replace('name="a"', disposition), multipart)

  test('give a field, too, where the name of its file is empty, as Go and ModSecurity read it', () => {
    const read = field('name="a"; filename=""')
    expect(read).toMatchObject({ args: [['a', 'x']], files: [{ filename: '', content: 'x' }] })
    expect([...read.flags!]).toEqual([])
  })

  test('give a field, too, where only `filename*` makes it a file, and tell', () => {
    const read = field('name="a"; filename*=UTF-8\'\'b.txt')
    expect(read).toMatchObject({ args: [['a', 'x']], files: [{ filename: 'b.txt' }] })
    expect([...read.flags!]).toContain('MULTIPART_STRICT_ERROR')
  })

  test('have nothing against both names of a file, as .NET writes them', () => {
    const read = field('name="a"; filename="_.txt"; filename*=utf-8\'\'%E9%A0%81.txt')
    expect(read.args).toEqual([])
    expect([...read.flags!]).toEqual([])
  })

  test('keep both names of a file that has two', () => {
    const read = readMultipart(form([{ name: 'a"; filename="ok.txt"; filename*="UTF-8\'\'evil.ph%70', content: 'x' }]), multipart)
    expect(read.files?.map(({ filename }) => filename)).toEqual(['ok.txt', 'evil.php'])
  })

  test('keep the headers of each part', () => {
    expect(readMultipart(form([{ name: 'a', content: '' }]), multipart).partHeaders).toEqual([
      ['a', 'Content-Disposition: form-data; name="a"'],
    ])
  })
})

/** The arguments that a document of JSON must give. */
function flatten(value: unknown, name: string): [string, string][] {
  if (Array.isArray(value)) return [[name, ''], ...value.flatMap((item, index) => flatten(item, `${name}.${index}`))]
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value)
    return entries.length === 0 ? [[name, '']] : entries.flatMap(([key, item]) => flatten(item, `${name}.${bytes(key)}`))
  }
  return [[name, typeof value === 'string' ? bytes(value) : JSON.stringify(value)]]
}

describe('JSON', () => {
  test('gives every value its path', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), fc.boolean(), (value, pretty) => {
        const written = JSON.stringify(value, undefined, pretty ? 2 : 0)
        const read = readJson(bytes(written), LIMITS)
        expect(read.error).toBeUndefined()
        expect(read.args).toEqual(flatten(JSON.parse(written), 'json'))
      }),
    )
  })

  test.each([
    ['{"a":1', /missing/],
    ['{"a":1}x', /after the end/],
    ['[1,]', /value/],
    ['{"a" 1}', /colon/],
    ['"\\x"', /escape/],
    ['', /value/],
    ['['.repeat(30), /too deep/],
    [`[${'1,'.repeat(2000)}1]`, /more than 1000/],
    [`{"${'k'.repeat(100_000)}":[${'1,'.repeat(100)}1]}`, /names are too long/],
  ])('%.40j is told', (body, error) => {
    expect(readJson(body, LIMITS).error).toMatch(error)
  })

  test('keeps a name that comes twice, and what stood before a fault', () => {
    expect(readJson('{"a":1,"a":"x",', LIMITS).args).toEqual([
      ['json.a', '1'],
      ['json.a', 'x'],
    ])
  })
})

function xml(body: string, path: string): readonly string[] {
  return readXml(body, LIMITS).xml!.select(path)
}

describe('XML', () => {
  test.each([
    ['<a>b<c>d</c>e</a>', '/*', ['bde']],
    ['<a x="1"><b y="2"/></a>', '//@*', ['1', '2']],
    ['<a><b>1</b><b>2</b></a>', '/a/b', ['1', '2']],
    ['<a><n:b>1</n:b></a>', '//b', ['1']],
    ['<a>1<b>2</b></a>', '//text()', ['1', '2']],
    ['<a>&lt;&#x41;&amp;</a>', '/*', ['<A&']],
    ['<a><![CDATA[<b>]]></a>', '/*', ['<b>']],
    ['<!DOCTYPE a [<!ENTITY e "evil">]><a>&e;</a>', '/*', ['evil']],
    ['<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a>&e;</a>', '/*', ['&e;']],
    ['<?xml version="1.0"?><!-- --><a>b</a>', '/*', ['b']],
    ['<a>b<!-- <c d="1">evil</c> -->e</a>', '/*', ['be', 'evil']],
    ['<a>b<!-- evil --></a>', '//text()', ['b']],
    ['<?xml-stylesheet href="x"?><a><?php evil ?>b</a>', '/*', ['b', '<?xml-stylesheet href="x"?>', '<?php evil ?>']],
    ['<!DOCTYPE a [<!-- <!ENTITY e "good"> --><!ENTITY e "evil">]><a>&e;</a>', '/*', ['evil']],
    [`<!DOCTYPE a [<?p ]> ?><!ENTITY q ']><a/><!--'><!ENTITY e "evil">]><a>&e;</a>`, '/*', ['evil']],
    ['<!DOCTYPE a SYSTEM ">" [<!ENTITY e "evil">]><a>&e;</a>', '/*', ['evil']],
    [`<!DOCTYPE a [<!ENTITY % p "<!ENTITY e 'evil'>">%p;]><a>&e;</a>`, '/*', ['evil']],
    ['<!DOCTYPE a [<!ENTITY e "&#38;#101;vil">]><a>&e;</a>', '/*', ['evil']],
    ['<!DOCTYPE a [<!ENTITY e "ev<b/>il">]><a>&e;</a>', '/*', ['ev<b/>il evil']],
    ['<!DOCTYPE a [<!ENTITY constructor "evil">]><a>&constructor;</a>', '/*', ['evil']],
    [`<!DOCTYPE a [<!ENTITY ${'e'.repeat(70)} "evil">]><a>&${'e'.repeat(70)};</a>`, '/*', ['evil']],
    [`<a>&#${'0'.repeat(70)}101;vil</a>`, '/*', ['evil']],
    ['<!DOCTYPE a [<!ATTLIST a b (c|d) "c" e CDATA #IMPLIED f CDATA #FIXED "evil">]><a b="x"/>', '//@*', ['x', 'evil']],
    ['<\xe9\xa0\x81 n="\xc3\xa0">3</\xe9\xa0\x81>', '/*', ['3']],
    ['<?xml version="1.0" encoding="Shift_JIS"?><a>b</a>', '/*', ['b']],
  ])('%s, searched for %s', (body, path, expected) => {
    expect(xml(body, path)).toEqual(expected)
    expect(readXml(body, LIMITS).error).toBeUndefined()
  })

  test('with entities nested as deeply as parsers follow them is read', () => {
    const nested = (depth: number) => {
      const entities = Array.from({ length: depth }, (_, index) => `<!ENTITY e${index + 1} "&e${index};">`).join('')
      return readXml(`<!DOCTYPE a [<!ENTITY e0 "evil">${entities}]><a>&e${depth};</a>`, LIMITS)
    }
    expect(nested(30).xml!.select('/*')).toEqual(['evil'])
    expect(nested(30).error).toBeUndefined()
    expect(nested(60).error).toMatch(/nested too deeply/)
  })

  test('of a hostile document type is read in time linear to it', () => {
    const long = 'a '.repeat(500_000)
    for (const subset of [
      `<!ATTLIST a ${long}`,
      `<!ATTLIST a ${long}>`,
      '<!ENTITY '.repeat(100_000),
      `<!ENTITY % p "%p;">%p;`,
      `%${long}`,
    ])
      expect(readXml(`<!DOCTYPE a [${subset}]><a/>`, LIMITS).args).toEqual([])
    const tags = Array.from({ length: 38 }, (_, index) => `<!ENTITY e${index + 1} "<b>&e${index};</b>">`).join('')
    expect(xml(`<!DOCTYPE a [<!ENTITY e0 "evil">${tags}]><a>&e38;</a>`, '/*')[0]!.length).toBeLessThan(10_000)
  })

  test('in UTF-16 is read as well', () => {
    const body = Buffer.from('\ufeff<a>evil</a>', 'utf16le').toString('latin1')
    expect(xml(body, '/*')).toEqual(['evil'])
  })

  test('with entities within entities ends soon', () => {
    const entities = Array.from({ length: 20 }, (_, index) => `<!ENTITY e${index + 1} "${`&e${index};`.repeat(10)}">`).join('')
    const [text] = xml(`<!DOCTYPE a [<!ENTITY e0 "x">${entities}]><a>&e20;</a>`, '/*')
    expect(text!.length).toBeLessThan(500_000)
  })

  test.each([
    '<a>',
    '<a></b>',
    '<a x></a>',
    'text',
    '<a x="1></a>',
    '<'.repeat(50),
    '<?xml version="1.0" encoding="UTF-7"?><a>+AGU-vil</a>',
    '<?xml version="1.0" encoding="ISO-2022-JP"?><a/>',
    '<!DOCTYPE a [%p;]><a/>',
    '<!DOCTYPE a [<!ENTITY e "x"',
    '<a><!DOCTYPE a></a>',
    '<!-->-->',
  ])('%s is told', (body) => {
    expect(readXml(body, LIMITS).error).toMatch(/^XML: /)
  })
})

describe('every processor', () => {
  const piece = fc.oneof(
    byteString,
    fc.constantFrom('--xYz', '\r\n', '"', '{', '[', '<a', '>', '&', '%', '=', '\\u', '<!ENTITY a "&a;">', 'name='),
  )
  const noise = fc.array(piece, { maxLength: 12 }).map((parts) => parts.join(''))

  test.each(Object.entries(bodyProcessors))('%s takes any bytes', (_, read) => {
    fc.assert(
      fc.property(noise, noise, (body, contentType) => {
        const parsed: ParsedBody = read(body, { ...multipart, contentType: `${multipart.contentType}${contentType}` })
        expect(parsed.xml?.select('//text()') ?? []).toBeInstanceOf(Array)
      }),
    )
  })
})
