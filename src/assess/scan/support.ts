import { parsePurl } from '../purl/purl.ts'
import type { Installed } from './findings.ts'

/** The last day of a release's support, by the distribution's own calendar: without extended support that is paid for. */
const LAST_DAYS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  // Debian LTS (wiki.debian.org/LTS).
  debian: {
    '8': '2020-06-30',
    '9': '2022-06-30',
    '10': '2024-06-30',
    '11': '2026-08-31',
    '12': '2028-06-30',
    '13': '2030-06-30',
  },
  // Standard support of Ubuntu's long-term releases (wiki.ubuntu.com/Releases).
  ubuntu: {
    '14.04': '2019-04-25',
    '16.04': '2021-04-30',
    '18.04': '2023-05-31',
    '20.04': '2025-05-31',
    '22.04': '2027-06-30',
    '24.04': '2029-06-30',
    '26.04': '2031-06-30',
  },
  // alpinelinux.org/releases.
  alpine: {
    '3.15': '2023-11-01',
    '3.16': '2024-05-23',
    '3.17': '2024-11-22',
    '3.18': '2025-05-09',
    '3.19': '2025-11-01',
    '3.20': '2026-04-01',
    '3.21': '2026-11-01',
    '3.22': '2027-05-01',
  },
  // Maintenance support (access.redhat.com/support/policy/updates/errata).
  rhel: { '6': '2020-11-30', '7': '2024-06-30', '8': '2029-05-31', '9': '2032-05-31', '10': '2035-05-31' },
  centos: { '6': '2020-11-30', '7': '2024-06-30', '8': '2021-12-31' },
  almalinux: { '8': '2029-03-01', '9': '2032-05-31', '10': '2035-05-31' },
  rocky: { '8': '2029-05-31', '9': '2032-05-31', '10': '2035-05-31' },
}

/** Packages of a release that nobody mends any more: that no advisory tells of them says nothing. */
export interface Unsupported {
  /** As package URLs say it: `debian-10`. */
  readonly release: string
  /** `YYYY-MM-DD`. */
  readonly ended: string
  readonly packages: number
}

/** The releases of distributions among what is installed whose support is over. @param now milliseconds UTC. */
export function unsupported(installed: Iterable<Pick<Installed, 'purl'>>, now: number): readonly Unsupported[] {
  return [...countReleases(installed)].flatMap(([release, packages]) => {
    const ended = endedBy(release, now)
    return ended === undefined ? [] : [{ release, ended, packages }]
  })
}

/** Packages by the release that their URLs name, `debian-10`. */
export function countReleases(installed: Iterable<Pick<Installed, 'purl'>>): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const { purl } of installed) {
    const release = purl?.includes('distro=') === true ? distroOf(purl) : undefined
    if (release !== undefined) counts.set(release, (counts.get(release) ?? 0) + 1)
  }
  return counts
}

/** The last day of a release's support where that is over. */
export function endedBy(distro: string, now: number): string | undefined {
  const [, id = '', release = ''] = /^([a-z]+)-(\d[\w.]*)$/.exec(distro) ?? []
  const days = Object.hasOwn(LAST_DAYS, id) ? LAST_DAYS[id]! : {}
  const day = [release, release.split('.').slice(0, 2).join('.'), release.split('.')[0]!]
    .map((name) => (Object.hasOwn(days, name) ? days[name] : undefined))
    .find((one) => one !== undefined)
  return day !== undefined && day < new Date(now).toISOString().slice(0, 10) ? day : undefined
}

function distroOf(purl: string): string | undefined {
  try {
    return parsePurl(purl).qualifiers?.['distro']
  } catch {
    return undefined
  }
}
