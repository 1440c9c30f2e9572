import { KanpekiError } from '../../kernel/error.ts'
import { releaseOf } from '../osv/distributions.ts'
import { keyOfPurl, type PackageKey } from '../osv/names.ts'
import type { OsvEvent } from '../osv/record.ts'
import { type Purl, parsePurl } from '../purl/purl.ts'
import { readRange, type VersionRange } from '../vers/range.ts'
import { schemeOfEcosystem, schemeOfType } from '../version/schemes.ts'
import type { CsafProduct } from './csaf-tree.ts'
import { CPE } from './cve.ts'

/** What a product of CSAF is as advisories know it. Neither version nor range: every version is meant. */
export interface CsafPackage {
  readonly key: PackageKey
  readonly version: string | undefined
  readonly range: { readonly events: readonly OsvEvent[]; readonly versions: readonly string[] } | undefined
  /** Of a distribution: a version says what came before it was weak, for it is mended in place. */
  readonly distribution: boolean
}

/**
 * The packages that a product means, by its package URLs, or, where it has none, by the product of its CPE. None where nothing can be
 * matched rightly: no known kind, no release of a distribution, a range that cannot be read.
 */
export function packagesOf(product: CsafProduct): readonly CsafPackage[] {
  if (product.purls.length === 0) return byCpe(product)
  return product.purls.flatMap((text) => {
    try {
      return byPurl(parsePurl(text), product)
    } catch (error) {
      if (error instanceof KanpekiError) return []
      throw error
    }
  })
}

function byPurl(purl: Purl, product: CsafProduct): readonly CsafPackage[] {
  // Packages of every architecture, which say the same, stand beside their sources.
  if (purl.type === 'rpm' && purl.namespace === 'redhat' && purl.qualifiers?.['arch'] === 'src') return []
  const distribution = purl.type === 'rpm' || purl.type === 'deb' || purl.type === 'apk'
  const epoch = purl.qualifiers?.['epoch']
  const written = purl.version ?? (distribution ? undefined : product.version)
  const version = written === undefined || epoch === undefined || epoch === '0' || !distribution ? written : `${epoch}:${written}`
  const range = version === undefined && product.range !== undefined ? rangeOf(product.range) : undefined
  if (range === null) return []
  return keysOf(purl, product).flatMap((key) =>
    schemeOfEcosystem(key.ecosystem) === undefined ? [] : [{ key, version, range, distribution }],
  )
}

function keysOf(purl: Purl, product: CsafProduct): readonly PackageKey[] {
  if (purl.type === 'rpm' && (purl.namespace === 'suse' || purl.namespace === 'opensuse')) return suseKeys(purl, product)
  if (purl.type === 'rpm' && purl.namespace === 'redhat') {
    const release = redHatRelease(purl, product)
    return release === undefined ? [] : [{ ecosystem: `Red Hat:${release}`, name: purl.name }]
  }
  const key = keyOfPurl(purl)
  return key === undefined ? [] : [key]
}

/** The release stands in the version's own words (`…el8_10`), or is the one of what the package is installed on. */
function redHatRelease({ version, qualifiers }: Purl, { platforms }: CsafProduct): string | undefined {
  const distro = /el(\d+)|linux-(\d+)|^(?:redhat|rhel)-(\d+)/.exec(qualifiers?.['distro'] ?? '')
  return (
    /\.el(\d+)/.exec(version ?? '')?.[1] ??
    distro?.slice(1).find((one) => one !== undefined) ??
    platforms.map(({ cpe }) => /:redhat:enterprise_linux:(\d+)/.exec(cpe ?? '')?.[1]).find((one) => one !== undefined)
  )
}

/**
 * SUSE names the release by what the package is installed on (`SUSE Linux Enterprise Server 15 SP6`), and in the release of most
 * builds (`150600.…`); its advisories go by source packages, and by what was built of them where no source is said.
 */
function suseKeys(purl: Purl, { platforms, id }: CsafProduct): readonly PackageKey[] {
  const names = [...platforms.flatMap((one) => [one.name, one.id]), id.split(':')[0]!]
  const ecosystem = names.map(suseEcosystem).find((one) => one !== undefined) ?? codestream(purl.version ?? '')
  if (ecosystem === undefined) return []
  const upstream = purl.qualifiers?.['upstream']?.replace(/\.(?:no)?src\.rpm$/, '')
  const source = upstream === undefined ? purl.name : (/^(.+)-\d[^-]*-(?:\d|slfo)[^-]*$/.exec(upstream)?.[1] ?? upstream)
  return [...new Set([source, purl.name])].map((name) => ({ ecosystem, name }))
}

function suseEcosystem(name: string): string | undefined {
  const leap = /^openSUSE Leap (\d+\.\d+)/.exec(name)?.[1]
  if (leap !== undefined) return `openSUSE:Leap ${leap}`
  if (name.startsWith('openSUSE Tumbleweed')) return 'openSUSE:Tumbleweed'
  if (!name.startsWith('SUSE ')) return undefined
  const release = releaseOf(`SUSE:${name}`)
  return /^suse:(?:micro )?\d+(?:\.\d+)?$/.test(release) ? `SUSE:${release.slice(5).replace('micro', 'Micro')}` : undefined
}

function codestream(version: string): string | undefined {
  const [, major, pack] = /-(1[5-9])0(\d)00\./.exec(version) ?? []
  return major === undefined ? undefined : `SUSE:${major}${pack === '0' ? '' : `.${pack}`}`
}

/** `cpe:2.3:a:vendor:product:version:…`, or `cpe:/a:vendor:product:version` of 2.2: the last resort, by the name of the product alone. */
function byCpe({ cpe = '', version, range: written }: CsafProduct): readonly CsafPackage[] {
  const parts = (cpe.replace(/^cpe:\/|^cpe:2\.3:/, '').match(/(?:\\.|[^:\\])+/g) ?? []).map((part) =>
    part.replaceAll(/\\(.)/g, '$1'),
  )
  const [part, , product = '*', own = '*'] = parts
  if (!/^cpe:/.test(cpe) || part !== 'a' || product === '*' || product === '-') return []
  const key = { ecosystem: CPE, name: decodeLoose(product).toLowerCase() }
  const exact = own === '*' || own === '-' ? version : own
  if (exact !== undefined) return [{ key, version: exact.replace(/^[vV](?=\d)/, ''), range: undefined, distribution: false }]
  const range = written === undefined ? undefined : rangeOf(written)
  return range === null ? [] : [{ key, version: undefined, range, distribution: false }]
}

function decodeLoose(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

/** A range as events; undefined where it holds every version, null where it cannot be read or said by events. */
function rangeOf(text: string): CsafPackage['range'] | null {
  const read = readAny(text.trim())
  if (read === undefined) return null
  if (read.constraints === '*') return undefined
  const events: OsvEvent[] = []
  const versions: string[] = []
  for (const { comparator, version: raw } of read.constraints) {
    const version = raw.replace(/^[vV](?=\d)/, '')
    if (comparator === '!=') return null
    if (comparator === '=') versions.push(version)
    // After a version is taken as from it on, as of NVD: one version more.
    else if (comparator.startsWith('>')) events.push({ introduced: version })
    else {
      if (events.length === 0) events.push({ introduced: '0' })
      events.push(comparator === '<' ? { fixed: version } : { last_affected: version })
    }
  }
  return { events, versions }
}

/** `vers:deb/<2`, `vers:intdot/<2` (of numbers between dots), or the constraints alone, as CSAF allows. */
function readAny(text: string): VersionRange | undefined {
  const [, scheme, rest = ''] = /^vers:([a-z0-9.-]+)\/(.+)$/s.exec(text) ?? []
  const constraints = scheme === undefined ? text : rest
  if (scheme === undefined && !/^[<>=]/.test(text)) return undefined
  if (scheme !== undefined && rest !== '*' && scheme !== 'intdot' && schemeOfType(scheme) === undefined) return undefined
  try {
    return readRange(`vers:${scheme === undefined || scheme === 'intdot' ? 'generic' : scheme}/${constraints}`)
  } catch (error) {
    if (error instanceof KanpekiError) return undefined
    throw error
  }
}
