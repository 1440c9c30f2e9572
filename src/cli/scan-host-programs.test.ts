import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { DEP, GO, goBuild } from '../assess/programs/testing/go-build.ts'
import { hostPrograms } from './scan-host-programs.ts'

const base = mkdtempSync(join(tmpdir(), 'kanpeki-host-programs-'))
afterAll(() => rmSync(base, { recursive: true, force: true }))

it.skipIf(!existsSync(GO))(
  `judges Go programs by themselves that no package brought (needs ${GO})`,
  { timeout: 120_000 },
  async () => {
    const root = join(base, 'root')
    const write = (path: string, text: string) => {
      mkdirSync(dirname(join(root, path)), { recursive: true })
      writeFileSync(join(root, path), text)
    }
    for (const path of ['opt/shop/shop', 'usr/bin/owned', 'var/lib/docker/overlay2/a/shop']) goBuild(base, join(root, path))
    write('var/lib/dpkg/status', 'Package: owned\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.0-1\n')
    // The package was built before /bin became a link into /usr.
    write('var/lib/dpkg/info/owned.list', '/.\n/bin\n/bin/owned\n')
    const { installed, left, notes, cut } = await hostPrograms(root)
    // The program itself, built from a working copy.
    expect({ left, notes, cut }).toEqual({ left: 1, notes: [], cut: false })
    expect(installed.map(({ purl, place }) => [purl?.replace(/(stdlib@).*/, '$1'), place])).toEqual([
      ['pkg:golang/stdlib@', join(root, 'opt/shop/shop')],
      [DEP, join(root, 'opt/shop/shop')],
    ])
  },
)
