import type { PublishedHash } from './published-hash.ts'

/** A feed as its publisher offers it, and where it lies on a mirror that has the same files. */
export interface PublishedFeed {
  readonly id: string
  readonly url: string
  /** Below the folder of feeds, and below a mirror. */
  readonly path: string
  /** Where its publisher gives a hash of it; of OSV, KEV, EPSS and Debian's tracker we know of none. */
  readonly hash?: PublishedHash
}

/** Ecosystems of OSV that are fetched when none is named. */
const USUAL = ['npm', 'PyPI', 'Go', 'Maven', 'crates.io', 'NuGet', 'RubyGems', 'Packagist'] as const
const DISTRIBUTIONS = [
  ...['Debian', 'Ubuntu', 'Alpine', 'AlmaLinux', 'Rocky Linux', 'Red Hat', 'SUSE', 'openSUSE', 'Wolfi', 'Chainguard'],
  ...['Azure Linux', 'Mageia', 'openEuler', 'MinimOS', 'Alpaquita', 'Echo'],
] as const
/** What else we can look something up in. */
const FURTHER = ['Hex', 'Pub', 'SwiftURL', 'ConanCenter', 'CRAN', 'Hackage'] as const

/** Words for several ecosystems at once. */
const GROUPS: Readonly<Record<string, readonly string[]>> = {
  usual: USUAL,
  distributions: DISTRIBUTIONS,
  all: [...USUAL, ...FURTHER, ...DISTRIBUTIONS],
}

/** @param named ecosystems as OSV writes them, or the words of `GROUPS`; none: the usual ones. */
const chosen = (named: readonly string[]): readonly string[] =>
  named.length === 0 ? USUAL : [...new Set(named.flatMap((name) => (Object.hasOwn(GROUPS, name) ? GROUPS[name]! : [name])))]

export const FEED_IDS = ['osv', 'kev', 'epss', 'debian', 'nvd', 'jvn'] as const
export type FeedId = (typeof FEED_IDS)[number]

/** The files of a feed. @param year of the present, UTC. */
export function publishedFeeds(id: FeedId, ecosystems: readonly string[], year: number): readonly PublishedFeed[] {
  switch (id) {
    case 'osv':
      return chosen(ecosystems).map((name) => ({
        id: `osv ${name}`,
        url: `https://osv-vulnerabilities.storage.googleapis.com/${encodeURIComponent(name)}/all.zip`,
        path: `osv/${name.replaceAll(/[^\w.-]+/g, '-')}-all.zip`,
      }))
    case 'kev':
      return [
        {
          id,
          url: 'https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json',
          path: 'kev/known_exploited_vulnerabilities.json',
        },
      ]
    case 'epss':
      return [
        { id, url: 'https://epss.empiricalsecurity.com/epss_scores-current.csv.gz', path: 'epss/epss_scores-current.csv.gz' },
      ]
    case 'debian':
      return [{ id, url: 'https://security-tracker.debian.org/tracker/data/json', path: 'debian/debian-tracker.json' }]
    case 'nvd':
      return [year - 2, year - 1, year].map((one) => ({
        id: `nvd ${one}`,
        url: `https://nvd.nist.gov/feeds/json/cve/2.0/nvdcve-2.0-${one}.json.gz`,
        path: `nvd/nvdcve-2.0-${one}.json.gz`,
        hash: {
          url: `https://nvd.nist.gov/feeds/json/cve/2.0/nvdcve-2.0-${one}.meta`,
          path: `nvd/nvdcve-2.0-${one}.meta`,
          form: 'nvd',
        },
      }))
    case 'jvn':
      return [year - 1, year].map((one) => ({
        id: `jvn ${one}`,
        url: `https://jvndb.jvn.jp/ja/rss/years/jvndb_${one}.rdf`,
        path: `jvn/jvndb_${one}.rdf`,
        hash: { url: 'https://jvndb.jvn.jp/ja/feed/checksum.txt', path: 'jvn/checksum.txt', form: 'jvn' },
      }))
  }
}
