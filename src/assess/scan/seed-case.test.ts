import { beforeAll, describe, expect, it } from 'vitest'
import { sharedData } from '../../kernel/testing/shared-data.ts'
import { type Feeds, loadFeeds } from '../feeds/load.ts'
import { schemeOfEcosystem } from '../version/schemes.ts'
import { assess, type Installed } from './findings.ts'
import { funnelOf, isInUse } from './funnel.ts'

const osv = sharedData('vuln/osv')
const kev = sharedData('vuln/kev/kev-2026-08-08.json')
const epss = sharedData('vuln/epss/epss-kev-2026-08-22.csv')

/** A web shop's image of about as many findings as the seed's (345): AlmaLinux 8 as it was when each of these was first updated, a Go service, a Python worker, a Rust tool. */
const RPMS = (
  'bash bind-libs-lite binutils bzip2-libs c-ares cpio curl cyrus-sasl-lib dbus-libs expat file-libs freetype git-core glib2 glibc gnupg2 ' +
  'gnutls gzip krb5-libs less libarchive libcurl libgcrypt libjpeg-turbo libpng libssh libtasn1 libwebp libxml2 libxslt ' +
  'lua-libs ncurses-libs nettle nghttp2 libnghttp2 nginx nss openldap openssh openssl-libs p11-kit pcre2 perl-libs platform-python polkit ' +
  'python3-pip python3-urllib3 rpm-libs sqlite-libs sudo systemd-libs tar tcpdump unzip wget xz-libs zlib'
).split(' ')
const OTHERS: readonly (readonly [type: string, name: string, version: string])[] = [
  ['golang', 'stdlib', '1.24.2'],
  ['golang', 'golang.org/x/net', '0.7.0'],
  ['golang', 'golang.org/x/crypto', '0.6.0'],
  ['golang', 'google.golang.org/grpc', '1.50.0'],
  ['golang', 'github.com/gin-gonic/gin', '1.7.0'],
  ['pypi', 'django', '3.2.10'],
  ['pypi', 'pillow', '9.0.0'],
  ['pypi', 'urllib3', '1.26.4'],
  ['pypi', 'jinja2', '2.11.2'],
  ['pypi', 'cryptography', '3.3.1'],
  ['cargo', 'hyper', '0.14.9'],
  ['cargo', 'tokio', '1.8.0'],
  ['cargo', 'openssl', '0.10.40'],
  ['cargo', 'time', '0.1.43'],
]
/** A fixture, as an agent would tell it: what processes of the shop have loaded. */
const IN_USE = new Set(
  'glibc openssl-libs krb5-libs libcurl libnghttp2 nginx libxml2 libwebp libpng expat zlib stdlib golang.org/x/net google.golang.org/grpc django pillow urllib3'.split(
    ' ',
  ),
)

describe.skipIf(osv === undefined || kev === undefined || epss === undefined)(
  "the seed's own case (needs ../shared/data)",
  () => {
    let feeds: Feeds
    let installed: readonly Installed[]

    beforeAll(async () => {
      feeds = await loadFeeds([osv!, kev!, epss!])
      installed = [
        ...RPMS.flatMap((name): Installed[] => {
          const version = firstFixed(feeds, name)
          const purl = `pkg:rpm/almalinux/${name}@${encodeURIComponent(version ?? '')}?distro=almalinux-8`
          return version === undefined ? [] : [{ name, version, purl, place: 'image' }]
        }),
        ...OTHERS.map(([type, name, version]) => ({ name, version, purl: `pkg:${type}/${name}@${version}`, place: 'image' })),
      ]
    }, 60_000)

    it('narrows an image to what is in use and what is exploited, within a second, and can say why each was dropped', () => {
      const before = process.cpuUsage()
      const { findings, unjudged } = assess(installed, feeds)
      const funnel = funnelOf(findings, IN_USE, true)
      const { user, system } = process.cpuUsage(before)
      const used = findings.filter((one) => one.fixed.length > 0 && isInUse(one, IN_USE))
      const exploited = used.filter((one) => one.kev !== null)
      console.log(
        `${installed.length} packages: ${funnel.all} found → ${funnel.fixable} with a fix → ${funnel.inUse} in use → ${funnel.exploited} exploited (${[...new Set(exploited.map(({ id }) => id))].join(', ')}); ${Math.round((user + system) / 1000)} ms of CPU`,
      )
      expect(unjudged).toEqual([])
      expect(Math.abs(funnel.all - 345)).toBeLessThan(20)
      expect(funnel.inUse).toBe(used.length)
      expect(funnel.inUse!).toBeLessThan(funnel.all / 2)
      expect(funnel.exploited).toBeGreaterThan(0)
      // Whatever is not at the end fell at exactly one step, and why stands beside it.
      const fell = Map.groupBy(findings, (one) =>
        one.fixed.length === 0
          ? 'no fix is known'
          : !isInUse(one, IN_USE)
            ? 'nothing has it loaded'
            : one.kev === null
              ? 'not in KEV'
              : 'stays',
      )
      for (const [why, some] of fell) {
        const packages = Map.groupBy(some, ({ installed: { name } }) => name)
        console.log(`${some.length} ${why}: ${[...packages].map(([name, { length }]) => `${name} ${length}`).join(', ')}`)
      }
      const count = (why: Parameters<typeof fell.get>[0]): number => fell.get(why)?.length ?? 0
      expect(count('stays')).toBe(funnel.exploited)
      expect(count('no fix is known') + funnel.fixable).toBe(funnel.all)
      expect(count('nothing has it loaded') + funnel.inUse!).toBe(funnel.fixable)
      expect(count('not in KEV') + funnel.exploited!).toBe(funnel.inUse)
      // No vulnerability of a package twice, whatever it is called.
      const names = findings.flatMap(({ ids, installed: { name } }) => ids.map((id) => `${name} ${id}`))
      expect(new Set(names).size).toBe(names.length)
      expect((user + system) / 1e6).toBeLessThan(1)
    })

    it('says of feeds without advisories that nothing was judged, and not that there is nothing', async () => {
      const { findings, judged, unjudged } = assess(installed, await loadFeeds([kev!]))
      expect({ findings: findings.length, judged, unjudged: unjudged.length }).toEqual({
        findings: 0,
        judged: 0,
        unjudged: installed.length,
      })
      expect(new Set(unjudged.map(({ why }) => why))).toEqual(new Set(['no-advisories']))
      const without = await loadFeeds([])
      expect(funnelOf(assess(installed, without).findings, IN_USE, without.kev !== null).exploited).toBeNull()
    })
  },
)

/** The oldest version that an advisory of AlmaLinux 8 calls fixed: what was installed when only that one was known. */
function firstFixed({ advisories }: Feeds, name: string): string | undefined {
  const order = schemeOfEcosystem('AlmaLinux:8')!
  return advisories
    .of({ ecosystem: 'AlmaLinux:8', name })
    .flatMap(({ affected }) => (affected.ranges ?? []).flatMap(({ events }) => events.flatMap(({ fixed }) => fixed ?? [])))
    .toSorted(order.compare)[0]
}
