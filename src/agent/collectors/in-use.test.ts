import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { JsonObject } from '../../kernel/json.ts'
import { containerBook, containerFields, containerOnDisk, containersByEngine } from './container-info.ts'
import { containerCollector } from './containers.ts'
import { inUseReader, jarOf, mappedFiles } from './in-use.ts'

const folder = mkdtempSync(join(tmpdir(), 'kanpeki-in-use-'))
afterAll(() => rmSync(folder, { recursive: true }))

describe('packages in use', () => {
  it('takes files out of maps, also with blanks in their names, and nothing that is none or gone', () => {
    const maps = `7f0000000000-7f0000001000 r-xp 00000000 fe:00 1 /usr/lib/a b/libc.so.6
7f0000000000-7f0000001000 r--p 00000000 fe:00 2 /usr/lib/gone.so (deleted)
7f0000000000-7f0000001000 rw-p 00000000 00:00 0
7ffd00000000-7ffd00001000 r-xp 00000000 00:00 0 [vdso]
`
    expect([...mappedFiles(maps)]).toEqual(['/usr/lib/a b/libc.so.6'])
  })

  it.each([
    ['/opt/app/lib/log4j-core-2.14.1.jar', { name: 'log4j-core', version: '2.14.1' }],
    ['/opt/app/spring-boot-starter-web-3.0.0-RC1.war', { name: 'spring-boot-starter-web', version: '3.0.0-RC1' }],
    ['/opt/app/app.jar', undefined],
  ])('reads name and version of %s', (path, expected) => {
    expect(jarOf(path)).toEqual(expected)
  })

  it('names what made-up processes use: npm, Python, jars', async () => {
    const proc = join(folder, 'proc')
    const modules = join(folder, 'app/node_modules/@scope/native')
    const site = join(folder, 'py/site-packages')
    const lines = [`${modules}/build/x.node`, `${site}/yaml/_yaml.so`, '/srv/lib/guava-31.1-jre.jar']
    mkdirSync(join(proc, '42/fd'), { recursive: true })
    mkdirSync(modules, { recursive: true })
    mkdirSync(join(site, 'PyYAML-6.0.1.dist-info'), { recursive: true })
    writeFileSync(join(modules, 'package.json'), '{"name":"@scope/native","version":"2.0.0"}')
    writeFileSync(join(site, 'PyYAML-6.0.1.dist-info/top_level.txt'), '_yaml\nyaml\n')
    writeFileSync(join(proc, '42/maps'), lines.map((path) => `0-1 r-xp 0 0:0 1 ${path}\n`).join(''))
    writeFileSync(join(proc, '42/comm'), 'server\n')
    const found = await inUseReader(proc, join(folder, 'no-dpkg'))()
    expect(found.map(({ type, name, version, process }) => [type, name, version, process.name])).toEqual([
      ['npm', '@scope/native', '2.0.0', 'server'],
      ['pypi', 'PyYAML', '6.0.1', 'server'],
      ['maven', 'guava', '31.1-jre', 'server'],
    ])
  })

  it('keeps what a container uses apart from the host, by its own package manager and with its image', async () => {
    const proc = join(folder, 'proc2')
    const disk = join(folder, 'disk')
    const id = 'c'.repeat(64)
    const root = join(folder, 'alpine')
    const process = (pid: number, mounts: string, cgroup: string, files: readonly string[], name: string): void => {
      for (const one of ['fd', 'ns']) mkdirSync(join(proc, String(pid), one), { recursive: true })
      symlinkSync(mounts, join(proc, String(pid), 'ns/mnt'))
      writeFileSync(join(proc, String(pid), 'cgroup'), cgroup)
      writeFileSync(join(proc, String(pid), 'comm'), `${name}\n`)
      writeFileSync(join(proc, String(pid), 'maps'), files.map((path) => `0-1 r-xp 0 0:0 1 ${path}\n`).join(''))
    }
    mkdirSync(join(proc, 'self/ns'), { recursive: true })
    symlinkSync('mnt:[1]', join(proc, 'self/ns/mnt'))
    process(10, 'mnt:[1]', '0::/init.scope\n', ['/lib/libz.so.1.3.1', '/usr/lib/host.so'], 'host')
    process(
      11,
      'mnt:[2]',
      `0::/system.slice/docker-${id}.scope\n`,
      ['/lib/libz.so.1.3.1', '/app/node_modules/left-pad/x.node'],
      'web',
    )
    symlinkSync(root, join(proc, '11/root'))
    mkdirSync(join(root, 'app/node_modules/left-pad'), { recursive: true })
    writeFileSync(join(root, 'app/node_modules/left-pad/package.json'), '{"name":"left-pad","version":"1.3.0"}')
    mkdirSync(join(root, 'lib/apk/db'), { recursive: true })
    writeFileSync(join(root, 'lib/apk/db/installed'), 'P:zlib\nV:1.3.1-r2\nA:x86_64\nF:lib\nR:libz.so.1.3.1\nR:libz.so.1\n\n')
    mkdirSync(join(disk, 'var/lib/docker/containers', id), { recursive: true })
    const config = { ID: id, Name: '/shop', Config: { Image: 'shop:1.2', Labels: { 'io.kubernetes.pod.name': 'shop-0' } } }
    writeFileSync(join(disk, 'var/lib/docker/containers', id, 'config.v2.json'), JSON.stringify(config))
    const container = { id, runtime: 'docker', name: 'shop', image: 'shop:1.2', pod: 'shop-0' }
    expect(await inUseReader(proc, join(folder, 'no-dpkg'), containerBook(disk).find)()).toEqual([
      {
        type: 'apk',
        name: 'zlib',
        version: '1.3.1-r2',
        file: '/lib/libz.so.1.3.1',
        process: { pid: 11, name: 'web' },
        container,
      },
      {
        type: 'npm',
        name: 'left-pad',
        version: '1.3.0',
        file: '/app/node_modules/left-pad/x.node',
        process: { pid: 11, name: 'web' },
        container,
      },
    ])
    expect(containerFields(container)).toEqual({
      container: { id, name: 'shop', runtime: 'docker', image: { name: 'shop:1.2' } },
      orchestrator: { type: 'kubernetes', resource: { type: 'pod', name: 'shop-0' } },
    })
  })

  it.each([
    [
      'run/containerd/io.containerd.runtime.v2.task/k8s.io/ID/config.json',
      {
        annotations: {
          'io.kubernetes.cri.container-name': 'web',
          'io.kubernetes.cri.image-name': 'docker.io/library/nginx:1.27',
          'io.kubernetes.cri.sandbox-name': 'web-0',
          'io.kubernetes.cri.sandbox-namespace': 'prod',
        },
      },
      { runtime: 'containerd', name: 'web', image: 'docker.io/library/nginx:1.27', pod: 'web-0', namespace: 'prod' },
    ],
    [
      'run/containers/storage/overlay-containers/ID/userdata/config.json',
      {
        annotations: {
          'io.kubernetes.cri-o.ContainerType': 'container',
          'io.kubernetes.cri-o.ImageName': 'quay.io/a/b:1',
          'io.kubernetes.container.name': 'b',
          'io.kubernetes.pod.name': 'b-0',
          'io.kubernetes.pod.namespace': 'x',
        },
      },
      { runtime: 'cri-o', name: 'b', image: 'quay.io/a/b:1', pod: 'b-0', namespace: 'x' },
    ],
    ['run/containers/storage/overlay-containers/ID/userdata/config.json', { annotations: {} }, { runtime: 'podman' }],
    ['var/lib/containers/storage/vfs-containers/ID/userdata/config.json', { annotations: {} }, { runtime: 'podman' }],
    ['run/containerd/io.containerd.runtime.v2.task/moby/ID/config.json', [1], undefined],
  ])('reads what a runtime left at %s', (place, config, expected) => {
    const root = mkdtempSync(join(folder, 'runtime-'))
    const id = 'd'.repeat(64)
    const file = join(root, place.replace('ID', id))
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, JSON.stringify(config))
    expect(containerOnDisk(root, id)).toEqual(expected === undefined ? undefined : { id, ...expected })
    expect(containerOnDisk(root, '../../etc')).toBeUndefined()
  })

  it('asks an engine over its socket, and takes no answer that is none', async () => {
    const id = 'e'.repeat(64)
    const answers: readonly (readonly [number, string, object | undefined])[] = [
      [
        200,
        JSON.stringify([{ Id: id, Names: ['/web'], Image: 'nginx:1', State: 'running', Labels: null }, { Id: 'no' }, 7]),
        [{ id, runtime: 'docker', name: 'web', image: 'nginx:1' }],
      ],
      [200, '{"message":"x"}', undefined],
      [200, 'no JSON', undefined],
      [500, '[]', undefined],
    ]
    let asked = 0
    const server = createServer((request, response) => {
      expect(request.url).toBe('/v1.24/containers/json')
      const [status, text] = answers[asked++]!
      response.writeHead(status).end(text)
    })
    const socket = join(folder, 'docker.sock')
    await new Promise<void>((resolve) => server.listen(socket, resolve))
    for (const [, , expected] of answers) expect(await containersByEngine(socket)).toEqual(expected)
    server.close()
    expect(await containersByEngine(join(folder, 'absent.sock'))).toBeUndefined()
  })

  it('tells containers that start and stop, by what runs in them and by an engine that is asked', async () => {
    const proc = join(folder, 'proc3')
    const socket = join(folder, 'engine.sock')
    const [one, other] = ['1'.repeat(64), '2'.repeat(64)]
    const inside = (pid: number, id: string): void => {
      mkdirSync(join(proc, String(pid)), { recursive: true })
      writeFileSync(join(proc, String(pid), 'cgroup'), `0::/system.slice/docker-${id}.scope\n`)
    }
    let list: object[] = []
    const server = createServer((_, response) => response.end(JSON.stringify(list)))
    await new Promise<void>((resolve) => server.listen(socket, resolve))
    inside(5, one)
    const events: JsonObject[] = []
    const stopped = new AbortController()
    const kept = mkdtempSync(join(folder, 'kept-'))
    const containers = containerBook(join(folder, 'nothing'))
    containers.learn({ id: one, image: 'nginx:1' })
    const ended = containerCollector({ proc, engines: [{ socket, speaks: 'docker' }], containers, everyMs: 5 }).run({
      emit: (event) => events.push(event) > 0,
      room: () => Promise.resolve(),
      count: () => {},
      signal: stopped.signal,
      folder: kept,
      warn: () => {},
    })
    const until = async (count: number): Promise<void> => {
      while (events.length < count) await new Promise((resolve) => setTimeout(resolve, 2))
    }
    while (!existsSync(join(kept, 'containers.json'))) await new Promise((resolve) => setTimeout(resolve, 2))
    inside(6, other)
    await until(1)
    list = [{ Id: other, Names: ['/shop'], Image: 'shop:2' }]
    await until(2)
    rmSync(join(proc, '5'), { recursive: true })
    await until(3)
    stopped.abort()
    await ended
    server.close()
    expect(events.map(({ event, container }) => [(event as JsonObject)['action'], container])).toEqual([
      ['container-started', { id: other }],
      ['container-changed', { id: other, name: 'shop', runtime: 'docker', image: { name: 'shop:2' } }],
      ['container-stopped', { id: one, image: { name: 'nginx:1' } }],
    ])
  })

  it.skipIf(!existsSync('/var/lib/dpkg/status'))(
    'names the package of the C library that this process uses, as dpkg does (needs Debian)',
    async () => {
      const found = await inUseReader('/proc', '/')()
      const library = found.find(({ type, name }) => type === 'deb' && /^libc6$/.test(name))
      expect(library).toBeDefined()
      const status = execFileSync('dpkg-query', ['--status', 'libc6'], { encoding: 'utf8' })
      expect(library?.version).toBe(/^Version: (.*)$/m.exec(status)?.[1])
      expect(realpathSync(library!.file)).toBe(library!.file)
      console.log(`${found.length} packages in use on this host`)
    },
  )
})
