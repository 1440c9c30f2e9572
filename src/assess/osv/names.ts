import { CPE } from '../feeds/cve.ts'
import type { Purl } from '../purl/purl.ts'
import { advisedName, distributionOf, releaseOf } from './distributions.ts'

/** A package as advisories know it. */
export interface PackageKey {
  /** As OSV writes it, with a release where there is one: `Debian:12`. */
  readonly ecosystem: string
  readonly name: string
}

/** What packages are looked up by: the ecosystem with its release, and the name as the ecosystem compares it. */
export function keyOf({ ecosystem, name }: PackageKey): string {
  return `${releaseOf(ecosystem)}\n${foldName(ecosystem, name)}`
}

function foldName(ecosystem: string, name: string): string {
  switch (ecosystem.split(':')[0]!.toLowerCase()) {
    case 'pypi':
      // PEP 503.
      return name.toLowerCase().replace(/[-_.]+/g, '-')
    case 'go':
      // Package URLs write modules in small letters, advisories as their authors do.
      return name.toLowerCase()
    case 'nuget':
    case 'packagist':
    case 'cpe':
    case 'github actions':
      return name.toLowerCase()
    case 'swifturl':
      return name.replace(/^https?:\/\//, '').replace(/\.git$/, '')
    default:
      return name
  }
}

const ECOSYSTEMS: Readonly<Record<string, string>> = {
  cargo: 'crates.io',
  composer: 'Packagist',
  conan: 'ConanCenter',
  cran: 'CRAN',
  gem: 'RubyGems',
  golang: 'Go',
  hackage: 'Hackage',
  hex: 'Hex',
  maven: 'Maven',
  npm: 'npm',
  nuget: 'NuGet',
  pub: 'Pub',
  pypi: 'PyPI',
  swift: 'SwiftURL',
}

/**
 * The advisories' key of a package URL; undefined where no advisory database knows its kind, or where a distribution's
 * release is not said, without which nothing can be matched rightly.
 */
export function keyOfPurl(purl: Purl): PackageKey | undefined {
  if (purl.type === 'deb' || purl.type === 'rpm' || purl.type === 'apk') {
    const ecosystem = distributionOf(purl)
    return ecosystem === undefined ? undefined : { ecosystem, name: advisedName(purl, ecosystem) }
  }
  // What no package manager knows is known to NVD by the name of the product, if at all.
  if (purl.type === 'generic') return { ecosystem: CPE, name: purl.name.toLowerCase() }
  const ecosystem = Object.hasOwn(ECOSYSTEMS, purl.type) ? ECOSYSTEMS[purl.type] : undefined
  if (ecosystem === undefined) return undefined
  const { namespace } = purl
  if (namespace === undefined) return { ecosystem, name: purl.name }
  return { ecosystem, name: `${namespace}${purl.type === 'maven' ? ':' : '/'}${purl.name}` }
}
