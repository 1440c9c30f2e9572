import type { Purl } from '../purl/purl.ts'

/** Releases by the names that some package URLs carry instead (`distro=bookworm`). */
const CODENAMES: Readonly<Record<string, string>> = {
  bullseye: 'debian-11',
  bookworm: 'debian-12',
  buster: 'debian-10',
  forky: 'debian-14',
  jessie: 'debian-8',
  stretch: 'debian-9',
  trixie: 'debian-13',
  bionic: 'ubuntu-18.04',
  focal: 'ubuntu-20.04',
  jammy: 'ubuntu-22.04',
  noble: 'ubuntu-24.04',
  trusty: 'ubuntu-14.04',
  xenial: 'ubuntu-16.04',
}

type Track = (release: string) => string | undefined

const always =
  (name: string): Track =>
  () =>
    name
const whole =
  (name: string, before = ''): Track =>
  (release) =>
    release === '' ? undefined : `${name}:${before}${release}`
const parts =
  (name: string, count: number, before = ''): Track =>
  (release) =>
    release === '' ? undefined : `${name}:${before}${release.split('.').slice(0, count).join('.')}`
const suse: Track = (release) => (release === '' ? undefined : `SUSE:${release.replace(/\.0$/, '')}`)

/** Ecosystems by the `ID` of os-release(5), as package URLs carry it. What is not here has no advisories of its own in OSV. */
const BY_ID: Readonly<Record<string, Track>> = {
  alma: parts('AlmaLinux', 1),
  almalinux: parts('AlmaLinux', 1),
  alpaquita: whole('Alpaquita'),
  alpine: parts('Alpine', 2, 'v'),
  azurelinux: parts('Azure Linux', 1),
  'cbl-mariner': parts('Azure Linux', 1),
  centos: parts('Red Hat', 1),
  chainguard: always('Chainguard'),
  debian: parts('Debian', 1),
  echo: always('Echo'),
  mageia: parts('Mageia', 1),
  mariner: parts('Azure Linux', 1),
  minimos: always('MinimOS'),
  openeuler: whole('openEuler'),
  'opensuse-leap': whole('openSUSE', 'Leap '),
  'opensuse-tumbleweed': always('openSUSE:Tumbleweed'),
  'opensuse.leap': whole('openSUSE', 'Leap '),
  'opensuse.tumbleweed': always('openSUSE:Tumbleweed'),
  photon: whole('Photon OS'),
  redhat: parts('Red Hat', 1),
  rhel: parts('Red Hat', 1),
  rocky: parts('Rocky Linux', 1),
  'rocky-linux': parts('Rocky Linux', 1),
  'sl-micro': whole('SUSE', 'Micro '),
  'sle-micro': whole('SUSE', 'Micro '),
  sle_hpc: suse,
  sled: suse,
  sles: suse,
  sles_sap: suse,
  suse,
  'suse-microos': whole('SUSE', 'Micro '),
  ubuntu: whole('Ubuntu'),
  wolfi: always('Wolfi'),
}

/**
 * The ecosystem of a distribution's package, by the package URL's `distro` (`debian-12`, `sles-15.4`, `3.18.4` beside a namespace,
 * `bookworm`) or its namespace; undefined where the release is not said that the distribution's advisories go by.
 */
export function distributionOf(purl: Purl): string | undefined {
  const said = purl.qualifiers?.['distro']?.toLowerCase() ?? ''
  const distro = Object.hasOwn(CODENAMES, said) ? CODENAMES[said]! : said
  const [, written = '', release = ''] = /^([a-z][a-z_.]*(?:-[a-z][a-z_.]*)*)?-?(\d[\w.-]*)?$/.exec(distro) ?? []
  const id = written === '' ? (purl.namespace ?? '') : written
  return Object.hasOwn(BY_ID, id) ? BY_ID[id]!(release) : undefined
}

/** Distributions of rpm whose advisories name source packages; those of the others name binary ones. */
const BY_SOURCE = /^(suse|opensuse|openeuler|mageia|azure linux):/i

/** The package by which a distribution's advisories go: the source it was built from, or itself. */
export function advisedName({ type, name, qualifiers }: Purl, ecosystem: string): string {
  const upstream = qualifiers?.['upstream']
  if (upstream === undefined) return name
  if (type !== 'rpm') return upstream.split('@')[0]!
  // `openssl-3.0.7-27.el9.src.rpm`: the name, then version and release, which hold no hyphen.
  return BY_SOURCE.test(ecosystem) ? (/^(.+)-[^-]+-[^-]+\.(?:no)?src\.rpm$/.exec(upstream)?.[1] ?? name) : name
}

/**
 * An ecosystem as it is looked up, in small letters: what OSV splits by repository or product is one release of the distribution
 * (`Red Hat:enterprise_linux:9::appstream`, `SUSE:Linux Enterprise Module for Basesystem 15 SP4`, `Ubuntu:22.04:LTS`,
 * `Ubuntu:Pro:22.04:LTS`). Longer support of one minor release of Red Hat's, and FIPS builds, stay what they are.
 */
export function releaseOf(ecosystem: string): string {
  const small = ecosystem.toLowerCase()
  const end = small.indexOf(':')
  // Asked of every package of every advisory: most have no release.
  if (end < 0) return small
  switch (small.slice(0, end)) {
    case 'ubuntu':
      return small.replace(/^ubuntu:(?:pro:)?(\d+\.\d+)(?::lts)?$/, 'ubuntu:$1')
    case 'red hat':
      return small.replace(/^red hat:enterprise_linux:(\d+)(?:\.\d+)?(?:::.*)?$/, 'red hat:$1')
    case 'suse':
      return suseRelease(small)
    default:
      return small
  }
}

function suseRelease(small: string): string {
  const micro = /^suse:(?:suse )?linux (?:enterprise )?micro (\d+\.\d+)/.exec(small)?.[1]
  if (micro !== undefined) return `suse:micro ${micro}`
  const [, major, pack] =
    /^suse:(?:suse )?(?:linux enterprise .*?|package hub )\b(\d+(?:\.\d+)?)(?:[ -]sp(\d+))?(?:[ -]\D*)?$/.exec(small) ?? []
  if (major === undefined) return small
  return `suse:${major.replace(/\.0$/, '')}${pack === undefined ? '' : `.${pack}`}`
}

/** Whether an ecosystem tells of what Ubuntu mends for subscribers only. */
export const isUbuntuPro = (ecosystem: string): boolean => /^ubuntu:pro:/i.test(ecosystem)
