import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { JsonObject } from '../../kernel/json.ts'
import { sharedData } from '../../kernel/testing/shared-data.ts'
import { readEcsFields } from '../testing/ecs-fields.ts'
import { type AssetFacts, createEnricher, type PersonFacts } from './enrich.ts'
import { openGeo } from './geo.ts'
import { writeMmdb } from './testing/write-mmdb.ts'

const folder = mkdtempSync(join(tmpdir(), 'kanpeki-geo-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const CITY = join(folder, 'city.mmdb')
const ASN = join(folder, 'asn.mmdb')
const FLAT = join(folder, 'flat.mmdb')
const tokyo = {
  city: { names: { en: 'Tokyo', ja: '東京' } },
  continent: { code: 'AS', names: { en: 'Asia' } },
  country: { iso_code: 'JP', names: { en: 'Japan' } },
  location: { latitude: 35.6893, longitude: 139.6899, time_zone: 'Asia/Tokyo' },
  postal: { code: '151-0053' },
  subdivisions: [{ iso_code: '13', names: { en: 'Tokyo' } }],
}
writeFileSync(
  CITY,
  writeMmdb('GeoLite2-City', [
    ['203.0.113.0/24', tokyo],
    ['2001:db8::/32', { country: { iso_code: 'DE', names: { en: 'Germany' } } }],
  ]),
)
writeFileSync(
  ASN,
  writeMmdb('GeoLite2-ASN', [
    ['203.0.113.0/25', { autonomous_system_number: 64_496, autonomous_system_organization: 'Example Net' }],
  ]),
)
writeFileSync(
  FLAT,
  writeMmdb('ipinfo lite', [
    [
      '198.51.100.0/24',
      { country: 'France', country_code: 'FR', continent: 'Europe', continent_code: 'EU', asn: 'AS64497', as_name: 'Exemple' },
    ],
  ]),
)

const GEO = {
  city_name: 'Tokyo',
  continent_code: 'AS',
  continent_name: 'Asia',
  country_iso_code: 'JP',
  country_name: 'Japan',
  region_iso_code: 'JP-13',
  region_name: 'Tokyo',
  location: { lat: 35.6893, lon: 139.6899 },
  timezone: 'Asia/Tokyo',
  postal_code: '151-0053',
}

describe('geo and ASN from the user’s databases', () => {
  const geo = openGeo([CITY, ASN, FLAT])!
  it.each([
    ['203.0.113.9', { geo: GEO, as: { number: 64_496, organization: { name: 'Example Net' } } }],
    ['203.0.113.200', { geo: GEO }],
    ['2001:db8::1', { geo: { country_iso_code: 'DE', country_name: 'Germany' } }],
    [
      '198.51.100.7',
      {
        geo: { continent_code: 'EU', continent_name: 'Europe', country_iso_code: 'FR', country_name: 'France' },
        as: { number: 64_497, organization: { name: 'Exemple' } },
      },
    ],
    ['10.0.0.1', undefined],
    ['no address', undefined],
    ['', undefined],
  ])('%s', (ip, place) => {
    expect(geo.placeOf(ip)).toEqual(place)
    expect(geo.placeOf(ip)).toEqual(place)
  })

  it('gives the caller copies of its own, in fields that ECS has', () => {
    ;(geo.placeOf('203.0.113.9')!.geo as Record<string, string>)['city_name'] = 'changed'
    expect(geo.placeOf('203.0.113.9')!.geo).toEqual(GEO)
    const fields = sharedData('ecs/fields.csv')
    if (fields === undefined) return
    const known = readEcsFields(fields)
    for (const name of Object.keys(GEO)) expect(known.has(`source.geo.${name}`), name).toBe(true)
    for (const name of ['source.as.number', 'source.as.organization.name']) expect(known.has(name), name).toBe(true)
  })

  it('reads a file again when it changes, and keeps the old one if it is broken', () => {
    const file = join(folder, 'changing.mmdb')
    writeFileSync(file, writeMmdb('X', [['192.0.2.0/24', { country: { iso_code: 'JP', names: { en: 'Japan' } } }]]))
    const one = openGeo([file])!
    expect(one.placeOf('192.0.2.1')?.geo).toMatchObject({ country_iso_code: 'JP' })
    writeFileSync(file, 'broken')
    utimesSync(file, 1, 1)
    expect(one.refresh()).toHaveLength(1)
    expect(one.placeOf('192.0.2.1')?.geo).toMatchObject({ country_iso_code: 'JP' })
    writeFileSync(file, writeMmdb('X', [['192.0.2.0/24', { country: { iso_code: 'FR', names: { en: 'France' } } }]]))
    utimesSync(file, 2, 2)
    expect(one.refresh()).toEqual([])
    expect(one.placeOf('192.0.2.1')?.geo).toMatchObject({ country_iso_code: 'FR' })
  })

  it('refuses what is no database', () => {
    expect(() => openGeo([join(folder, 'none.mmdb')])).toThrow(expect.objectContaining({ code: 'geoip_unreadable' }))
    expect(openGeo([])).toBeUndefined()
  })
})

describe('what we know of those an event names', () => {
  const asset = (id: string, names: readonly string[], more: Partial<AssetFacts> = {}): AssetFacts => ({
    id,
    scope: 'default',
    names,
    labels: {},
    criticality: 'medium',
    owner: null,
    ...more,
  })
  const assets = [
    asset('a1', ['192.0.2.10', 'Web-01'], {
      labels: { team: 'shop', 'data.class': 'cards' },
      criticality: 'critical',
      owner: 'Sato',
    }),
    asset('a2', ['twin']),
    asset('a3', ['twin', 'i-0abc']),
    asset('a4', ['web-01'], { scope: 'north', criticality: 'low' }),
  ]
  const people: PersonFacts[] = [{ email: 'Sato@example.com', name: '佐藤 花子' }]
  const enrich = createEnricher({ geo: openGeo([CITY, ASN]), assets, people })!
  const ours = { asset_id: 'a1', asset_criticality: 'critical', asset_owner: 'Sato', team: 'shop', data_class: 'cards' }
  const cases: readonly [name: string, doc: JsonObject, expected: JsonObject, scope?: string][] = [
    ['an asset by name, whatever its case', { host: { name: 'WEB-01' } }, { host: { name: 'WEB-01' }, labels: ours }],
    [
      'by address, which gives it its name',
      { host: { ip: ['10.0.0.1', '192.0.2.10'] } },
      { host: { ip: ['10.0.0.1', '192.0.2.10'], name: 'Web-01' }, labels: ours },
    ],
    [
      'by instance',
      { cloud: { instance: { id: 'i-0abc' } } },
      { cloud: { instance: { id: 'i-0abc' } }, labels: { asset_id: 'a3', asset_criticality: 'medium' } },
    ],
    [
      'of its own scope',
      { host: { name: 'web-01' } },
      { host: { name: 'web-01' }, labels: { asset_id: 'a4', asset_criticality: 'low' } },
      'north',
    ],
    ['not by a name that two claim', { host: { name: 'twin' } }, { host: { name: 'twin' } }],
    [
      'the sender’s labels stay, but for ours',
      { host: { name: 'web-01' }, labels: { team: 'mine', asset_criticality: 'low' } },
      { host: { name: 'web-01' }, labels: { ...ours, team: 'mine' } },
    ],
    [
      'labels that are none',
      { host: { name: 'web-01' }, labels: 'x' },
      { host: { name: 'web-01' }, labels: ours, labels_original: 'x' },
    ],
    [
      'a person by address',
      { user: { email: 'sato@example.com' } },
      { user: { email: 'sato@example.com', full_name: '佐藤 花子' } },
    ],
    [
      'a person by principal name',
      { user: { name: 'sato@example.com' } },
      { user: { name: 'sato@example.com', email: 'Sato@example.com', full_name: '佐藤 花子' } },
    ],
    ['not by a bare name', { user: { name: 'sato' } }, { user: { name: 'sato' } }],
    ['a place', { source: { ip: '203.0.113.200' } }, { source: { ip: '203.0.113.200', geo: GEO } }],
    [
      'the sender’s place stays',
      { destination: { ip: '203.0.113.9', geo: { city_name: 'Osaka' } } },
      {
        destination: {
          ip: '203.0.113.9',
          geo: { city_name: 'Osaka' },
          as: { number: 64_496, organization: { name: 'Example Net' } },
        },
      },
    ],
    [
      'nonsense',
      { host: 'web-01', user: 1, source: [], cloud: null } as unknown as JsonObject,
      { host: 'web-01', user: 1, source: [], cloud: null } as unknown as JsonObject,
    ],
  ]
  it.each(cases)('%s', (_, doc, expected, scope = 'default') => {
    const own = structuredClone(doc) as JsonObject
    enrich(own, scope)
    expect(own).toEqual(expected)
  })

  it('nothing is asked where nothing is known', () => {
    expect(createEnricher({ geo: undefined, assets: [], people: [] })).toBeUndefined()
  })
})
