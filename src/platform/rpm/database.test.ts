import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { KanpekiError } from '../../kernel/error.ts'
import { headerOf } from '../testing/rpm-database.ts'
import { readRpmDatabase } from './database.ts'
import { readRpmHeader, rpmVersion } from './header.ts'

const folder = mkdtempSync(join(tmpdir(), 'kanpeki-rpm-'))
afterAll(() => rmSync(folder, { recursive: true }))
const lacking = spawnSync('rpmbuild', ['--version']).status === 0 ? undefined : 'rpm'
const canLoad = spawnSync('db5.3_load', ['-V']).status === 0

const spec = (name: string, epoch: string, version: string, install: string, files: string): string => `Name: ${name}
${epoch}Version: ${version}
Release: 3.el9
Summary: A package
License: MIT
BuildArch: noarch
Vendor: Somebody
%description
Text.
%install
${install}
%files
${files}
`

function install(root: string, one: string, text: string): void {
  const file = join(folder, `${one}.spec`)
  writeFileSync(file, text)
  const at = ['--define', `_topdir ${join(folder, 'build')}`]
  execFileSync('rpmbuild', [...at, '-bb', '--quiet', file], { stdio: 'pipe' })
  const made = readdirSync(join(folder, 'build/RPMS/noarch')).find((name) => name.startsWith(`${one}-`))
  const place = ['--root', root, '--dbpath', '/var/lib/rpm', '--nodeps', '--force', '--noscripts', '--notriggers']
  execFileSync('rpm', ['-i', ...place, join(folder, 'build/RPMS/noarch', made!)], { stdio: 'pipe' })
}

describe.skipIf(lacking !== undefined)(`rpm's database (needs ${lacking ?? 'nothing more'})`, () => {
  let made = ''

  it('reads what rpm itself wrote, as rpm says it', () => {
    const root = join(folder, 'root')
    mkdirSync(join(root, 'var/lib/rpm'), { recursive: true })
    const kana = 'かな'
    install(
      root,
      'library',
      spec(
        'library',
        'Epoch: 2\n',
        '1.2~rc1',
        `mkdir -p %{buildroot}/usr/lib64 && echo > "%{buildroot}/usr/lib64/lib ${kana}.so.1"`,
        `"/usr/lib64/lib ${kana}.so.1"`,
      ),
    )
    install(
      root,
      'tool',
      spec(
        'tool',
        '',
        '7',
        'mkdir -p %{buildroot}/usr/bin %{buildroot}/etc; touch %{buildroot}/usr/bin/tool %{buildroot}/etc/tool.conf',
        '/usr/bin/tool\n%config /etc/tool.conf',
      ),
    )
    const file = join(root, 'var/lib/rpm/rpmdb.sqlite')
    const { packages, problems } = readRpmDatabase(file)
    expect(problems).toEqual([])
    const format =
      '%{NAME} %|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE} %{ARCH} %{SOURCERPM} %{VENDOR} %{INSTALLTIME}[ %{FILENAMES}]\\n'
    const said = execFileSync('rpm', ['--root', root, '--dbpath', '/var/lib/rpm', '-qa', '--queryformat', format], {
      encoding: 'utf8',
    })
    const ours = packages.map((one) =>
      [one.name, rpmVersion(one), one.arch, one.sourceRpm, one.vendor, one.installed, ...one.files].join(' '),
    )
    expect(ours).toEqual(said.trim().split('\n').sort())
    expect(packages.map((one) => [one.name, rpmVersion(one)])).toEqual([
      ['library', '2:1.2~rc1-3.el9'],
      ['tool', '7-3.el9'],
    ])
    expect(packages[0]?.files).toEqual([`/usr/lib64/lib ${kana}.so.1`])
    made = file
  })

  it.skipIf(!canLoad)('reads the same from Berkeley DB, as rpm itself does (needs db5.3-util)', () => {
    const said = readRpmDatabase(made)
    for (const [pageBytes, order] of [
      [512, '1234'],
      [4096, '4321'],
      [16384, '1234'],
    ] as const) {
      const root = join(folder, `bdb-${pageBytes}`)
      const file = berkeley(join(root, 'var/lib/rpm'), pageBytes, order)
      expect(readRpmDatabase(file), `${pageBytes}`).toEqual(said)
      const peer = ['--define', '_db_backend bdb_ro', '--root', root, '--dbpath', '/var/lib/rpm', '-qa']
      if (order === '1234')
        expect(execFileSync('rpm', peer, { encoding: 'utf8', stdio: 'pipe' }).trim().split('\n')).toHaveLength(2)
    }
  })

  it.skipIf(!canLoad)('reads or refuses Berkeley DB by name, however its bytes are turned', () => {
    const good = readFileSync(berkeley(join(folder, 'turned'), 512, '1234'))
    const file = join(folder, 'turned.db')
    let refused = 0
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 }),
        fc.nat(good.length),
        (turned, cut) => {
          const bytes = Buffer.from(good)
          for (const [at, to] of turned) bytes[at % 3 === 0 ? at : at % 96] = to
          writeFileSync(file, cut % 2 === 0 ? bytes : bytes.subarray(0, cut))
          try {
            readRpmDatabase(file)
          } catch (error) {
            expect(error).toBeInstanceOf(KanpekiError)
            refused += 1
          }
        },
      ),
      { numRuns: 500 },
    )
    console.log(`${refused} of 500 broken databases refused`)
    expect(refused).toBeGreaterThan(100)
  })

  /** What rpm keeps in SQLite, written by Berkeley DB's own tool as rpm wrote it before. */
  function berkeley(at: string, pageBytes: number, order: '1234' | '4321'): string {
    const database = new DatabaseSync(made, { readOnly: true })
    const number = (value: number): string => {
      const bytes = Buffer.alloc(4)
      if (order === '1234') bytes.writeUInt32LE(value)
      else bytes.writeUInt32BE(value)
      return bytes.toString('hex')
    }
    const rows = database.prepare('SELECT hnum, blob FROM Packages').all() as { hnum: number; blob: Uint8Array }[]
    database.close()
    const lines = [` ${number(0)}`, ` ${number(rows.length + 1)}`]
    for (const { hnum, blob } of rows) lines.push(` ${number(hnum)}`, ` ${Buffer.from(blob).toString('hex')}`)
    const head = `VERSION=3\nformat=bytevalue\ntype=hash\ndb_pagesize=${pageBytes}\ndb_lorder=${order}\nHEADER=END\n`
    mkdirSync(at, { recursive: true })
    execFileSync('db5.3_load', [join(at, 'Packages')], { input: `${head}${lines.join('\n')}\nDATA=END\n` })
    return join(at, 'Packages')
  }

  it('says what is no such database', () => {
    const file = join(folder, 'no.sqlite')
    writeFileSync(file, 'x'.repeat(5_000))
    expect(() => readRpmDatabase(file)).toThrow(KanpekiError)
    expect(() => readRpmDatabase(join(folder, 'absent'))).toThrow(KanpekiError)
  })
})

describe('ndb', () => {
  it('is read as rpm lays it out, free slots and broken packages passed over', () => {
    const packages = ['zlib', 'bash', 'gone'].map((name) =>
      headerOf({ name, version: '1', release: '2', files: [`/usr/${name}`] }),
    )
    // Head, one page of slots, and blobs in blocks of 16 bytes: the second slot is free, the last one's blob is another's.
    const slots = Buffer.alloc(4096)
    slots.write('RpmP', 0, 'latin1')
    slots.writeUInt32LE(1, 12)
    const blobs: Buffer[] = []
    let block = 4096 / 16
    for (let at = 32, slot = 0; at < 4096; at += 16, slot++) {
      slots.write('Slot', at, 'latin1')
      const header = packages[slot === 0 ? 0 : slot - 1]
      if (slot === 1 || slot > 3 || header === undefined) continue
      const number = slot === 0 ? 7 : slot
      const blocks = Math.ceil((header.length + 28) / 16)
      for (const [place, value] of [number, block, blocks].entries()) slots.writeUInt32LE(value, at + 4 + 4 * place)
      const blob = Buffer.alloc(16 * blocks)
      blob.write('BlbS', 0, 'latin1')
      blob.writeUInt32LE(slot === 3 ? 99 : number, 4)
      blob.writeUInt32LE(header.length, 12)
      header.copy(blob, 16)
      blobs.push(blob)
      block += blocks
    }
    const file = join(folder, 'Packages.db')
    writeFileSync(file, Buffer.concat([slots, ...blobs]))
    const { packages: found, problems } = readRpmDatabase(file)
    expect(found.map(({ name, files }) => [name, ...files])).toEqual([
      ['bash', '/usr/bash'],
      ['zlib', '/usr/zlib'],
    ])
    expect(problems).toEqual([expect.stringMatching(/^header 3: /)])
    writeFileSync(file, slots.subarray(0, 2000))
    expect(() => readRpmDatabase(file)).toThrow(KanpekiError)
  })
})

/** A header with one text for each tag. */
function header(values: readonly (readonly [number, string])[]): Buffer {
  const data = Buffer.from(values.map(([, text]) => `${text}\0`).join(''))
  const head = Buffer.alloc(8 + 16 * values.length)
  head.writeUInt32BE(values.length, 0)
  head.writeUInt32BE(data.length, 4)
  let offset = 0
  for (const [i, [tag, text]] of values.entries()) {
    for (const [j, value] of [tag, 6, offset, 1].entries()) head.writeUInt32BE(value, 8 + 16 * i + 4 * j)
    offset += Buffer.byteLength(text) + 1
  }
  return Buffer.concat([head, data])
}

const GOOD = header([
  [1000, 'bash'],
  [1001, '5.1.8'],
  [1002, '6.el9'],
  [1022, 'x86_64'],
])

describe('a header', () => {
  it('is read', () => {
    expect(readRpmHeader(GOOD)).toMatchObject({ name: 'bash', version: '5.1.8', release: '6.el9', arch: 'x86_64', files: [] })
    expect(rpmVersion({ epoch: 0, version: '1', release: '2' })).toBe('1-2')
  })

  it('is read or refused by name, however its bytes are turned', () => {
    let refused = 0
    const place = fc.nat(GOOD.length - 1)
    fc.assert(
      fc.property(fc.array(fc.tuple(place, fc.nat(255)), { minLength: 1, maxLength: 6 }), place, (turned, cut) => {
        const bytes = Buffer.from(GOOD)
        for (const [at, to] of turned) bytes[at] = to
        for (const one of [bytes, bytes.subarray(0, cut)])
          try {
            readRpmHeader(one)
          } catch (error) {
            expect(error).toBeInstanceOf(KanpekiError)
            refused += 1
          }
      }),
      { numRuns: 2_000 },
    )
    console.log(`${refused} of 4,000 broken headers refused`)
    expect(refused).toBeGreaterThan(1_000)
  })
})
