'use strict'
/**
 * Makes a clone runnable and prints the path of the Node to run it with. Runs on any Node from 18 on, without dependencies.
 *
 *   node launcher/prepare.cjs install   the pinned Node and node_modules
 *   node launcher/prepare.cjs run       the same, and dist/ built from the sources as they are
 *
 * Everything it says goes to standard error. A fresh tree costs one directory walk.
 */
const { spawnSync } = require('node:child_process')
const { createHash } = require('node:crypto')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')

const root = path.resolve(__dirname, '..')
const runtime = path.join(root, '.runtime')
const pins = require('./node-pins.json')
const MINIMUM_MAJOR = 24

function say(text) {
  process.stderr.write(`kanpeki: ${text}\n`)
}

function fail(text, code = 69) {
  say(text)
  process.exit(code)
}

function isPublishedPackage() {
  return !fs.existsSync(path.join(root, 'src'))
}

/** True when this Node is new enough to be used as it is (and is an even, long-term line). */
function systemNodeServes() {
  return Number(process.versions.node.split('.')[0]) >= MINIMUM_MAJOR && !process.env.KANPEKI_PINNED_NODE
}

function pinnedNode() {
  const platform = `${process.platform}-${process.arch}`
  const pin = pins[platform]
  if (pin === undefined) {
    fail(
      `there is no pinned Node for ${platform}. Supported: ${Object.keys(pins).join(', ')}. Remedy: install Node ${MINIMUM_MAJOR} yourself and run again.`,
    )
  }
  const report = process.report?.getReport?.()
  if (process.platform === 'linux' && report !== undefined && report.header.glibcVersionRuntime === undefined) {
    fail(
      `the pinned Node needs glibc, and this Linux has another C library. Remedy: install Node ${MINIMUM_MAJOR} from your distribution and run again.`,
    )
  }
  return { ...pin, binary: path.join(runtime, `node-${pin.version}`, 'bin', 'node') }
}

function sha512OfFile(file) {
  const hash = createHash('sha512')
  const handle = fs.openSync(file, 'r')
  const chunk = Buffer.alloc(1 << 20)
  for (let read = fs.readSync(handle, chunk); read > 0; read = fs.readSync(handle, chunk)) hash.update(chunk.subarray(0, read))
  fs.closeSync(handle)
  return `sha512-${hash.digest('base64')}`
}

function fetchNode(pin) {
  say(`fetching Node ${pin.version} (${pin.package}) from the npm registry, once…`)
  fs.mkdirSync(runtime, { recursive: true })
  const work = fs.mkdtempSync(path.join(runtime, 'fetch-'))
  try {
    const packed = spawnSync('npm', ['pack', `${pin.package}@${pin.version}`, '--silent', '--pack-destination', work], {
      cwd: work,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const tarball = fs.readdirSync(work).find((name) => name.endsWith('.tgz'))
    if (packed.error !== undefined || packed.status !== 0 || tarball === undefined) {
      fail(`could not fetch Node ${pin.version}. Remedy: check that 'npm ping' works, or install Node ${MINIMUM_MAJOR} yourself.`)
    }
    const found = sha512OfFile(path.join(work, tarball))
    if (found !== pin.integrity)
      fail(
        `Node ${pin.version} from the registry has integrity ${found}, but ${pin.integrity} is pinned. Nothing was run. Remedy: check your registry or mirror.`,
      )
    const untar = spawnSync('tar', ['-xzf', tarball, 'package/bin/node', 'package/LICENSE'], {
      cwd: work,
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    if (untar.status !== 0) fail('could not unpack Node: is there room on the disk, and is tar installed?')
    const target = path.dirname(path.dirname(pin.binary))
    fs.rmSync(target, { recursive: true, force: true })
    fs.renameSync(path.join(work, 'package'), target)
  } finally {
    fs.rmSync(work, { recursive: true, force: true })
  }
}

/** One launcher at a time changes the tree; a lock whose owner has died is taken over. */
function withLock(work) {
  fs.mkdirSync(runtime, { recursive: true })
  const lock = path.join(runtime, 'lock')
  for (let waited = 0; ; waited += 1) {
    try {
      fs.writeFileSync(lock, String(process.pid), { flag: 'wx' })
      break
    } catch (error) {
      if (error.code !== 'EEXIST') fail(`cannot write ${lock}: ${error.message}`)
      const owner = Number(readText(lock))
      if (owner > 0 && !isAlive(owner)) fs.rmSync(lock, { force: true })
      else {
        if (waited === 0) say(`another launcher (process ${owner}) is preparing this tree; waiting for it`)
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 250)
      }
    }
  }
  const release = () => fs.rmSync(lock, { force: true })
  process.on('exit', release)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(130))
  work()
}

function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

function readText(file) {
  try {
    return fs.readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

function run(command, args, environment) {
  const done = spawnSync(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], env: environment, maxBuffer: 1 << 28 })
  if (done.error !== undefined || done.status !== 0) {
    process.stderr.write(done.stdout ?? '')
    process.stderr.write(done.stderr ?? '')
    fail(`'${[command, ...args].join(' ')}' failed (${done.error?.message ?? `exit ${done.status}`}). Nothing was started.`, 70)
  }
}

/** Hash of names, sizes and times of everything that the build reads. */
function sourceStamp() {
  const hash = createHash('sha256')
  const walk = (directory) => {
    for (const entry of fs.readdirSync(directory, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const full = path.join(directory, entry.name)
      if (entry.isDirectory()) walk(full)
      else if (!/\.test\.tsx?$/.test(entry.name)) {
        const stat = fs.statSync(full)
        hash.update(`${full}\0${stat.size}\0${stat.mtimeMs}\n`)
      }
    }
  }
  for (const directory of ['src', 'web']) walk(path.join(root, directory))
  for (const file of ['package-lock.json', 'scripts/build.ts', 'scripts/bundle.ts', 'scripts/prepare-content.ts'])
    hash.update(readText(path.join(root, file)))
  return hash.digest('hex')
}

function lockStamp(node) {
  return createHash('sha256')
    .update(readText(path.join(root, 'package-lock.json')))
    .update(`${os.platform()}-${os.arch()} ${path.basename(path.dirname(path.dirname(node)))}`)
    .digest('hex')
}

function main() {
  const goal = process.argv[2]
  const pin = systemNodeServes() ? undefined : pinnedNode()
  const node = pin === undefined ? process.execPath : pin.binary
  if (!isPublishedPackage()) {
    const environment = { ...process.env, PATH: `${path.dirname(node)}${path.delimiter}${process.env.PATH}` }
    const installedStamp = path.join(root, 'node_modules', '.kanpeki-stamp')
    const builtStamp = path.join(root, 'dist', '.stamp')
    const needsNode = () => pin !== undefined && !fs.existsSync(node)
    const needsInstall = () => readText(installedStamp) !== lockStamp(node)
    const needsBuild = () => goal === 'run' && readText(builtStamp) !== sourceStamp()
    if (needsNode() || needsInstall() || needsBuild()) {
      withLock(() => {
        if (needsNode()) fetchNode(pin)
        if (needsInstall()) {
          say('installing dependencies (package-lock.json)…')
          // Not `npm ci`: it refuses a lock without the platform packages that the registry used to write it did not carry.
          // `install --no-save` takes the same locked versions and integrities, and resolves only those.
          run('npm', ['install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], environment)
          fs.writeFileSync(installedStamp, lockStamp(node))
        }
        if (needsBuild()) {
          say('building…')
          const stamp = sourceStamp()
          run(node, ['--disable-warning=ExperimentalWarning', path.join('scripts', 'build.ts')], environment)
          fs.writeFileSync(builtStamp, stamp)
        }
      })
    }
  } else if (pin !== undefined && !fs.existsSync(node)) withLock(() => fetchNode(pin))
  process.stdout.write(node)
}

main()
