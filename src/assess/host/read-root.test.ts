import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { keyOfPurl } from '../osv/names.ts'
import { parsePurl } from '../purl/purl.ts'
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
  expect((await readRoot(rootOf({ 'var/lib/rpm/rpmdb.sqlite': '' }))).problems[0]?.reason).toContain('rpm')
  expect((await readRoot(rootOf({}))).problems[0]?.reason).toContain('no database')
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
  const ours = installed.map(({ name, version, purl }) => {
    const [source, at = version] = parsePurl(purl!).qualifiers!['upstream']!.split('@')
    return `${name} ${version} ${source} ${at}`
  })
  console.log(`${wanted.length} packages of this machine`)
  expect(wanted.length).toBeGreaterThan(50)
  expect(ours.sort()).toEqual(wanted.sort())
})
