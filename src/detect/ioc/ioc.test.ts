import { describe, expect, it } from 'vitest'
import type { StoredEvent } from '../../kernel/event.ts'
import type { JsonObject } from '../../kernel/json.ts'
import { guardOf } from './guards.ts'
import { indicatorOf } from './indicator.ts'
import { type IndexedList, IndicatorIndex } from './indicator-index.ts'
import { hitsOf, indicatorDetections } from './match.ts'
import { readText } from './read/read-text.ts'

const list: IndexedList = { id: 'l', name: 'bad things', scope: 'default' }
const SHA256 = 'a'.repeat(64)

describe('what a text is', () => {
  const table: readonly (readonly [text: string, kind: string | undefined, value?: string])[] = [
    ['45.137.21.9', 'ip', '45.137.21.9'],
    ['45[.]137[.]21[.]9', 'ip', '45.137.21.9'],
    ['2A00:0:0:0:0:0:0:1', 'ip', '2a00::1'],
    ['::ffff:45.137.21.9', 'ip', '45.137.21.9'],
    ['45.137.21.0/24', 'network', '45.137.21.0/24'],
    ['45.137.21.9/32', 'ip', '45.137.21.9'],
    ['2a00::/16', 'network', '2a00::/16'],
    ['45.137.21.0/33', undefined],
    ['Bad.Example.COM.', 'domain', 'bad.example.com'],
    ['*.bad.example', 'domain', 'bad.example'],
    ['日本語.jp', 'domain', 'xn--wgv71a119e.jp'],
    ['hxxps://Bad.example:443/A?b=c#d', 'url', 'https://bad.example/A?b=c'],
    ['d41d8cd98f00b204E9800998ecf8427e', 'hash', 'd41d8cd98f00b204e9800998ecf8427e'],
    [SHA256, 'hash', SHA256],
    ['localhost', undefined],
    ['com', undefined],
    ['not an indicator', undefined],
    ['javascript:alert(1)', undefined],
  ]
  for (const [text, kind, value] of table)
    it(text, () => expect(indicatorOf(text)).toEqual(kind === undefined ? undefined : { kind, value }))
})

describe('guards', () => {
  const table: readonly (readonly [text: string, guard: string | undefined])[] = [
    ['10.1.2.3', 'private-address'],
    ['192.168.0.0/16', 'private-address'],
    ['192.0.0.0/8', 'wide-network'],
    ['fe80::1', 'private-address'],
    ['2001:4860:4860::8888', undefined],
    ['8.0.0.0/8', 'wide-network'],
    ['45.137.21.0/24', undefined],
    ['google.com', 'popular-domain'],
    ['storage.evil.example', undefined],
    ['https://github.com/evil/x', undefined],
    ['d41d8cd98f00b204e9800998ecf8427e', 'empty-file'],
  ]
  for (const [text, guard] of table) it(text, () => expect(guardOf(indicatorOf(text)!)).toBe(guard))
})

describe('reading', () => {
  it('takes plain lists and hosts files, and says what a line is not', () => {
    const { indicators, skipped } = readText(
      '# head\n45.137.21.9 ; seen\n\nbad.example # why\n0.0.0.0 ads.example trk.example\n???\n',
      'auto',
    )
    expect(indicators.map(({ value }) => value)).toEqual(['45.137.21.9', 'bad.example', 'ads.example', 'trk.example'])
    expect(skipped).toEqual([{ place: '6', reason: expect.stringContaining('???') }])
  })

  it('takes tables with and without a head, and heads in comments', () => {
    const named = readText('value,confidence,valid_until,description\n45.137.21.9:443,80,2026-12-01,bot\nnothing,,,\n', 'auto')
    expect(named.indicators).toEqual([
      { kind: 'ip', value: '45.137.21.9', confidence: 80, until: Date.UTC(2026, 11, 1), note: 'bot' },
    ])
    expect(named.skipped).toEqual([{ place: '3', reason: expect.any(String) }])
    expect(readText('"1","bad.example","x"\n"2","worse.example","y"\n', 'auto').indicators.map(({ value }) => value)).toEqual([
      'bad.example',
      'worse.example',
    ])
    const abuse = readText('# by someone\n# "id","url","threat"\n"7","http://bad.example/x","mozi"\n', 'auto')
    expect(abuse.indicators).toEqual([{ kind: 'url', value: 'http://bad.example/x', note: 'mozi', ref: '7' }])
  })

  it('takes every column of values, ports behind addresses, and times without a zone as UTC', () => {
    const hashes = readText(`md5,sha256,valid_until\n${'b'.repeat(32)},${SHA256},2026-12-01 00:00:00\n`, 'auto')
    expect(hashes.indicators).toEqual([
      { kind: 'hash', value: SHA256, until: Date.UTC(2026, 11, 1) },
      { kind: 'hash', value: 'b'.repeat(32), until: Date.UTC(2026, 11, 1) },
    ])
    const beside = readText('url,ip\nhttp://bad.example/x,45.137.21.9\n', 'auto')
    expect(beside.indicators).toEqual([{ kind: 'url', value: 'http://bad.example/x' }])
    const ends = readText('value,expires\na.example,1796083200\nb.example,1796083200000\nc.example,soon\n', 'auto')
    expect(ends.indicators.map(({ until }) => until)).toEqual([Date.UTC(2026, 11, 1), Date.UTC(2026, 11, 1), undefined])
    expect(ends.skipped).toEqual([{ place: '4', reason: expect.stringContaining('soon') }])
    const spaced = '# "first_seen_utc","ioc_id","ioc_value","tags"\n"2026-01-01 00:00:00", "12", "45.137.21.9:443", "a,b"\n'
    expect(readText(spaced, 'auto').indicators).toEqual([{ kind: 'ip', value: '45.137.21.9', note: 'a,b' }])
    expect(readText('45.137.21.9:8080\n[2a00::1]:443\nbad.example:443\n', 'auto').indicators.map(({ value }) => value)).toEqual([
      '45.137.21.9',
      '2a00::1',
      'bad.example',
    ])
  })

  const stix = (pattern: string, more: JsonObject = {}): string =>
    JSON.stringify({
      type: 'bundle',
      objects: [{ type: 'indicator', id: 'indicator--1', pattern_type: 'stix', pattern, ...more }],
    })
  const patterns: readonly (readonly [pattern: string, expected: readonly string[] | RegExp])[] = [
    ["[ipv4-addr:value = '45.137.21.9']", ['45.137.21.9']],
    ["[ipv4-addr:value = '45.137.21.0/24'] OR [domain-name:value = 'bad.example']", ['45.137.21.0/24', 'bad.example']],
    [`[file:hashes.'SHA-256' = '${SHA256}' OR file:hashes.MD5 = '${'b'.repeat(32)}']`, [SHA256, 'b'.repeat(32)]],
    ["[url:value IN ('http://a.example/', 'http://b.example/')]", ['http://a.example/', 'http://b.example/']],
    ["[network-traffic:dst_ref.value = '45.137.21.9']", ['45.137.21.9']],
    ["[ipv4-addr:value = '45.137.21.9' AND network-traffic:dst_port = 443]", /more than single values/],
    ["[file:name = 'evil.exe']", /file:name/],
    ["[ipv4-addr:value = '45.137.21.9'] START t'2020-01-01T00:00:00Z' STOP t'2020-02-01T00:00:00Z'", /more than single values/],
    ["[domain-name:value LIKE '%.evil']", /more than single/],
    ['[[', /could not be read/],
  ]
  for (const [pattern, expected] of patterns)
    it(`STIX ${pattern}`, () => {
      const { indicators, skipped } = readText(stix(pattern), 'auto')
      if (expected instanceof RegExp)
        expect(skipped).toEqual([{ place: 'indicator--1', reason: expect.stringMatching(expected) }])
      else expect(indicators.map(({ value }) => value)).toEqual(expected)
    })

  it('takes validity, confidence and withdrawal from STIX, and the latest version', () => {
    const one = { confidence: 90, valid_until: '2026-12-01T00:00:00Z', name: 'C2', modified: '2026-01-02T00:00:00Z' }
    expect(readText(stix("[domain-name:value = 'bad.example']", one), 'stix').indicators).toEqual([
      { kind: 'domain', value: 'bad.example', confidence: 90, until: Date.UTC(2026, 11, 1), note: 'C2', ref: 'indicator--1' },
    ])
    expect(readText(stix("[domain-name:value = 'bad.example']", { revoked: true }), 'stix').withdrawn).toEqual(['indicator--1'])
  })

  it('takes what a MISP event means for detection', () => {
    const event = {
      Event: {
        info: 'Campaign',
        threat_level_id: '2',
        Attribute: [
          { type: 'ip-dst|port', value: '45.137.21.9|443', to_ids: true, uuid: 'a' },
          { type: 'domain|ip', value: 'bad.example|45.137.21.10', to_ids: true, uuid: 'b', comment: 'c2' },
          { type: 'domain', value: 'good.example', to_ids: false, uuid: 'f' },
          { type: 'mutex', value: 'x', to_ids: true, uuid: 'c' },
          { type: 'md5', value: 'b'.repeat(32), to_ids: true, deleted: true, uuid: 'd' },
        ],
        Object: [{ Attribute: [{ type: 'filename|sha256', value: `x.exe|${SHA256}`, to_ids: true, uuid: 'e' }] }],
      },
    }
    const { indicators, skipped, withdrawn } = readText(JSON.stringify(event), 'auto')
    expect(indicators.map(({ value, confidence }) => [value, confidence])).toEqual([
      ['45.137.21.9', 70],
      ['bad.example', 70],
      ['45.137.21.10', 70],
      [SHA256, 70],
    ])
    expect(skipped).toHaveLength(1)
    expect(withdrawn).toEqual(['f', 'd'])
  })

  it('reads what a search of MISP over REST answers', () => {
    const attribute = { type: 'domain', value: 'bad.example', to_ids: true, uuid: 'a' }
    const event = { info: 'Campaign', threat_level_id: '1', Attribute: [attribute] }
    const about = { kind: 'domain', value: 'bad.example', ref: 'a', note: 'Campaign' }
    for (const [json, expected] of [
      [{ response: [{ Event: event }, { Event: { Attribute: [{ ...attribute, value: 'two.example', uuid: 'b' }] } }] }, 2],
      [{ response: { Event: event } }, 1],
      [[{ Event: event }], 1],
      [{ response: { Attribute: [{ ...attribute, Event: { info: 'Campaign', threat_level_id: '1' } }] } }, 1],
    ] as const) {
      const { indicators, skipped } = readText(JSON.stringify(json), 'auto')
      expect(skipped).toEqual([])
      expect(indicators).toHaveLength(expected)
      expect(indicators[0]).toEqual({ ...about, confidence: 90 })
    }
    expect(readText(JSON.stringify({ response: [] }), 'auto')).toMatchObject({ indicators: [], skipped: [] })
    expect(readText(JSON.stringify({ response: [{ Event: event }, { Sighting: {} }] }), 'auto').skipped).toEqual([
      { place: '2', reason: expect.stringContaining('no MISP event') },
    ])
  })
})

function indexOf(...texts: readonly string[]): IndicatorIndex {
  const index = new IndicatorIndex()
  for (const text of texts) index.add(list, { ...indicatorOf(text)!, confidence: 80, until: null, note: '' })
  return index
}

describe('matching', () => {
  const table: readonly (readonly [indicator: string, doc: JsonObject, path: string | undefined])[] = [
    ['45.137.21.9', { source: { ip: '45.137.21.9' } }, 'source.ip'],
    ['45.137.21.9', { source: { ip: '45.137.21.90' } }, undefined],
    ['45.137.21.0/24', { dns: { answers: [{ data: '1.1.1.1' }, { data: '45.137.21.77' }] } }, 'dns.answers.data'],
    ['2a00::/16', { destination: { ip: '2A00:1::5' } }, 'destination.ip'],
    ['2a00::1', { destination: { ip: '2A00:0:0:0:0:0:0:1' } }, 'destination.ip'],
    ['45.137.16.0/20', { source: { ip: '::ffff:45.137.21.9' } }, 'source.ip'],
    ['bad.example', { dns: { question: { name: 'a.b.Bad.Example.' } } }, 'dns.question.name'],
    ['bad.example', { dns: { question: { name: 'notbad.example' } } }, undefined],
    ['bad.example', { url: { original: 'https://x.bad.example:8443/y' } }, 'url.original'],
    ['45.137.21.9', { url: { full: 'http://45.137.21.9/x' } }, 'url.full'],
    ['bad.example', { url: { full: 'http://good.example@x@bad.example/y' } }, 'url.full'],
    ['bad.example', { url: { full: 'http:\\\\%62ad.example\\y' } }, 'url.full'],
    ['bad.example', { url: { full: 'http://bad.example@good.example/y' } }, undefined],
    ['45.137.21.9', { url: { full: 'http://763958537/x' } }, 'url.full'],
    ['45.137.21.9', { url: { full: 'http://0x2d.0x89.025.9/x' } }, 'url.full'],
    ['bad.example', { url: { full: 'foo://bad.example:bad/y' } }, 'url.full'],
    ['bad.example', { url: { domain: `${'a.'.repeat(500)}bad.example` } }, 'url.domain'],
    ['http://bad.example/x', { url: { full: 'http://BAD.example/x?y=1' } }, 'url.full'],
    ['http://bad.example/x', { url: { full: 'http://bad.example/xy' } }, undefined],
    [SHA256, { process: { hash: { md5: 'c'.repeat(32), sha256: SHA256.toUpperCase() } } }, 'process.hash'],
    [SHA256, { file: { hash: { sha256: SHA256 } } }, 'file.hash'],
    ['45.137.21.9', { message: 'from 45.137.21.9', source: null } as unknown as JsonObject, undefined],
  ]
  for (const [indicator, doc, path] of table)
    it(`${indicator} in ${JSON.stringify(doc).slice(0, 90)}`, () => expect(hitsOf(indexOf(indicator), doc)[0]?.path).toBe(path))

  it('compares events of many names and endings in time that grows with them', () => {
    const addresses = Array.from({ length: 20_000 }, (_, n) => `45.${n >> 16}.${(n >> 8) & 255}.${n & 255}`)
    const many = indexOf('bad.example', ...addresses)
    const before = process.cpuUsage().user
    expect(hitsOf(many, { related: { ip: addresses } })).toHaveLength(20_000)
    const names = Array.from({ length: 40 }, (_, n) => ({ data: `${'a.'.repeat(8000)}${n}` }))
    expect(hitsOf(many, { dns: { answers: names } })).toEqual([])
    expect((process.cpuUsage().user - before) / 1000).toBeLessThan(600)
  })

  const event = (doc: JsonObject, observed = 1000, scope = 'default'): StoredEvent => ({
    id: 'e',
    scope,
    source: 's',
    parser: 'p',
    observed,
    received: 2000,
    writer: 'w',
    sequence: 1,
    index: 0,
    doc,
  })

  it('says which list, how sure and until when, once for each list', () => {
    const index = indexOf('45.137.21.9')
    const other = { ...list, id: 'm', name: 'other' }
    index.add(other, { kind: 'ip', value: '45.137.21.9', confidence: 30, until: 5000, note: 'bot' })
    const found = indicatorDetections(
      index,
      event({ host: { name: 'web' }, source: { ip: '45.137.21.9' }, related: { ip: ['45.137.21.9'] } }),
    )
    expect(found.map(({ rule, group }) => [rule.id, rule.level, group])).toEqual([
      ['ioc-ip', 'high', { 'host.name': 'web', 'threat.indicator': '45.137.21.9' }],
      ['ioc-ip', 'low', { 'host.name': 'web', 'threat.indicator': '45.137.21.9' }],
    ])
    expect(found[1]!.conditions![0]!.text).toBe('source.ip 45.137.21.9 ∈ other: 45.137.21.9 (30/100, until 1970-01-01) — bot')
    expect(indicatorDetections(index, event({ source: { ip: '45.137.21.9' } }, 5000))).toHaveLength(1)
  })

  it("matches a scope's own lists in that scope only", () => {
    const index = new IndicatorIndex()
    index.add({ ...list, scope: 'team-a' }, { kind: 'ip', value: '45.137.21.9', confidence: 80, until: null, note: '' })
    const doc = { source: { ip: '45.137.21.9' } }
    expect(['default', 'team-a', 'team-b'].map((scope) => indicatorDetections(index, event(doc, 1, scope)).length)).toEqual([
      0, 1, 0,
    ])
  })

  it('finds each network that holds an address, however they nest', () => {
    const nets = ['45.0.0.0/12', '45.0.0.0/16', '45.0.1.0/24', '45.0.2.0/24', '0.0.0.0/0']
    const index = indexOf(...nets)
    const found = new Set<string>()
    index.address('45.0.1.7', (hit) => found.add(hit.value))
    expect([...found].sort()).toEqual(['0.0.0.0/0', '45.0.0.0/12', '45.0.0.0/16', '45.0.1.0/24'])
  })
})
