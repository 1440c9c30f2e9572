import { apk } from './apk.ts'
import { debian } from './debian.ts'
import { cran, gem, hackage, packagist } from './lists.ts'
import { maven } from './maven.ts'
import { conan, datetime, generic, gentoo, lexicographic, openssl } from './other.ts'
import { pypi } from './pep440.ts'
import { alpm, rpm } from './rpm.ts'
import type { VersionScheme } from './scheme.ts'
import { nuget, pub, semver } from './semver.ts'

/** Schemes by the names that package URLs and `vers:` ranges use. */
const BY_TYPE: Readonly<Record<string, VersionScheme>> = {
  alpine: apk,
  alpm,
  apk,
  cargo: semver,
  composer: packagist,
  conan,
  cran,
  datetime,
  deb: debian,
  gem,
  generic,
  gentoo,
  ebuild: gentoo,
  golang: semver,
  hackage,
  hex: semver,
  lexicographic,
  maven,
  nginx: semver,
  npm: semver,
  nuget,
  openssl,
  pub,
  pypi,
  rpm,
  semver,
  swift: semver,
}

/** Schemes by the ecosystem's name in OSV records (OSV schema, "affected[].package"); what follows a colon is a release of it. */
const BY_ECOSYSTEM: Readonly<Record<string, VersionScheme>> = {
  almalinux: rpm,
  alpaquita: apk,
  alpine: apk,
  'azure linux': rpm,
  bellsoft: apk,
  'bellsoft hardened containers': apk,
  bioconductor: semver,
  bitnami: semver,
  chainguard: apk,
  conancenter: conan,
  // Products of any kind by their CPE: numbers and letters, part by part.
  cpe: generic,
  cran,
  'crates.io': semver,
  debian,
  echo: debian,
  'github actions': semver,
  go: semver,
  ghc: hackage,
  hackage,
  hex: semver,
  mageia: rpm,
  maven,
  minimos: apk,
  npm: semver,
  nuget,
  openeuler: rpm,
  opensuse: rpm,
  packagist,
  photon: rpm,
  'photon os': rpm,
  pub,
  pypi,
  'red hat': rpm,
  'rocky linux': rpm,
  rubygems: gem,
  suse: rpm,
  swifturl: semver,
  ubuntu: debian,
  wolfi: apk,
}

/** The scheme of a package URL's type or a `vers:` range; undefined where none is known, which a match must say and not guess over. */
export const schemeOfType = (type: string): VersionScheme | undefined => own(BY_TYPE, type.toLowerCase())

/** The scheme of an OSV ecosystem, with or without its release (`Debian:12`). */
export const schemeOfEcosystem = (ecosystem: string): VersionScheme | undefined =>
  own(BY_ECOSYSTEM, ecosystem.split(':')[0]!.toLowerCase())

const own = (table: Readonly<Record<string, VersionScheme>>, key: string): VersionScheme | undefined =>
  Object.hasOwn(table, key) ? table[key] : undefined
