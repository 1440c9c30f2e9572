import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative, resolve, sep, win32 } from 'node:path'
import fc from 'fast-check'
import { afterAll, expect, it } from 'vitest'
import { fileBelow, joinBelow } from './safe-path.ts'
import { codeOf, rejectionOf } from './testing/code-of.ts'

const root = mkdtempSync(join(tmpdir(), 'kanpeki-paths-'))
afterAll(() => rmSync(root, { recursive: true }))

const REFUSED = [
  '',
  '.',
  '..',
  '../x',
  'a/../../x',
  'a/../b',
  './a',
  '/etc/passwd',
  '//host/share',
  'a//b',
  'a/',
  'a\0.txt',
  'a\nb',
  'a\u007f',
  '..\\x',
  'a\\..\\..\\x',
  'C:\\x',
  'C:x',
  'c:/x',
  'file.txt:stream',
  '\\\\?\\C:\\x',
  'con',
  'NUL.txt',
  'a/COM1.log',
  'lpt9',
  'name.',
  'name ',
  'a/.. /b',
  'a/.../b',
  '\ud800',
  'x'.repeat(256),
  'x/'.repeat(3000),
] as const

it.each(REFUSED.map((path) => [path]))('refuses %j', (path) => {
  expect(codeOf(() => joinBelow(root, path))).toBe('unsafe_path')
})

it.each(['a', 'a/b.c', '..a/b', '.hidden', 'a..b', '鍵/証拠.json', 'console.log', 'tile/0/x001/234.p/5', '%2e%2e', '~root'])(
  'takes %j as it is',
  (path) => {
    expect(joinBelow(root, path)).toBe(join(root, path))
    expect(joinBelow('/', path)).toBe(`/${path}`)
  },
)

it('never leaves the folder, on this system or on Windows, whatever the text', () => {
  const piece = fc.oneof(
    fc.constantFrom('..', '.', '/', '\\', '\0', 'a', 'C:', '~', '%2e', '..;', '\u2025', '\uff0f', ' ', 'nul', '\u202e'),
    fc.string({ unit: 'binary', maxLength: 4 }),
  )
  let taken = 0
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
      const path = pieces.join('')
      let full: string
      try {
        full = joinBelow(root, path)
      } catch {
        return
      }
      taken += 1
      expect(resolve(full)).toBe(full)
      expect(full.startsWith(root + sep)).toBe(true)
      expect(relative(root, full)).toBe(path)
      const windows = win32.resolve('C:\\data', path)
      expect(windows.startsWith('C:\\data\\')).toBe(true)
    }),
    { numRuns: 5000 },
  )
  expect(taken).toBeGreaterThan(100)
})

it('refuses a link anywhere on the way, also one that leads back inside', async () => {
  const below = mkdtempSync(join(root, 'links-'))
  mkdirSync(join(below, 'real'))
  writeFileSync(join(below, 'real', 'file'), '')
  symlinkSync('/etc', join(below, 'out'))
  symlinkSync(join(below, 'real'), join(below, 'in'))
  symlinkSync('/nonexistent', join(below, 'real', 'dangling'))
  for (const path of ['out', 'out/passwd', 'in/file', 'real/dangling', 'real/dangling/x'])
    expect(await rejectionOf(fileBelow(below, path))).toBe('unsafe_path')
  for (const path of ['real/file', 'real/new', 'new/deep/er']) expect(await fileBelow(below, path)).toBe(join(below, path))
  const throughLink = join(root, 'root-link')
  symlinkSync(below, throughLink)
  expect(await fileBelow(throughLink, 'real/file')).toBe(join(throughLink, 'real/file'))
})
