import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { writeRpmDatabase } from '../../platform/testing/rpm-database.ts'
import { indexAdvisories } from '../osv/advisories.ts'
import { keyOfPurl } from '../osv/names.ts'
import { osvRecord } from '../osv/record.ts'
import { parsePurl } from '../purl/purl.ts'
import { assess } from '../scan/findings.ts'
import { readOsRelease } from './os-release.ts'
import { readRoot } from './read-root.ts'

const base = mkdtempSync(join(tmpdir(), 'kanpeki-root-'))
afterAll(() => rmSync(base, { recursive: true }))

function rootOf(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(base, 'root-'))
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  return root
}

it('reads dpkg with the source packages that advisories go by, and leaves out what was removed', async () => {
  const { os, installed, problems } = await readRoot(
    rootOf({
      'etc/os-release': 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\nVERSION_ID="12"\n',
      'var/lib/dpkg/status':
        'Package: libssl3\nStatus: install ok installed\nArchitecture: amd64\nSource: openssl\nVersion: 3.0.11-1~deb12u2\nDescription: x\n more\n\nPackage: gone\nStatus: deinstall ok config-files\nVersion: 1\n\nPackage: bash\nStatus: install ok installed\nSource: bash (5.2.15-2)\nVersion: 5.2.15-2+b2\n',
    }),
  )
  expect({ os, problems }).toEqual({ os: 'debian 12', problems: [] })
  expect(installed.map(({ purl }) => purl)).toEqual([
    'pkg:deb/debian/libssl3@3.0.11-1~deb12u2?arch=amd64&distro=debian-12&upstream=openssl',
    'pkg:deb/debian/bash@5.2.15-2%2Bb2?distro=debian-12&upstream=bash%405.2.15-2',
  ])
  expect(installed.map(({ purl }) => keyOfPurl(parsePurl(purl!)))).toEqual([
    { ecosystem: 'Debian:12', name: 'openssl' },
    { ecosystem: 'Debian:12', name: 'bash' },
  ])
})

it('reads apk, and says what it does not read', async () => {
  const alpine = await readRoot(
    rootOf({
      'etc/os-release': "ID=alpine\nVERSION_ID='3.19.1'\n",
      'lib/apk/db/installed': 'C:Q1\nP:ssl_client\nV:1.36.1-r15\nA:x86_64\no:busybox\n\nP:musl\nV:1.2.4_git20230717-r4\n\n',
    }),
  )
  expect(alpine.installed.map(({ purl }) => keyOfPurl(parsePurl(purl!)))).toEqual([
    { ecosystem: 'Alpine:v3.19', name: 'busybox' },
    { ecosystem: 'Alpine:v3.19', name: 'musl' },
  ])
  expect((await readRoot(rootOf({}))).problems[0]?.reason).toContain('no database')
})

it('knows the service packs of openEuler, which it tells elsewhere than the others', () => {
  const of = (text: string) => readOsRelease(text)?.version
  expect(of('ID="openEuler"\nVERSION="24.03 (LTS-SP1)"\nVERSION_ID="24.03"\n')).toBe('24.03-LTS-SP1')
  expect(of('ID="openEuler"\nVERSION="25.09"\nVERSION_ID="25.09"\n')).toBe('25.09')
  expect(of('ID=ubuntu\nVERSION="24.04.1 LTS (Noble Numbat)"\nVERSION_ID="24.04"\n')).toBe('24.04')
})

it('reads rpm by the binary packages that its advisories name, and refuses older databases by name', async () => {
  const root = rootOf({ 'etc/os-release': 'ID="almalinux"\nVERSION_ID="9.4"\n' })
  writeRpmDatabase(join(root, 'var/lib/rpm/rpmdb.sqlite'), [
    { name: 'openssl-libs', version: '3.0.7', release: '27.el9', epoch: 1, sourceRpm: 'openssl-3.0.7-27.el9.src.rpm' },
    { name: 'bash', version: '5.1.8', release: '9.el9', files: ['/usr/bin/bash', '/etc/bashrc'] },
  ])
  const { os, installed, problems, rpmFiles } = await readRoot(root)
  expect({ os, problems, rpmFiles }).toEqual({ os: 'almalinux 9.4', problems: [], rpmFiles: ['usr/bin/bash', 'etc/bashrc'] })
  expect(installed.map(({ version, purl }) => [version, purl, keyOfPurl(parsePurl(purl!))])).toEqual([
    [
      '5.1.8-9.el9',
      'pkg:rpm/almalinux/bash@5.1.8-9.el9?arch=x86_64&distro=almalinux-9.4',
      { ecosystem: 'AlmaLinux:9', name: 'bash' },
    ],
    [
      '1:3.0.7-27.el9',
      'pkg:rpm/almalinux/openssl-libs@3.0.7-27.el9?arch=x86_64&distro=almalinux-9.4&epoch=1&upstream=openssl-3.0.7-27.el9.src.rpm',
      { ecosystem: 'AlmaLinux:9', name: 'openssl-libs' },
    ],
  ])
  // The epoch decides: 1:3.0.7-27 is older than 1:3.0.7-28, and newer than any 3.x without one.
  const record = osvRecord.parse({
    id: 'ALSA-2026:1',
    affected: [
      {
        package: { ecosystem: 'AlmaLinux:9', name: 'openssl-libs' },
        ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }, { fixed: '1:3.0.7-28.el9' }] }],
      },
    ],
    related: ['CVE-2026-1'],
  })
  const feeds = {
    advisories: indexAdvisories([record]),
    kev: null,
    epss: null,
    cves: new Map(),
    facts: '',
    files: [],
    problems: [],
    unmatched: 0,
  }
  expect(assess(installed, feeds).findings).toMatchObject([{ id: 'ALSA-2026:1', fixed: ['1:3.0.7-28.el9'] }])

  for (const file of ['var/lib/rpm/Packages', 'usr/lib/sysimage/rpm/Packages.db']) {
    const old = await readRoot(rootOf({ [file]: 'x' }))
    expect(old.installed).toEqual([])
    expect(old.problems).toMatchObject([{ file: expect.stringContaining(file), reason: expect.stringContaining('rpm') }])
  }
  for (const text of ['', 'x'.repeat(5000)])
    expect((await readRoot(rootOf({ 'var/lib/rpm/rpmdb.sqlite': text }))).problems[0]?.reason).toContain('rpm')
})

const hasDpkg = spawnSync('dpkg-query', ['--version']).error === undefined
it.skipIf(!hasDpkg)('agrees with dpkg-query about this very machine', async () => {
  const told = execFileSync(
    'dpkg-query',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg's own.
    ['-W', '-f', '${db:Status-Status} ${Package} ${Version} ${source:Package} ${source:Version}\n'],
    {
      encoding: 'utf8',
      maxBuffer: 64 * 2 ** 20,
    },
  )
  const wanted = told.split('\n').flatMap((line) => {
    const [status, ...rest] = line.split(' ')
    return status === 'installed' ? [rest.join(' ')] : []
  })
  const { installed } = await readRoot('/')
  const debs = installed.filter(({ purl }) => purl?.startsWith('pkg:deb/'))
  const ours = debs.map(({ name, version, purl }) => {
    const [source, at = version] = parsePurl(purl!).qualifiers!['upstream']!.split('@')
    return `${name} ${version} ${source} ${at}`
  })
  console.log(`${wanted.length} packages of this machine`)
  expect(wanted.length).toBeGreaterThan(50)
  expect(ours.sort()).toEqual(wanted.sort())
})
