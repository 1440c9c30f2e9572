import type { JsonObject } from '../../../kernel/json.ts'
import { networkOf, objectAt } from './features.ts'
import type { Place, SignalDetail } from './profile.ts'

const EARTH_KM = 6371
/** Faster than airliners, with the time to get to them and away again left out. */
const MOST_KMH = 1000
/** Databases of places are this wrong about addresses. */
const LEAST_KM = 500
const LEAST_MINUTES = 1

/** Where an address is, if a database said so. */
export function placeOf(end: JsonObject | undefined, at: number): Place | undefined {
  if (end === undefined) return undefined
  const geo = objectAt(end, 'geo')
  const location = geo === undefined ? undefined : objectAt(geo, 'location')
  const lat = location?.['lat']
  const lon = location?.['lon']
  if (typeof lat !== 'number' || typeof lon !== 'number') return undefined
  const names = [geo!['city_name'], geo!['country_name'] ?? geo!['country_iso_code']].filter((name) => typeof name === 'string')
  return { at, lat, lon, name: names.join(', ') || `${lat.toFixed(1)}, ${lon.toFixed(1)}`, network: networkOf(end) ?? '' }
}

/** Undefined where a person could have gone from one to the other in time. */
export function impossible(from: Place, to: Place): Extract<SignalDetail, { readonly type: 'travel' }> | undefined {
  const km = distance(from, to)
  if (km < LEAST_KM || to.at < from.at) return undefined
  const minutes = Math.max(LEAST_MINUTES, (to.at - from.at) / 60_000)
  const kmh = (km / minutes) * 60
  if (kmh <= MOST_KMH) return undefined
  return { type: 'travel', from: from.name, to: to.name, km: Math.round(km), minutes: Math.round(minutes), kmh: Math.round(kmh) }
}

/** Great-circle distance in kilometres, by the haversine formula. */
export function distance(
  a: { readonly lat: number; readonly lon: number },
  b: { readonly lat: number; readonly lon: number },
): number {
  const radians = Math.PI / 180
  const lat = Math.sin(((b.lat - a.lat) * radians) / 2)
  const lon = Math.sin(((b.lon - a.lon) * radians) / 2)
  const half = lat * lat + Math.cos(a.lat * radians) * Math.cos(b.lat * radians) * lon * lon
  return 2 * EARTH_KM * Math.asin(Math.min(1, Math.sqrt(half)))
}
