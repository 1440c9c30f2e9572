import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { fileGuard } from './file-guard.ts'
import { diskFolder } from './testing/disk.ts'

const root = mkdtempSync(join(diskFolder(), 'kanpeki-guard-'))
afterAll(() => rmSync(root, { recursive: true }))
mkdirSync(join(root, 'data/keys'), { recursive: true })
mkdirSync(join(root, 'logs'))
mkdirSync(join(root, 'database'))
writeFileSync(join(root, 'data/keys/seal.key'), 'secret')
writeFileSync(join(root, 'logs/a.log'), '')
writeFileSync(join(root, 'elsewhere.key'), 'secret')
symlinkSync(join(root, 'data'), join(root, 'logs/link'))
symlinkSync(join(root, 'data/keys/seal.key'), join(root, 'logs/b.log'))
symlinkSync(join(root, 'logs/a.log'), join(root, 'logs/c.log'))

const own = [join(root, 'data'), join(root, 'elsewhere.key')]

it.each([
  ['data/keys/seal.key', false],
  ['data', false],
  ['data/not-yet', false],
  ['logs/../data/keys/seal.key', false],
  ['logs/link/keys/seal.key', false],
  ['logs/b.log', false],
  ['elsewhere.key', false],
  ['logs/a.log', true],
  ['logs/c.log', true],
  ['database/x', true],
  ['elsewhere.key.log', true],
] as const)('%s may be read: %s', async (path, may) => {
  expect((await fileGuard(own, [])(join(root, path))) === undefined).toBe(may)
})

it.each(['/proc/self/environ', '/proc/1/cmdline', '/dev/stdin', '/sys/kernel/notes', '/run/secrets/key'])(
  'never %s',
  async (path) => {
    expect(await fileGuard([], [])(path)).toMatch(/belongs to/)
    expect(await fileGuard([], ['/'])(path)).toMatch(/belongs to/)
  },
)

it('keeps to the folders that are named, by where files really are', async () => {
  const guard = fileGuard(own, [join(root, 'logs')])
  expect(await guard(join(root, 'logs/a.log'))).toBeUndefined()
  expect(await guard(join(root, 'logs/b.log'))).toMatch(/belongs to/)
  expect(await guard(join(root, 'database/x'))).toMatch(/source-folders/)
  expect(await guard('/etc/shadow')).toMatch(/source-folders/)
})
