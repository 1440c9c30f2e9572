import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { KanpekiError } from '../../kernel/error.ts'
import { readRpmDatabase } from './database.ts'
import { readRpmHeader, rpmVersion } from './header.ts'

const folder = mkdtempSync(join(tmpdir(), 'kanpeki-rpm-'))
afterAll(() => rmSync(folder, { recursive: true }))
const lacking = spawnSync('rpmbuild', ['--version']).status === 0 ? undefined : 'rpm'

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
  })

  it('says what is no such database', () => {
    const file = join(folder, 'no.sqlite')
    writeFileSync(file, 'x'.repeat(5_000))
    expect(() => readRpmDatabase(file)).toThrow(KanpekiError)
    expect(() => readRpmDatabase(join(folder, 'absent'))).toThrow(KanpekiError)
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
