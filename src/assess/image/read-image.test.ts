import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, linkSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { afterAll, expect, it } from 'vitest'
import { rejectionOf } from '../../platform/testing/code-of.ts'
import { goBuildInfo } from './go-binary.ts'
import { readImage } from './read-image.ts'

const base = mkdtempSync(join(tmpdir(), 'kanpeki-image-'))
afterAll(() => rmSync(base, { recursive: true }))

type Files = Readonly<Record<string, string | Buffer>>

/** A tar by the system's own program. */
function tarOf(files: Files): Buffer {
  const folder = mkdtempSync(join(base, 'tar-'))
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  return execFileSync('tar', ['-C', folder, '-cf', '-', '.'], { maxBuffer: 64 * 2 ** 20 })
}

const OS = 'ID=debian\nVERSION_ID="12"\n'
const dpkg = (...names: readonly string[]) =>
  names.map((name) => `Package: ${name}\nStatus: install ok installed\nVersion: 1.0\n`).join('\n')
const long = `${'deep/'.repeat(40)}node_modules/@scope/left/package.json`
const LAYERS: readonly Files[] = [
  {
    'etc/os-release': OS,
    'var/lib/dpkg/status': dpkg('bash', 'curl'),
    'app/node_modules/gone/package.json': '{"name":"gone","version":"1.0.0"}',
    'opt/old/requirements.txt': 'django==2.2\n',
    [long]: '{"name":"@scope/left","version":"2.0.0"}',
  },
  {
    'var/lib/dpkg/status': dpkg('bash'),
    'app/node_modules/.wh.gone': '',
    'opt/old/.wh..wh..opq': '',
    'opt/old/Cargo.lock': '[[package]]\nname = "time"\nversion = "0.1.43"\nsource = "registry+x"\n',
    'var/lib/dpkg/info/python3-pip.list': '/.\n/usr/lib/python3/dist-packages/pip-23.0.dist-info/METADATA\n',
    'usr/lib/python3/dist-packages/pip-23.0.dist-info/METADATA': 'Name: pip\nVersion: 23.0\n',
    'usr/lib/python3/dist-packages/idna-3.6.dist-info/METADATA':
      'Metadata-Version: 2.1\nName: idna\nVersion: 3.6\n\nVersion: 9\n',
  },
]
const WANTED = [
  'pkg:cargo/time@0.1.43',
  'pkg:deb/debian/bash@1.0?distro=debian-12&upstream=bash',
  'pkg:npm/%40scope/left@2.0.0',
  'pkg:pypi/idna@3.6',
]

function saved(pack: (bytes: Buffer) => Buffer): string {
  const layers = LAYERS.map((files, at) => [`layer-${at}/layer.tar`, pack(tarOf(files))] as const)
  const manifest = JSON.stringify([{ Config: 'config.json', Layers: layers.map(([name]) => name) }])
  const file = join(base, `saved-${Math.random()}.tar`)
  writeFileSync(file, tarOf({ 'manifest.json': manifest, ...Object.fromEntries(layers) }))
  return file
}

function layoutParts(): Files {
  const blobs = new Map<string, Buffer>()
  const put = (bytes: Buffer): { readonly digest: string } => {
    const hash = createHash('sha256').update(bytes).digest('hex')
    blobs.set(`blobs/sha256/${hash}`, bytes)
    return { digest: `sha256:${hash}` }
  }
  const layers = LAYERS.map((files) => put(gzipSync(tarOf(files))))
  const manifest = put(Buffer.from(JSON.stringify({ layers })))
  const nothing = put(Buffer.from('{"layers":[]}'))
  const of = (os: string, architecture: string) => ({ platform: { os, architecture } })
  const own = process.arch === 'x64' ? 'amd64' : process.arch
  const index = put(
    Buffer.from(
      JSON.stringify({
        manifests: [
          { ...nothing, ...of('unknown', 'unknown') },
          { ...nothing, ...of('linux', 's390x') },
          { ...manifest, ...of('linux', own) },
        ],
      }),
    ),
  )
  return { 'index.json': JSON.stringify({ manifests: [index] }), ...Object.fromEntries(blobs) }
}

function layout(pack: (bytes: Buffer) => Buffer = (bytes) => bytes): string {
  const file = join(base, `layout-${Math.random()}.tar`)
  writeFileSync(file, pack(tarOf(layoutParts())))
  return file
}

function layoutFolder(): string {
  const folder = join(base, 'layout')
  for (const [path, bytes] of Object.entries(layoutParts())) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), bytes)
  }
  return folder
}

it.each([
  ['docker save, plain layers', () => saved((bytes) => bytes)],
  ['docker save, gzipped', () => saved(gzipSync)],
  ['zstd', () => saved(zstdCompressSync)],
  ['an OCI layout of several platforms', () => layout()],
  ['an OCI layout, packed whole', () => layout(gzipSync)],
  ['an OCI layout in a folder', layoutFolder],
])('reads %s: layers in order, and what they take away', async (_, file) => {
  const { os, layers, installed, left, problems } = await readImage(file())
  expect({ os, layers, left, problems }).toEqual({ os: 'debian 12', layers: 2, left: [], problems: [] })
  expect(installed.map(({ purl }) => purl).sort()).toEqual(WANTED)
})

/** What Go's linker writes (debug/buildinfo), among other bytes and after a magic that is none. */
function goProgram(version: string, modules: string): Buffer {
  const text = (words: string): Buffer =>
    Buffer.concat([Buffer.from(varint(Buffer.byteLength(words))), Buffer.from(words, 'latin1')])
  const magic = Buffer.from('\xff Go buildinf:', 'latin1')
  const header = Buffer.concat([magic, Buffer.from([8, 2]), Buffer.alloc(16)])
  const body = modules === '' ? '' : `${'s'.repeat(16)}${modules}${'e'.repeat(16)}`
  return Buffer.concat([Buffer.from('\x7fELF'), magic, Buffer.alloc(99), header, text(version), text(body), Buffer.alloc(200)])
}

function varint(value: number): readonly number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)]
}

it('reads what languages left where they installed something, and what Go programs say of themselves', async () => {
  const modules = [
    'path\tshop/cmd/shop',
    'mod\tshop\t(devel)\t',
    'dep\tgolang.org/x/net\tv0.17.0\th1:x=',
    'dep\tgithub.com/old/one\tv1.0.0',
    '=>\tgithub.com/new/one\tv1.2.3\th1:y=',
    'dep\tlocal/two\tv0.0.0',
    '=>\t./two\t(devel)\t',
    'build\tCGO_ENABLED=0',
    '',
  ].join('\n')
  const folder = mkdtempSync(join(base, 'tar-'))
  const write = (path: string, bytes: string | Buffer, mode = 0o644) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), bytes, { mode })
  }
  write('usr/local/bin/shop', goProgram('go1.22.4', modules), 0o755)
  write('usr/local/bin/notes', goProgram('go1.22.4', modules))
  write('usr/bin/owned', goProgram('go1.19.8', modules), 0o755)
  write('var/lib/dpkg/info/owned.list', '/usr/bin/owned\n')
  write('bin/other', goProgram('an unheard version', ''), 0o755)
  write(
    'usr/lib/ruby/gems/3.2.0/specifications/rack-2.2.3.gemspec',
    'Gem::Specification.new do |s|\n  s.name = "rack".freeze\n  s.version = "2.2.3"\nend\n',
  )
  write('app/vendor/composer/installed.json', '{"packages":[{"name":"twig/twig","version":"v3.4.2"}]}')
  write('app/shop.deps.json', '{"libraries":{"shop/1.0.0":{"type":"project"},"Newtonsoft.Json/12.0.1":{"type":"package"}}}')
  const layer = execFileSync('tar', ['-C', folder, '-cf', '-', '.'], { maxBuffer: 64 * 2 ** 20 })
  const file = join(base, 'languages.tar')
  writeFileSync(file, tarOf({ 'manifest.json': '[{"Layers":["a.tar"]}]', 'a.tar': layer }))
  const { installed, owned, left } = await readImage(file)
  expect(installed.map(({ purl, place }) => `${purl} ${basename(place)}`).sort()).toEqual([
    'pkg:composer/twig/twig@3.4.2 installed.json',
    'pkg:gem/rack@2.2.3 rack-2.2.3.gemspec',
    'pkg:golang/github.com/new/one@1.2.3 shop',
    'pkg:golang/golang.org/x/net@0.17.0 shop',
    'pkg:golang/stdlib@1.22.4 shop',
    'pkg:nuget/Newtonsoft.Json@12.0.1 shop.deps.json',
  ])
  expect(owned).toEqual(['usr/bin/owned'])
  // Of a working copy, and of a folder: neither has a version to look up.
  expect(left).toEqual(['usr/local/bin/shop: shop', 'usr/local/bin/shop: ./two'])
})

const go = '/usr/bin/go'

it.skipIf(!existsSync(go))('agrees with Go about a real program (needs /usr/bin/go)', () => {
  const info = goBuildInfo(readFileSync(realpathSync(go)))!
  const said = execFileSync(go, ['version', '-m', realpathSync(go)], { encoding: 'utf8' })
  const lines = said
    .split('\n')
    .slice(1)
    .map((line) => line.trim())
    .filter((line) => line !== '')
  expect(info.split('\n').filter((line) => line !== '')).toEqual([/: (\S+)/.exec(said)![1], ...lines])
})

it('refuses what is no image, and what is cut off', async () => {
  const nothing = join(base, 'nothing.tar')
  writeFileSync(nothing, tarOf({ 'hello.txt': 'x' }))
  expect(await rejectionOf(readImage(nothing))).toBe('image_invalid')
  const lost = join(base, 'lost.tar')
  writeFileSync(lost, tarOf({ 'manifest.json': '[{"Layers":["not/there.tar"]}]' }))
  expect(await rejectionOf(readImage(lost))).toBe('image_invalid')
  const garbage = join(base, 'garbage.tar')
  writeFileSync(garbage, Buffer.alloc(2048, 7))
  expect(await rejectionOf(readImage(garbage))).toBe('tar_invalid')
  const half = join(base, 'half.tar')
  writeFileSync(half, tarOf({ 'manifest.json': '[]', 'big.bin': Buffer.alloc(100_000) }).subarray(0, 50_000))
  expect(await rejectionOf(readImage(half))).toBe('tar_invalid')
})

function imageOf(...layers: readonly Buffer[]): string {
  const named = layers.map((bytes, at) => [`${at}/layer.tar`, bytes] as const)
  const file = join(base, `image-${Math.random()}.tar`)
  writeFileSync(
    file,
    tarOf({ 'manifest.json': JSON.stringify([{ Layers: named.map(([name]) => name) }]), ...Object.fromEntries(named) }),
  )
  return file
}

it('reads what pnpm and uv link from their stores, which say nothing by their names', async () => {
  const folder = mkdtempSync(join(base, 'links-'))
  const store = `root/.local/share/pnpm/store/${'0'.repeat(120)}/files/ab`
  const modules = 'usr/src/app/node_modules'
  mkdirSync(join(folder, store), { recursive: true })
  writeFileSync(join(folder, store, 'cdef'), '{"name":"left-pad","version":"1.3.0"}')
  for (const name of ['left-pad', 'y'.repeat(120)]) {
    mkdirSync(join(folder, modules, name), { recursive: true })
    linkSync(join(folder, store, 'cdef'), join(folder, modules, name, 'package.json'))
  }
  for (const format of ['gnu', 'pax']) {
    const paths = [`${store}/cdef`, `${modules}/left-pad/package.json`, `${modules}/${'y'.repeat(120)}/package.json`]
    const layer = execFileSync('tar', ['-C', folder, `--format=${format}`, '-cf', '-', ...paths])
    const { installed, problems } = await readImage(imageOf(tarOf({ 'etc/os-release': OS }), layer))
    expect(problems).toEqual([])
    expect(installed.map(({ purl, place }) => `${purl} ${place}`)).toEqual([
      `pkg:npm/left-pad@1.3.0 ${paths[1]}`,
      `pkg:npm/left-pad@1.3.0 ${paths[2]}`,
    ])
    const torn = execFileSync('tar', ['-C', folder, `--format=${format}`, '-cf', '-', ...paths])
    const begin = torn.indexOf('{"name"')
    torn.copy(torn, 0, Math.ceil((begin + 1) / 512) * 512)
    const left = await readImage(imageOf(torn))
    expect(left.problems.map(({ file }) => file)).toEqual(paths.slice(1))
  }
})

it('reads what apk has installed where /lib is a link to /usr/lib', async () => {
  const { installed } = await readImage(
    imageOf(
      tarOf({
        'etc/os-release': 'ID=alpine\nVERSION_ID=3.23.0\n',
        'usr/lib/apk/db/installed': 'P:musl\nV:1.2.5-r9\nF:usr/lib/python3/idna-3.6.dist-info\nR:METADATA\n\n',
        'usr/lib/python3/idna-3.6.dist-info/METADATA': 'Name: idna\nVersion: 3.6\n',
      }),
    ),
  )
  expect(installed.map(({ purl }) => purl?.split('?')[0])).toEqual(['pkg:apk/alpine/musl@1.2.5-r9'])
})
