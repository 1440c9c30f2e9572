import { describe, expect, it } from 'vitest'
import { parsePurl } from '../purl/purl.ts'
import { indexAdvisories, matchPackage } from './advisories.ts'
import { keyOf, keyOfPurl } from './names.ts'
import { osvRecord } from './record.ts'

/** Package URLs as dpkg, syft, Trivy, cdxgen and we write them, and the ecosystem that OSV's records carry. */
const PAIRS: readonly (readonly [purl: string, ecosystem: string, name: string])[] = [
  ['pkg:deb/ubuntu/libc6@2.35?distro=ubuntu-22.04&upstream=glibc', 'Ubuntu:22.04:LTS', 'glibc'],
  ['pkg:deb/ubuntu/libc6@2.35?distro=jammy&upstream=glibc', 'Ubuntu:22.04:LTS', 'glibc'],
  ['pkg:deb/ubuntu/linux@3.13.0-206.257?distro=ubuntu-14.04', 'Ubuntu:Pro:14.04:LTS', 'linux'],
  ['pkg:deb/ubuntu/bash@5?distro=ubuntu-25.10', 'Ubuntu:25.10', 'bash'],
  ['pkg:deb/debian/curl@7.50.3-1?arch=i386&distro=bookworm', 'Debian:12', 'curl'],
  ['pkg:deb/debian/libssl3@3?distro=debian-12.5&upstream=openssl@3.0', 'Debian:12', 'openssl'],
  ['pkg:apk/alpine/busybox@1.36.1-r5?arch=x86_64&distro=3.18.4', 'Alpine:v3.18', 'busybox'],
  ['pkg:rpm/redhat/curl@7.61.1?distro=redhat-8.9', 'Red Hat:enterprise_linux:8::baseos', 'curl'],
  ['pkg:rpm/redhat/curl@7.61.1?distro=rhel-10.1', 'Red Hat:enterprise_linux:10.1', 'curl'],
  [
    'pkg:rpm/sles/libopenssl1_1@1.1.1d-1?distro=sles-15.4&upstream=openssl-1_1-1.1.1d-1.src.rpm',
    'SUSE:Linux Enterprise Module for Basesystem 15 SP4',
    'openssl-1_1',
  ],
  ['pkg:rpm/suse/curl@8?distro=sles-15.4', 'SUSE:Linux Enterprise Server 15 SP4-LTSS', 'curl'],
  ['pkg:rpm/suse/curl@8?distro=sles-15.5', 'SUSE:Package Hub 15 SP5', 'curl'],
  ['pkg:rpm/suse/curl@8?distro=sles-15', 'SUSE:Linux Enterprise Server 15', 'curl'],
  ['pkg:rpm/suse/curl@8?distro=sles-16.0', 'SUSE:Linux Enterprise Server 16.0', 'curl'],
  ['pkg:rpm/suse/curl@8?distro=sles_sap-12.5', 'SUSE:Linux Enterprise Server for SAP Applications 12 SP5', 'curl'],
  ['pkg:rpm/suse/curl@8?distro=sle-micro-5.3', 'SUSE:Linux Enterprise Micro 5.3', 'curl'],
  ['pkg:rpm/suse/curl@8?distro=sl-micro-6.0', 'SUSE:Linux Micro 6.0', 'curl'],
  ['pkg:rpm/opensuse/curl@8?distro=opensuse-leap-15.5', 'openSUSE:Leap 15.5', 'curl'],
  ['pkg:rpm/opensuse/curl@8?distro=opensuse-tumbleweed-20261101', 'openSUSE:Tumbleweed', 'curl'],
  ['pkg:rpm/azurelinux/curl@8?distro=azurelinux-3.0', 'Azure Linux:3', 'curl'],
  ['pkg:rpm/mariner/curl@8?distro=mariner-2.0', 'Azure Linux:2', 'curl'],
  ['pkg:rpm/openeuler/curl@8?distro=openeuler-24.03-LTS-SP1', 'openEuler:24.03-LTS-SP1', 'curl'],
  ['pkg:rpm/mageia/curl@8?distro=mageia-9', 'Mageia:9', 'curl'],
  ['pkg:rpm/rocky/curl@8?distro=rocky-9.4', 'Rocky Linux:9', 'curl'],
  ['pkg:rpm/photon/curl@8?distro=photon-5.0', 'Photon OS:5.0', 'curl'],
  ['pkg:apk/wolfi/curl@8?distro=wolfi-20230201', 'Wolfi', 'curl'],
]

describe('releases of distributions', () => {
  it.each(PAIRS)('%s is looked up where %s tells of %s', (purl, ecosystem, name) => {
    const key = keyOfPurl(parsePurl(purl))
    expect(key === undefined ? undefined : keyOf(key)).toBe(keyOf({ ecosystem, name }))
  })

  it.each([
    ['pkg:rpm/redhat/curl@7?distro=redhat-8.6', 'Red Hat:rhel_aus:8.6::appstream'],
    ['pkg:deb/ubuntu/curl@7?distro=ubuntu-22.04', 'Ubuntu:Pro:FIPS-updates:22.04:LTS'],
    ['pkg:rpm/suse/curl@7?distro=sles-15.4', 'SUSE:Linux Enterprise Server 15 SP5'],
    ['pkg:rpm/suse/curl@7?distro=sles-15.4', 'SUSE:Manager Server 4.3'],
    ['pkg:deb/debian/curl@7?distro=debian-12', 'Seal:Debian'],
  ])('%s is not judged by %s', (purl, ecosystem) => {
    expect(keyOf(keyOfPurl(parsePurl(purl))!)).not.toBe(keyOf({ ecosystem, name: 'curl' }))
  })

  it.each([
    'pkg:rpm/sles/curl@8',
    'pkg:deb/debian/curl@8',
    'pkg:rpm/fedora/curl@8?distro=fedora-41',
    'pkg:deb/curl@8?distro=sid',
  ])('%s names no release with advisories', (purl) => expect(keyOfPurl(parsePurl(purl))).toBeUndefined())
})

describe('Ubuntu with and without a subscription', () => {
  const entry = (ecosystem: string, fixed: string | undefined) => ({
    package: { ecosystem, name: 'curl' },
    ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }, ...(fixed === undefined ? [] : [{ fixed }])] }],
  })
  const record = (id: string, ...affected: object[]) => osvRecord.parse({ id, modified: '2026-01-01T00:00:00Z', affected })
  const advisories = indexAdvisories([
    record('UBUNTU-CVE-2026-1', entry('Ubuntu:18.04:LTS', undefined), entry('Ubuntu:Pro:18.04:LTS', '7.58-2ubuntu3+esm1')),
    record('UBUNTU-CVE-2026-2', entry('Ubuntu:18.04:LTS', '7.58-2ubuntu2'), entry('Ubuntu:Pro:18.04:LTS', '7.58-2ubuntu3+esm9')),
    record('UBUNTU-CVE-2026-3', entry('Ubuntu:Pro:18.04:LTS', '7.58-2ubuntu3+esm2')),
  ])
  const idsOf = (version: string) =>
    matchPackage(advisories, { ecosystem: 'Ubuntu:18.04', name: 'curl' }, version).hits.map(({ record: { id } }) => id.slice(-1))

  it('judges each version by the entry of its own kind', () => {
    expect(idsOf('7.58-2ubuntu1')).toEqual(['1', '2', '3'])
    expect(idsOf('7.58-2ubuntu3')).toEqual(['1', '3'])
    expect(idsOf('7.58-2ubuntu3+esm1')).toEqual(['2', '3'])
    expect(idsOf('7.58-2ubuntu3+esm9')).toEqual([])
    expect([...advisories.ecosystems]).toEqual([['ubuntu:18.04', 3]])
  })
})
