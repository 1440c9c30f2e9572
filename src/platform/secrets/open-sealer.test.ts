import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { rejectionOf } from '../testing/code-of.ts'
import { openSealer } from './open-sealer.ts'
import { parseSealKeys, readSealKeys, type SealKeySettings, sealKeySource } from './seal-keys.ts'

const root = mkdtempSync(join(tmpdir(), 'kanpeki-sealer-'))
afterAll(() => rmSync(root, { recursive: true }))
const folder = () => mkdtempSync(join(root, 'keys-'))
const none: SealKeySettings = { 'seal-key-file': null, 'seal-key-command': [] }
const key = () => randomBytes(32).toString('base64')
const print = (text: string) => [process.execPath, '-e', `process.stdout.write(${JSON.stringify(text)})`]

it('makes a key file for its owner alone at the first start, and uses it again', async () => {
  const keys = folder()
  const source = sealKeySource(keys, none, {})
  const first = await openSealer(keys, source)
  expect(statSync(join(keys, 'seal.key')).mode & 0o777).toBe(0o600)
  const again = await openSealer(keys, source)
  expect(again.open(first.seal('x', 'c'), 'c').toString()).toBe('x')
})

it('takes the variable before the command before the named file', async () => {
  const keys = folder()
  const [one, two] = [key(), key()]
  const settings = { 'seal-key-file': join(keys, 'named.key'), 'seal-key-command': print(two) }
  expect(sealKeySource(keys, settings, { KANPEKI_SEAL_KEY: one })).toEqual({ kind: 'environment', value: one })
  expect(sealKeySource(keys, settings, { KANPEKI_SEAL_KEY: '' }).kind).toBe('command')
  expect(sealKeySource(keys, { ...settings, 'seal-key-command': [] }, {})).toEqual({
    kind: 'file',
    path: join(keys, 'named.key'),
  })
  const fromCommand = await openSealer(keys, sealKeySource(keys, settings, {}))
  const sealed = fromCommand.seal('x', 'c')
  expect(existsSync(join(keys, 'named.key'))).toBe(false)
  const withBoth = await openSealer(keys, { kind: 'environment', value: `${one},${two}` })
  expect(withBoth.keyId).not.toBe(fromCommand.keyId)
  expect(withBoth.open(sealed, 'c').toString()).toBe('x')
})

it('says at once that the key is missing, another, exposed or not a key', async () => {
  const keys = folder()
  const file = join(keys, 'seal.key')
  const source = sealKeySource(keys, none, {})
  await openSealer(keys, source)
  const text = readFileSync(file, 'utf8')
  rmSync(file)
  expect(await rejectionOf(openSealer(keys, source))).toBe('seal_key_missing')
  expect(await rejectionOf(openSealer(keys, { kind: 'environment', value: key() }))).toBe('seal_wrong_key')
  writeFileSync(file, 'short', { mode: 0o600 })
  expect(await rejectionOf(openSealer(keys, source))).toBe('seal_key_malformed')
  writeFileSync(file, text)
  chmodSync(file, 0o640)
  expect(await rejectionOf(openSealer(keys, source))).toBe('seal_key_exposed')
  chmodSync(file, 0o600)
  expect(await rejectionOf(openSealer(keys, source))).toBeUndefined()
  writeFileSync(join(keys, 'seal.check'), 'something else')
  expect(await rejectionOf(openSealer(keys, source))).toBe('seal_wrong_key')
})

it.each([
  ['a program that is not there', ['/nonexistent/kms'], 'seal_key_command'],
  ['a program that fails', [process.execPath, '-e', 'process.exit(3)'], 'seal_key_command'],
  ['one that prints no key', print('hello'), 'seal_key_malformed'],
  ['one that prints nothing', print(''), 'seal_key_malformed'],
  ['shell syntax is an argument, not a command', ['/bin/echo', '$(id);', key()], 'seal_key_malformed'],
])('refuses %s', async (_, argv, code) => {
  expect(await rejectionOf(readSealKeys({ kind: 'command', argv }, false))).toBe(code)
})

it('reads base64 and base64url, and nothing else', () => {
  const bytes = Buffer.alloc(32, 0xfb)
  for (const text of [bytes.toString('base64'), bytes.toString('base64url'), `  ${bytes.toString('base64')}\n`])
    expect(parseSealKeys(text, 'a test')).toEqual([bytes])
  for (const text of ['', ',', '!!!!', bytes.toString('hex'), bytes.subarray(1).toString('base64')])
    expect(() => parseSealKeys(text, 'a test')).toThrow(/base64/)
})
