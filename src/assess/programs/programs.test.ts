import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { goBuildInfo } from '../image/go-binary.ts'
import { readLockFiles } from '../lockfiles/scan-folder.ts'
import { findPrograms } from './find-programs.ts'
import { goInfoOf } from './go-file.ts'
import { DEP, GO, goBuild } from './testing/go-build.ts'

const base = mkdtempSync(join(tmpdir(), 'kanpeki-programs-'))
const place = join(base, 'place')
const all = { skipped: () => false }
const purls = (found: Awaited<ReturnType<typeof findPrograms>>) =>
  found.programs.map(({ file, packages }) => [file.slice(place.length + 1), ...packages.map(({ purl }) => purl)])

beforeAll(() => mkdirSync(place))
afterAll(() => rmSync(base, { recursive: true, force: true }))

describe.skipIf(!existsSync(GO))(`Go programs (needs ${GO})`, () => {
  const stdlib = () =>
    `pkg:golang/stdlib@${execFileSync(GO, ['env', 'GOVERSION'], { encoding: 'utf8', env: { ...process.env, HOME: base } })
      .trim()
      .slice(2)}`

  it.each([
    ['shop', {}, []],
    ['stripped', {}, ['-ldflags=-s -w']],
    ['shop.exe', { GOOS: 'windows', GOARCH: 'amd64' }, []],
    ['shop-s390x', { GOOS: 'linux', GOARCH: 's390x' }, []],
  ] as const)('%s says the same as go version -m', { timeout: 240_000 }, async (name, environment, flags) => {
    const file = join(place, 'bin', name)
    goBuild(base, file, environment, flags)
    const info = await goInfoOf(file)
    const said = execFileSync(GO, ['version', '-m', file], { encoding: 'utf8', env: { ...process.env, HOME: base } })
    const lines = said.split('\n').map((line, at) => (at === 0 ? line.slice(file.length + 2) : line.slice(1)))
    expect(info?.split('\n').filter((line) => line !== '')).toEqual(lines.filter((line) => line !== ''))
    expect(info).toBe(goBuildInfo(readFileSync(file)))
  })

  it('finds them in a folder and below a root, follows no link and waits for no pipe', async () => {
    const outside = join(base, 'outside')
    goBuild(base, outside)
    symlinkSync(outside, join(place, 'bin', 'away'))
    symlinkSync(base, join(place, 'up'))
    execFileSync('mkfifo', ['-m', '0755', join(place, 'bin', 'pipe')])
    writeFileSync(join(place, 'bin', 'script'), '#!/bin/sh\n', { mode: 0o755 })
    const kept = ['shop', 'shop-s390x', 'shop.exe', 'stripped']
    const found = await findPrograms(place, all)
    expect(purls(found)).toEqual(kept.map((name) => [`bin/${name}`, stdlib(), DEP]))
    expect(found).toMatchObject({ unread: 0, firstUnread: undefined, cut: false })
    expect((await findPrograms(place, { skipped: (folder) => folder === join(place, 'bin') })).programs).toEqual([])
    expect((await findPrograms(place, { ...all, mostFolders: 1 })).cut).toBe(true)

    const { files, problems } = await readLockFiles(place)
    expect(problems).toEqual([])
    expect(files.map(({ reader, packages }) => [reader, packages.at(-1)?.purl])).toEqual(kept.map(() => ['go-program', DEP]))
    // A link that somebody names is meant.
    expect((await readLockFiles(join(place, 'bin', 'away'))).files[0]?.packages).toHaveLength(2)
  })

  it('says nothing of a program that is cut off or lies about its parts', async () => {
    const broken = join(base, 'broken')
    const whole = readFileSync(join(base, 'outside'))
    for (const size of [10, 64, 100, 4096, whole.length - 50_000]) {
      writeFileSync(broken, whole)
      truncateSync(broken, size)
      expect(await goInfoOf(broken)).toSatisfy((info) => info === undefined || info === goBuildInfo(whole))
    }
    for (const at of [40, 58, 60, 62]) {
      const lying = Buffer.from(whole)
      lying.fill(0xff, at, at + 2)
      writeFileSync(broken, lying)
      expect(await goInfoOf(broken)).toSatisfy((info) => info === undefined || info === goBuildInfo(whole))
    }
  })
})

it('counts what it may not read, with the first of it', async () => {
  const file = join(base, 'unreadable', 'huge')
  mkdirSync(join(base, 'unreadable'))
  writeFileSync(file, Buffer.concat([Buffer.from('MZ'), Buffer.alloc(100)]), { mode: 0o755 })
  truncateSync(file, 257 * 2 ** 20)
  const { unread, firstUnread } = await findPrograms(join(base, 'unreadable'), all)
  expect([unread, firstUnread]).toEqual([1, { file, reason: 'it is a program larger than 256 MB' }])
})
