import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { apkChanges } from './apk-changes.ts'
import { anyOf, type Changed, type PackageChanges } from './package-change.ts'
import { rpmChanges } from './rpm-changes.ts'

const folder = mkdtempSync(join(tmpdir(), 'kanpeki-changes-'))
afterAll(() => rmSync(folder, { recursive: true }))
const lacking = spawnSync('rpmbuild', ['--version']).status === 0 ? undefined : 'rpm'

const build = (version: string, files: Readonly<Record<string, string>>, algorithm: number): string => {
  const spec = join(folder, `shop-${version}.spec`)
  const made = Object.entries(files).map(
    ([path, text]) => `mkdir -p $(dirname %{buildroot}${path}); printf '%s' '${text}' > %{buildroot}${path}`,
  )
  writeFileSync(
    spec,
    `Name: shop
Version: ${version}
Release: 1
Summary: A package
License: MIT
BuildArch: noarch
%description
Text.
%install
${made.join('\n')}
ln -s app %{buildroot}/opt/shop/current
%files
%dir /opt/shop
/opt/shop/current
${Object.keys(files).join('\n')}
`,
  )
  const top = join(folder, `build-${version}-${algorithm}`)
  const define = [`_topdir ${top}`, `_source_filedigest_algorithm ${algorithm}`, `_binary_filedigest_algorithm ${algorithm}`]
  execFileSync('rpmbuild', [...define.flatMap((one) => ['--define', one]), '-bb', '--quiet', spec], { stdio: 'pipe' })
  return join(top, 'RPMS/noarch', readdirSync(join(top, 'RPMS/noarch'))[0]!)
}

const about =
  (root: string, changes: PackageChanges) =>
  async (path: string, more: Partial<Changed> = {}) => {
    const found = statSync(join(root, path), { throwIfNoEntry: false })
    const at = found?.ctimeMs ?? Date.now()
    return await changes.find({ path: join(root, path), type: 'file', gone: found === undefined, from: at, to: at, ...more })
  }

describe.skipIf(lacking !== undefined && process.env['CI'] !== 'true')(
  `what rpm itself changed (needs ${lacking ?? 'nothing more'})`,
  () => {
    it.each([
      [8, 'sha256'],
      [1, 'md5'],
    ] as const)(
      'is known by its own digests, of OpenPGP’s algorithm %i',
      async (algorithm, digest) => {
        const root = join(folder, digest)
        mkdirSync(join(root, 'var/lib/rpm'), { recursive: true })
        const rpm = (...args: readonly string[]): void =>
          void execFileSync('rpm', ['--root', root, '--dbpath', '/var/lib/rpm', '--nodeps', '--noscripts', ...args], {
            stdio: 'pipe',
          })
        rpm('-i', build('1', { '/opt/shop/app': 'one', '/opt/shop/old': 'old' }, algorithm))
        const changes = anyOf([rpmChanges(root), apkChanges(root)])
        const whose = about(root, changes)
        await changes.learn(() => true)
        rpm('-U', build('2', { '/opt/shop/app': 'two', '/opt/shop/new': 'new' }, algorithm))
        expect(await changes.busy()).toBe(true)
        const brought = { type: 'rpm', name: 'shop', version: '2-1' }
        expect(await whose('opt/shop/app')).toEqual({ ...brought, by: digest })
        expect(await whose('opt/shop/new')).toEqual({ ...brought, by: digest })
        expect(await whose('opt/shop', { type: 'dir' })).toEqual({ ...brought, by: 'listed' })
        expect(await whose('opt/shop/current', { type: 'symlink' })).toEqual({ ...brought, by: 'listed' })
        // The new version has it no more.
        expect(await whose('opt/shop/old')).toEqual({ ...brought, by: 'listed' })
        // At the same time, and by nobody: other content, another file, another time.
        writeFileSync(join(root, 'opt/shop/app'), 'one, and a little more')
        writeFileSync(join(root, 'opt/shop/extra'), 'two')
        expect(await whose('opt/shop/app')).toBeUndefined()
        expect(await whose('opt/shop/extra')).toBeUndefined()
        const earlier = Date.now() - 600_000
        expect(await whose('opt/shop/new', { from: earlier, to: earlier })).toBeUndefined()
        await changes.learn(() => true)
        rpm('-e', 'shop')
        expect(await whose('opt/shop/new')).toMatchObject({ type: 'rpm', name: 'shop', by: 'listed' })
        expect(await whose('opt/shop/never')).toBeUndefined()
      },
      60_000,
    )
  },
)

describe('what apk changed', () => {
  it('is known by its own checksums, once its database says that the package is another one', async () => {
    const root = join(folder, 'apk')
    mkdirSync(join(root, 'lib/apk/db'), { recursive: true })
    mkdirSync(join(root, 'usr/bin'), { recursive: true })
    const sum = (text: string): string => `Q1${createHash('sha1').update(text).digest('base64')}`
    const write = (
      ...packages: readonly (readonly [name: string, version: string, files: Readonly<Record<string, string>>])[]
    ): void => {
      const text = packages.map(([name, version, files]) => {
        const lines = Object.entries(files).map(([file, content]) => `R:${file}\na:0:0:755\nZ:${sum(content)}\n`)
        return `C:${sum(name + version)}\nP:${name}\nV:${version}\nA:x86_64\nF:usr\nF:usr/bin\n${lines.join('')}\n`
      })
      writeFileSync(join(root, 'lib/apk/db/installed'), text.join(''))
    }
    const put = (file: string, text: string): void => writeFileSync(join(root, 'usr/bin', file), text)
    write(
      ['shop', '1.0-r0', { shop: 'one', dropped: 'x' }],
      ['other', '3-r1', { other: 'o' }],
      ['leaving', '1-r0', { leaving: 'l' }],
    )
    for (const file of ['shop', 'other', 'dropped', 'leaving']) put(file, 'before')
    const changes = apkChanges(root)
    const whose = about(root, changes)
    await changes.learn(() => true)
    // Nothing was installed yet: what has the right content all the same came from nowhere.
    put('other', 'o')
    expect(await whose('usr/bin/other')).toBeUndefined()
    for (const file of ['dropped', 'leaving']) rmSync(join(root, 'usr/bin', file))
    put('shop', 'two')
    write(['shop', '1.1-r0', { shop: 'two', fresh: 'f' }], ['other', '3-r1', { other: 'o' }])
    put('fresh', 'tampered with')
    const brought = { type: 'apk', name: 'shop', version: '1.1-r0' }
    expect(await whose('usr/bin/shop')).toEqual({ ...brought, by: 'sha1' })
    expect(await whose('usr/bin/dropped')).toEqual({ ...brought, by: 'listed' })
    expect(await whose('usr/bin/leaving')).toEqual({ type: 'apk', name: 'leaving', version: '1-r0', by: 'listed' })
    expect(await whose('usr/bin', { type: 'dir' })).toEqual({ ...brought, by: 'listed' })
    expect(await whose('usr/bin/fresh')).toBeUndefined()
    expect(await whose('usr/bin/other')).toBeUndefined()
    expect(await whose('usr/bin/unknown')).toBeUndefined()
    expect(await changes.busy()).toBe(true)
    utimesSync(join(root, 'lib/apk/db/installed'), 1, 1)
    expect(await changes.busy()).toBe(false)
  })

  it('is nothing where there is none of these managers', async () => {
    const changes = anyOf([rpmChanges(join(folder, 'none')), apkChanges(join(folder, 'none'))])
    await changes.learn(() => true)
    expect(await changes.busy()).toBe(false)
    expect(await about(join(folder, 'none'), changes)('x')).toBeUndefined()
  })
})
