import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { zipOf } from '../../assess/archive/testing/zip-of.ts'
import { getPath, type JsonObject } from '../../kernel/json.ts'
import { distributionPackages, installedSoftware, listOf } from './installed.ts'
import { createSoftware, softwareCollector } from './software.ts'
import { findMarkers, skippedOn } from './walk.ts'

const folder = mkdtempSync(join(tmpdir(), 'kanpeki-software-'))
afterAll(() => rmSync(folder, { recursive: true }))

function look(
  folders: readonly string[],
  more: { readonly skipped?: (path: string) => boolean; readonly mostFolders?: number } = {},
) {
  const counters = new Map<string, number>()
  const count = (name: string, by = 1): void => void counters.set(name, (counters.get(name) ?? 0) + by)
  return { counters, walking: { folders, skipped: () => false, count, signal: AbortSignal.timeout(60_000), parts: 1, ...more } }
}

describe('packages of languages that lie there', () => {
  it('are what npm itself says it installed: this very tree', async () => {
    const { counters, walking } = look(['node_modules'])
    const found = await installedSoftware('/no-root', walking)
    const lock = JSON.parse(readFileSync('node_modules/.package-lock.json', 'utf8')) as {
      packages: Record<string, { version?: string; link?: boolean; name?: string }>
    }
    const expected = new Set(
      Object.entries(lock.packages)
        .filter(([, { link }]) => link !== true)
        .map(([path, { name, version }]) => `${name ?? path.slice(path.lastIndexOf('node_modules/') + 13)}@${version}`),
    )
    const ours = new Set(
      found.filter(({ purl }) => purl?.startsWith('pkg:npm/')).map(({ name, version }) => `${name}@${version}`),
    )
    const missing = [...expected].filter((one) => !ours.has(one))
    // Packages carry copies of others in themselves, which npm does not list.
    const more = [...ours].filter((one) => !expected.has(one))
    console.log(
      `npm lists ${expected.size}, found ${ours.size}, ${missing.length} missing, ${more.length} more: ${more.slice(0, 5).join(' ')}`,
    )
    expect(expected.size).toBeGreaterThan(300)
    expect(missing).toEqual([])
    expect(counters.get('software.unread') ?? 0).toBe(0)
  }, 60_000)

  it('are what pip installed, from a wheel and from a source', async () => {
    const lacking = spawnSync('python3', ['-m', 'pip', '--version']).status !== 0
    if (lacking && process.env['CI'] !== 'true') return console.warn('no pip here: left out')
    // The interpreter itself: what stands before it on the path may add steps of its own to each install.
    const python = execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' }).trim()
    const wheel = join(folder, 'Own.Tool-1.2.3-py3-none-any.whl')
    const info = 'Own.Tool-1.2.3.dist-info'
    writeFileSync(
      wheel,
      zipOf({
        'own_tool/__init__.py': 'x = 1\n',
        [`${info}/METADATA`]:
          'Metadata-Version: 2.1\nName: Own.Tool\nVersion: 1.2.3\nSummary: A tool\n\nVersion: 9.9.9 in the text\n',
        [`${info}/WHEEL`]: 'Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n',
        [`${info}/RECORD`]: `own_tool/__init__.py,,\n${info}/METADATA,,\n${info}/WHEEL,,\n${info}/RECORD,,\n`,
      }),
    )
    const target = join(folder, 'app/lib/site-packages')
    execFileSync(
      python,
      ['-m', 'pip', 'install', '--quiet', '--no-index', '--no-deps', '--disable-pip-version-check', '--target', target, wheel],
      {
        stdio: 'pipe',
      },
    )
    mkdirSync(join(target, 'older.egg-info'))
    writeFileSync(join(target, 'older.egg-info/PKG-INFO'), 'Metadata-Version: 1.0\r\nName: older\r\nVersion: 0.1\r\n')
    writeFileSync(join(target, 'oldest-0.0.1.egg-info'), 'Metadata-Version: 1.0\nName: oldest\nVersion: 0.0.1\n')
    const { walking } = look([join(folder, 'app')])
    const found = await installedSoftware('/no-root', walking)
    const said = JSON.parse(
      execFileSync(python, ['-m', 'pip', 'list', '--disable-pip-version-check', '--path', target, '--format', 'json'], {
        encoding: 'utf8',
      }),
    ) as { name: string; version: string }[]
    expect(said).toContainEqual({ name: 'Own.Tool', version: '1.2.3' })
    expect(found.map(({ name, version }) => ({ name, version })).toSorted((a, b) => (a.name < b.name ? -1 : 1))).toEqual(
      said.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    )
    expect(found.find(({ name }) => name === 'Own.Tool')).toMatchObject({
      purl: 'pkg:pypi/own.tool@1.2.3',
      place: join(target, info, 'METADATA'),
    })
  }, 60_000)

  it('are what Maven wrote into archives, nested ones too; others by manifest and name, and counted', async () => {
    const pom = (group: string, name: string, version: string) => ({
      [`META-INF/maven/${group}/${name}/pom.properties`]: `groupId=${group}\nartifactId=${name}\nversion=${version}\n`,
    })
    const inner = zipOf(pom('org.apache.logging.log4j', 'log4j-core', '2.14.1'))
    const shop = join(folder, 'java/shop')
    mkdirSync(shop, { recursive: true })
    writeFileSync(
      join(shop, 'shop.war'),
      zipOf({
        ...pom('test', 'shop', '1'),
        'WEB-INF/lib/log4j-core-2.14.1.jar': inner,
        'WEB-INF/lib/bare-7.jar': zipOf({ a: 'b' }),
      }),
    )
    writeFileSync(join(shop, 'log4j-core-2.14.1.jar'), inner)
    writeFileSync(
      join(shop, 'driver.jar'),
      zipOf({
        'META-INF/MANIFEST.MF': 'Manifest-Version: 1.0\r\nBundle-SymbolicName: test.dri\r\n ver;x=1\r\nBundle-Version: 4.2\r\n',
      }),
    )
    writeFileSync(join(shop, 'broken.jar'), 'no archive')
    const { counters, walking } = look([join(folder, 'java')])
    const found = await installedSoftware('/no-root', walking)
    expect(found.map(({ name, version, purl }) => [name, version, purl]).toSorted()).toEqual([
      ['bare', '7', null],
      ['org.apache.logging.log4j:log4j-core', '2.14.1', 'pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1'],
      ['test.driver', '4.2', null],
      ['test:shop', '1', 'pkg:maven/test/shop@1'],
    ])
    expect(found.find(({ name }) => name.endsWith('log4j-core'))?.place).toMatch(/\(\+1\)$/)
    expect([counters.get('software.unnamed'), counters.get('software.unread')]).toEqual([2, 1])
  })

  it('that the distribution brought are left to it, and what is skipped, too much or not to be read is counted', async () => {
    const root = join(folder, 'root')
    const module = 'usr/share/nodejs/semver'
    mkdirSync(join(root, 'var/lib/dpkg/info'), { recursive: true })
    mkdirSync(join(root, 'usr/share/nodejs/node_modules/semver'), { recursive: true })
    mkdirSync(join(root, 'var/lib/docker/overlay2/x/node_modules/hidden'), { recursive: true })
    mkdirSync(join(root, 'srv/node_modules/own'), { recursive: true })
    const marker = (path: string, name: string): void =>
      writeFileSync(join(root, path, 'package.json'), JSON.stringify({ name, version: '7.0.0' }))
    marker('usr/share/nodejs/node_modules/semver', 'semver')
    marker('var/lib/docker/overlay2/x/node_modules/hidden', 'hidden')
    marker('srv/node_modules/own', '@shop/own')
    symlinkSync(join(root, 'srv'), join(root, 'srv/node_modules/loop'))
    const owned = join(root, module.replace('nodejs/', 'nodejs/node_modules/'), 'package.json')
    writeFileSync(join(root, 'var/lib/dpkg/status'), 'Package: node-semver\nStatus: install ok installed\nVersion: 7.3.5\n')
    writeFileSync(join(root, 'var/lib/dpkg/info/node-semver.list'), `${owned}\n`)
    const { counters, walking } = look([root], { skipped: skippedOn(root, '/proc') })
    const found = await installedSoftware(root, walking)
    expect(found.map(({ name, purl }) => [name, purl])).toEqual([['@shop/own', 'pkg:npm/%40shop/own@7.0.0']])
    expect([counters.get('software.ofDistribution'), counters.get('software.foldersSkipped')]).toEqual([1, 1])
    const ofDistribution = await distributionPackages(root, walking.count, () => {})
    expect(ofDistribution.map(({ name, version }) => [name, version])).toEqual([['node-semver', '7.3.5']])

    const few = look([root], { mostFolders: 3 })
    for await (const _ of findMarkers(few.walking));
    expect(few.counters.get('software.beyond')).toBeGreaterThan(0)
    if (process.getuid?.() !== 0) {
      chmodSync(join(root, 'srv'), 0)
      const shut = look([root])
      for await (const _ of findMarkers(shut.walking));
      chmodSync(join(root, 'srv'), 0o755)
      expect(shut.counters.get('software.unread')).toBe(1)
    }
  })

  it('are told as one list, another one where something came, and that it came and went as events', async () => {
    const software = createSoftware()
    const ending = new AbortController()
    const counters = new Map<string, number>()
    const events: JsonObject[] = []
    const running = softwareCollector({
      root: '/no-root',
      proc: '/proc',
      folders: [join(folder, 'root/srv')],
      everyMs: 20,
      software,
      parts: 1,
    }).run({
      emit: (event) => events.push(event) > 0,
      room: () => Promise.resolve(),
      count: (name, by = 1) => void counters.set(name, (counters.get(name) ?? 0) + by),
      signal: ending.signal,
      folder,
      warn: () => {},
    })
    while (software.list() === undefined) await software.next(ending.signal)
    const first = software.list()!
    expect(listOf(first.components.toReversed()).digest).toBe(first.digest)
    mkdirSync(join(folder, 'root/srv/node_modules/came'))
    writeFileSync(join(folder, 'root/srv/node_modules/came/package.json'), '{"name":"came","version":"1.0.0"}')
    while (software.list()!.digest === first.digest) await software.next(ending.signal)
    expect(software.list()!.components.map(({ name }) => name)).toContain('came')
    rmSync(join(folder, 'root/srv/node_modules/came'), { recursive: true })
    while (software.list()!.digest !== first.digest) await software.next(ending.signal)
    expect(events.map((one) => [getPath(one, 'event.action'), one['package']])).toEqual(
      ['package-installed', 'package-removed'].map((action) => [
        action,
        { name: 'came', type: 'npm', version: '1.0.0', path: join(folder, 'root/srv/node_modules/came/package.json') },
      ]),
    )
    ending.abort()
    await running
  })
})
