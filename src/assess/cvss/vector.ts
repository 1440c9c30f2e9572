import { KanpekiError } from '../../kernel/error.ts'
import { type CvssVersion, faultOf, metricsOf } from './metrics.ts'

/** A vector taken apart; metrics that are not defined are left out. */
export interface CvssVector {
  readonly version: CvssVersion
  readonly values: ReadonlyMap<string, string>
}

export function refuseVector(vector: string, reason: string): never {
  throw new KanpekiError('cvss_invalid', `"${vector}" is no CVSS vector: ${reason}`, {
    remedy: 'write it as CVSS:4.0/AV:N/AC:L/… with every base metric once',
  })
}

export interface SplitVector {
  readonly version: CvssVersion
  readonly metrics: readonly string[]
  /** Without the parentheses that NVD wrote around those of version 2. */
  readonly bare: string
}

/** @throws KanpekiError `cvss_invalid` for a version that is not known. */
export function splitVector(vector: string): SplitVector {
  const bare = vector.replace(/^\((.*)\)$/, '$1')
  const [first = '', ...rest] = bare.split('/')
  if (first === 'CVSS:3.0' || first === 'CVSS:3.1' || first === 'CVSS:4.0')
    return { version: first.slice(5) as CvssVersion, metrics: rest, bare }
  if (first.startsWith('CVSS:')) return refuseVector(vector, `version ${first.slice(5)} is not known`)
  return { version: '2.0', metrics: [first, ...rest], bare }
}

/** @throws KanpekiError `cvss_invalid`, naming the metric. */
export function readVector(text: string): CvssVector {
  const { version, metrics } = splitVector(text)
  const fault = faultOf(version, metrics)
  if (fault !== undefined) refuseVector(text, fault)
  const pairs = metrics.map((one) => one.split(':') as [string, string])
  return { version, values: new Map(pairs.filter(([, value]) => value !== 'X' && value !== 'ND')) }
}

/** As the specification orders it; half a vector where base metrics are missing. */
export function writeVector({ version, values }: CvssVector): string {
  const metrics = metricsOf(version).flatMap(({ name }) => {
    const value = values.get(name)
    return value === undefined ? [] : [`${name}:${value}`]
  })
  return [...(version === '2.0' ? [] : [`CVSS:${version}`]), ...metrics].join('/')
}

/**
 * Metrics of the environment that every finding of an asset may share, for versions 3 and 4 write them alike; version 2 knows the
 * requirements (CR, IR, AR) only.
 */
export const ASSET_METRICS = ['CR', 'IR', 'AR', 'MAV', 'MAC', 'MPR'] as const

/** An asset's environment, `CR:H/MAV:L`. @throws KanpekiError `cvss_invalid`. */
export function readEnvironment(text: string): ReadonlyMap<string, string> {
  const known = new Map(metricsOf('3.1').map(({ name, values }) => [name, values]))
  const found = new Map<string, string>()
  for (const one of text === '' ? [] : text.split('/')) {
    const [name = '', value = '', ...rest] = one.split(':')
    if (!ASSET_METRICS.some((metric) => metric === name))
      refuseVector(text, `an asset has no metric "${name}", but ${ASSET_METRICS.join(', ')}`)
    if (rest.length > 0 || known.get(name)?.includes(value) !== true || found.has(name))
      refuseVector(text, `"${one}" is not one of ${known.get(name)!.join(', ')}, given once`)
    found.set(name, value)
  }
  return new Map([...found].filter(([, value]) => value !== 'X'))
}

/** A vector where it is: what the asset's environment says fills what the vector leaves undefined. */
export function vectorIn(vector: string, environment: ReadonlyMap<string, string>): string {
  if (environment.size === 0) return vector
  const { version, values } = readVector(vector)
  const known = new Set(metricsOf(version).map(({ name }) => name))
  const added = [...environment].filter(([name]) => known.has(name) && !values.has(name))
  return added.length === 0 ? vector : writeVector({ version, values: new Map([...values, ...added]) })
}
