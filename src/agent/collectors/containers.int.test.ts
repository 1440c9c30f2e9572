import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { getPath, type JsonObject } from '../../kernel/json.ts'
import type { CollectorContext } from '../collector.ts'
import { containerBook } from './container-info.ts'
import { containerCollector } from './containers.ts'
import { containersOf, type Engine } from './engines.ts'
import { inUseReader } from './in-use.ts'
import { socketCollector } from './sockets.ts'

/** A real containerd with real runc; the image is a busybox that knows its package. */
const lacking =
  process.getuid?.() !== 0
    ? 'root'
    : (['containerd', 'ctr', 'runc'].find((program) => spawnSync(program, ['--version']).status !== 0) ??
      (existsSync('/bin/busybox') ? undefined : 'busybox-static'))
const IMAGE = 'registry.test/shop/sleeper:1.2'
const id = randomBytes(32).toString('hex')
const folder = mkdtempSync(join(tmpdir(), 'kanpeki-ctr-'))
const root = join(folder, 'host')
const socket = join(folder, 'c.sock')
const engine: Engine = { socket, speaks: 'containerd' }
let daemon: ChildProcess | undefined

const ctr = (...args: readonly string[]): string =>
  execFileSync('ctr', ['--address', socket, ...args], { encoding: 'utf8', stdio: 'pipe' })

function makeImage(): string {
  const image = join(folder, 'image')
  mkdirSync(join(image, 'bin'), { recursive: true })
  mkdirSync(join(image, 'var/lib/dpkg/info'), { recursive: true })
  copyFileSync('/bin/busybox', join(image, 'bin/busybox'))
  symlinkSync('busybox', join(image, 'bin/nc'))
  writeFileSync(
    join(image, 'var/lib/dpkg/status'),
    'Package: busybox-static\nStatus: install ok installed\nVersion: 1:9.9.9-of-the-image\nArchitecture: amd64\n',
  )
  writeFileSync(join(image, 'var/lib/dpkg/info/busybox-static.list'), '/.\n/bin\n/bin/busybox\n')
  const tar = (file: string, ...args: readonly string[]): Buffer =>
    execFileSync('tar', ['--create', '--file', file, ...args], { cwd: folder })
  tar('layer.tar', '--directory', image, '.')
  const layer = createHash('sha256')
    .update(execFileSync('cat', [join(folder, 'layer.tar')], { maxBuffer: 64 * 2 ** 20 }))
    .digest('hex')
  const config = {
    architecture: 'amd64',
    os: 'linux',
    config: { Cmd: ['/bin/nc', '-l', '-p', '8123'] },
    rootfs: { type: 'layers', diff_ids: [`sha256:${layer}`] },
  }
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config))
  writeFileSync(
    join(folder, 'manifest.json'),
    JSON.stringify([{ Config: 'config.json', RepoTags: [IMAGE], Layers: ['layer.tar'] }]),
  )
  tar('image.tar', 'manifest.json', 'config.json', 'layer.tar')
  return join(folder, 'image.tar')
}

describe.skipIf(lacking !== undefined && process.env['CI'] !== 'true')(
  `containers of containerd (needs ${lacking ?? 'nothing more'})`,
  () => {
    beforeAll(async () => {
      const config = join(folder, 'config.toml')
      const unneeded = ['aufs', 'btrfs', 'devmapper', 'zfs'].map((one) => `"io.containerd.snapshotter.v1.${one}"`).join(', ')
      writeFileSync(
        config,
        `version = 2\nroot = "${join(folder, 'root')}"\nstate = "${join(root, 'run/containerd')}"\ndisabled_plugins = [${unneeded}]\n[grpc]\naddress = "${socket}"\n`,
      )
      daemon = spawn('containerd', ['--config', config], { stdio: ['ignore', 'ignore', 'pipe'] })
      await new Promise<void>((resolve, reject) => {
        let said = ''
        daemon!.stderr!.setEncoding('utf8').on('data', (part: string) => {
          said += part
          if (said.includes('successfully booted')) resolve()
        })
        daemon!.once('exit', () => reject(new Error(`containerd ended: ${said.slice(-500)}`)))
      })
      ctr('image', 'import', '--snapshotter', 'native', makeImage())
      ctr('run', '--detach', '--snapshotter', 'native', '--label', 'nerdctl/name=sleeper', IMAGE, id)
    }, 60_000)
    afterAll(async () => {
      if (daemon !== undefined) {
        spawnSync('ctr', ['--address', socket, 'task', 'rm', '--force', id])
        spawnSync('ctr', ['--address', socket, 'container', 'rm', id])
        const ended = new Promise<void>((resolve) => daemon!.once('exit', () => resolve()))
        daemon.kill()
        await ended
      }
      rmSync(folder, { recursive: true, force: true })
    })

    it('are told with name and image, what runs in them as in use of that image, and that they stop', async () => {
      const containers = containerBook(root)
      expect(containers.find(id)).toEqual({ id, runtime: 'containerd', name: 'sleeper' })
      // Of this machine's processes the container's, and our own to compare with.
      const proc = join(folder, 'proc')
      const [, pid = ''] = new RegExp(`^${id}\\s+([0-9]+)\\s`, 'm').exec(ctr('task', 'ls')) ?? []
      mkdirSync(proc)
      for (const one of [pid, 'self', 'net']) symlinkSync(join('/proc', one), join(proc, one))
      const events: JsonObject[] = []
      const ending = new AbortController()
      let told = (): void => {}
      const kept = join(folder, 'kept')
      mkdirSync(kept)
      // As if it had looked before anything ran.
      writeFileSync(join(kept, 'containers.json'), '[]')
      const context: CollectorContext = {
        emit: (event) => {
          events.push(event)
          told()
          return true
        },
        room: () => Promise.resolve(),
        count: () => {},
        signal: ending.signal,
        folder: kept,
        warn: () => {},
      }
      const running = containerCollector({ proc, engines: [engine], containers, everyMs: 100 }).run(context)
      const until = async (action: string): Promise<JsonObject> => {
        for (;;) {
          const found = events.find(
            (one) => (one['event'] as JsonObject)['action'] === action && (one['container'] as JsonObject)['id'] === id,
          )
          if (found !== undefined) return found
          await new Promise<void>((resolve) => (told = resolve))
        }
      }
      const container = { id, name: 'sleeper', runtime: 'containerd', image: { name: IMAGE } }
      expect((await until('container-started'))['container']).toEqual(container)
      const used = async () => (await inUseReader(proc, '/', containers.find)()).filter((one) => one.container?.id === id)
      // Told as started while runc has still to become what it runs.
      const expected = {
        type: 'deb',
        name: 'busybox-static',
        version: '1:9.9.9-of-the-image',
        file: '/bin/busybox',
        process: { pid: expect.any(Number), name: 'busybox' },
        container: { id, name: 'sleeper', runtime: 'containerd', image: IMAGE },
      }
      await vi.waitFor(async () => expect(await used()).toEqual([expected]), { timeout: 20_000, interval: 100 })
      // It listens where only its own network namespace knows of it.
      const listening = await new Promise<JsonObject>((resolve) => {
        void socketCollector({ root: proc, pollMs: 100, containers: containers.find }).run({
          ...context,
          emit: (event) => {
            if (getPath(event, 'server.port') === 8123) resolve(event)
            return true
          },
        })
      })
      expect(listening).toMatchObject({
        event: { action: 'socket-listening' },
        network: { transport: 'tcp' },
        process: { pid: Number(pid), name: 'busybox' },
        container,
      })
      ctr('task', 'rm', '--force', id)
      expect((await until('container-stopped'))['container']).toEqual(container)
      ending.abort()
      await running
    }, 60_000)

    it('are listed by the Container Runtime Interface, too, and by nothing that is no engine', async () => {
      // What ctr made is no pod’s: the interface answers, and lists none.
      expect(await containersOf({ socket, speaks: 'cri' })).toEqual([])
      expect(await containersOf({ socket: join(folder, 'absent'), speaks: 'cri' })).toBeUndefined()
      expect(await containersOf({ socket: join(folder, 'absent'), speaks: 'containerd' })).toBeUndefined()
    })
  },
)
