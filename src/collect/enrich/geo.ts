import { readFileSync, statSync } from 'node:fs'
import { Reader, type Response } from 'mmdb-lib'
import { KanpekiError, messageOf } from '../../kernel/error.ts'
import type { JsonObject, JsonValue } from '../../kernel/json.ts'

/** What databases say of an address, as ECS `geo` and `as` field sets; the caller's own copies. */
export interface Place {
  readonly geo?: JsonObject
  readonly as?: JsonObject
}

export interface Geo {
  /** Undefined for addresses that no database knows, such as private ones. */
  placeOf(ip: string): Place | undefined
  /** Reads files again that changed; one that cannot be read stays as it was. @returns what failed. */
  refresh(): readonly string[]
}

const REMEMBERED = 50_000

type Growing = Record<string, JsonValue>

interface Database {
  readonly file: string
  changed: number
  reader: Reader<Response>
}

/**
 * Reads databases in MaxMind's format (`.mmdb`, format 2.0): city, country, ASN, and flat ones as IPinfo makes them. What an
 * earlier file knows wins over a later one.
 * @returns undefined for no files.
 * @throws KanpekiError `geoip_unreadable`.
 */
export function openGeo(files: readonly string[]): Geo | undefined {
  if (files.length === 0) return undefined
  const databases = files.map(open)
  const remembered = new Map<string, Place | null>()

  function look(ip: string): Place | null {
    const geo: Growing = {}
    const as: Growing = {}
    for (const { reader } of databases) {
      const found = reader.get(ip) as unknown
      if (typeof found !== 'object' || found === null) continue
      fillGeo(geo, found as Answer)
      fillAs(as, found as Answer)
    }
    const place: Place = { ...(isEmpty(geo) ? {} : { geo }), ...(isEmpty(as) ? {} : { as }) }
    return place.geo === undefined && place.as === undefined ? null : place
  }

  return {
    placeOf(ip) {
      let place = remembered.get(ip)
      if (place === undefined) {
        if (remembered.size >= REMEMBERED) remembered.clear()
        try {
          place = look(ip)
        } catch {
          // Not an address, or a broken branch of the database.
          place = null
        }
        remembered.set(ip, place)
      }
      return place === null ? undefined : structuredClone(place)
    },
    refresh() {
      const failed: string[] = []
      for (const database of databases) {
        try {
          const changed = statSync(database.file).mtimeMs
          if (changed === database.changed) continue
          Object.assign(database, open(database.file))
          remembered.clear()
        } catch (error) {
          failed.push(messageOf(error))
        }
      }
      return failed
    },
  }
}

function open(file: string): Database {
  try {
    const changed = statSync(file).mtimeMs
    return { file, changed, reader: new Reader<Response>(readFileSync(file)) }
  } catch (error) {
    throw new KanpekiError('geoip_unreadable', `The geo database cannot be read: ${messageOf(error)}.`, {
      place: { file },
      remedy: 'Give a file in MaxMind’s format (.mmdb) under geoip, or leave it out.',
    })
  }
}

interface Named {
  readonly code?: unknown
  readonly iso_code?: unknown
  readonly names?: { readonly en?: unknown }
}

/** MaxMind's and DB-IP's nested answers, and IPinfo's flat ones. */
interface Answer {
  readonly city?: Named | string
  readonly continent?: Named | string
  readonly country?: Named | string
  readonly country_code?: unknown
  readonly continent_code?: unknown
  readonly subdivisions?: readonly Named[]
  readonly region?: unknown
  readonly location?: { readonly latitude?: unknown; readonly longitude?: unknown; readonly time_zone?: unknown }
  readonly postal?: { readonly code?: unknown }
  readonly autonomous_system_number?: unknown
  readonly autonomous_system_organization?: unknown
  readonly asn?: unknown
  readonly as_name?: unknown
}

function fillGeo(geo: Growing, answer: Answer): void {
  const { city, continent, country, subdivisions, location, postal } = answer
  set(geo, 'city_name', nameOf(city))
  set(geo, 'continent_code', typeof continent === 'object' ? continent.code : answer.continent_code)
  set(geo, 'continent_name', nameOf(continent))
  const code = typeof country === 'object' ? country.iso_code : answer.country_code
  set(geo, 'country_iso_code', code)
  set(geo, 'country_name', nameOf(country))
  const region = subdivisions?.[0]
  if (typeof region?.iso_code === 'string' && typeof code === 'string') set(geo, 'region_iso_code', `${code}-${region.iso_code}`)
  set(geo, 'region_name', region === undefined ? answer.region : nameOf(region))
  if (typeof location?.latitude === 'number' && typeof location.longitude === 'number')
    geo['location'] ??= { lat: location.latitude, lon: location.longitude }
  set(geo, 'timezone', location?.time_zone)
  set(geo, 'postal_code', postal?.code)
}

function fillAs(as: Growing, answer: Answer): void {
  const { autonomous_system_number: number, autonomous_system_organization: organisation, asn, as_name: name } = answer
  const flat = typeof asn === 'string' && /^AS\d{1,10}$/.test(asn) ? Number(asn.slice(2)) : undefined
  const known = typeof number === 'number' ? number : flat
  if (known !== undefined) as['number'] ??= known
  const called = typeof organisation === 'string' ? organisation : name
  if (typeof called === 'string' && called !== '') as['organization'] ??= { name: called }
}

function nameOf(value: Named | string | undefined): unknown {
  return typeof value === 'object' ? value.names?.en : value
}

function set(draft: Growing, key: string, value: unknown): void {
  if (typeof value === 'string' && value !== '') draft[key] ??= value
}

function isEmpty(draft: Growing): boolean {
  for (const _key in draft) return false
  return true
}
