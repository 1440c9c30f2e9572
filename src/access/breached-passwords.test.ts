import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, expect, it } from 'vitest'
import { refuseBreachedPassword } from './breached-passwords.ts'

const folder = mkdtempSync(join(tmpdir(), 'kanpeki-breached-'))
const file = join(folder, 'pwned.txt')
afterAll(() => rmSync(folder, { recursive: true }))

const sha1 = (text: string): string => createHash('sha1').update(text).digest('hex').toUpperCase()

function write(passwords: readonly string[], newline: string, counts: boolean): void {
  const lines = [...new Set(passwords.map(sha1))].sort().map((hash, at) => (counts ? `${hash}:${10 ** (at % 9)}` : hash))
  writeFileSync(file, lines.map((line) => `${line}${newline}`).join(''))
}

async function listed(password: string): Promise<boolean> {
  try {
    await refuseBreachedPassword(password, file)
    return false
  } catch (error) {
    expect(error).toMatchObject({ code: 'breached_password' })
    return true
  }
}

it('finds each of a list and nothing else, whatever the length of the lines', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.string({ maxLength: 12 }), { maxLength: 60 }),
      fc.constantFrom('\n', '\r\n'),
      fc.boolean(),
      async (passwords, newline, counts) => {
        write(passwords, newline, counts)
        for (const password of passwords) expect(await listed(password)).toBe(true)
        for (const other of ['not in it', '', 'x'.repeat(90)]) expect(await listed(other)).toBe(passwords.includes(other))
      },
    ),
    { numRuns: 60 },
  )
})

it.each([
  ['a file of another form', 'password\nletmein\nqwerty\n'],
  ['one endless line', 'A'.repeat(5_000)],
])('refuses %s', async (_what, content) => {
  writeFileSync(file, content)
  await expect(refuseBreachedPassword('anything', file)).rejects.toMatchObject({ code: 'breached_list' })
})

it('names a file that is missing', async () => {
  await expect(refuseBreachedPassword('anything', join(folder, 'none'))).rejects.toMatchObject({
    code: 'breached_list',
    place: { file: join(folder, 'none') },
  })
})

it('searches a folder of files by prefix, and says where one is missing', async () => {
  const byPrefix = join(folder, 'range')
  mkdirSync(byPrefix)
  const hash = sha1('password1')
  writeFileSync(join(byPrefix, hash.slice(0, 5)), `${'0'.repeat(35)}:3\r\n${hash.slice(5)}:2413945\r\n`)
  const other = sha1('correct horse')
  writeFileSync(join(byPrefix, `${other.slice(0, 5)}.txt`), `${'F'.repeat(35)}:1\n`)
  await expect(refuseBreachedPassword('password1', byPrefix)).rejects.toMatchObject({ code: 'breached_password' })
  await refuseBreachedPassword('correct horse', byPrefix)
  await expect(refuseBreachedPassword('another', byPrefix)).rejects.toMatchObject({ code: 'breached_list' })
})
