import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { afterAll, expect, it } from 'vitest'
import { rejectionOf } from '../../platform/testing/code-of.ts'
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

function layout(): string {
  const blobs = new Map<string, Buffer>()
  const put = (bytes: Buffer): { readonly digest: string } => {
    const hash = createHash('sha256').update(bytes).digest('hex')
    blobs.set(`blobs/sha256/${hash}`, bytes)
    return { digest: `sha256:${hash}` }
  }
  const layers = LAYERS.map((files) => put(gzipSync(tarOf(files))))
  const manifest = put(Buffer.from(JSON.stringify({ layers })))
  const index = put(Buffer.from(JSON.stringify({ manifests: [manifest] })))
  const file = join(base, 'layout.tar')
  writeFileSync(file, tarOf({ 'index.json': JSON.stringify({ manifests: [index] }), ...Object.fromEntries(blobs) }))
  return file
}

it.each([
  ['docker save, plain layers', () => saved((bytes) => bytes)],
  ['docker save, gzipped', () => saved(gzipSync)],
  ['zstd', () => saved(zstdCompressSync)],
  ['an OCI layout', layout],
])('reads %s: layers in order, and what they take away', async (_, file) => {
  const { os, layers, installed, left, problems } = await readImage(file())
  expect({ os, layers, left, problems }).toEqual({ os: 'debian 12', layers: 2, left: [], problems: [] })
  expect(installed.map(({ purl }) => purl).sort()).toEqual(WANTED)
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
