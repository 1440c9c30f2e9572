import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
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

  it('names what made-up processes use: npm, Python, jars', () => {
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
    const found = inUseReader(proc, join(folder, 'no-dpkg'))()
    expect(found.map(({ type, name, version, process }) => [type, name, version, process.name])).toEqual([
      ['npm', '@scope/native', '2.0.0', 'server'],
      ['pypi', 'PyYAML', '6.0.1', 'server'],
      ['maven', 'guava', '31.1-jre', 'server'],
    ])
  })

  it.skipIf(!existsSync('/var/lib/dpkg/status'))(
    'names the package of the C library that this process uses, as dpkg does (needs Debian)',
    () => {
      const found = inUseReader('/proc', '/')()
      const library = found.find(({ type, name }) => type === 'deb' && /^libc6$/.test(name))
      expect(library).toBeDefined()
      const status = execFileSync('dpkg-query', ['--status', 'libc6'], { encoding: 'utf8' })
      expect(library?.version).toBe(/^Version: (.*)$/m.exec(status)?.[1])
      expect(realpathSync(library!.file)).toBe(library!.file)
      console.log(`${found.length} packages in use on this host`)
    },
  )
})
