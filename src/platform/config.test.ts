import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { readConfig } from './config.ts'

const folder = mkdtempSync(join(tmpdir(), 'kanpeki-config-'))
afterAll(() => rmSync(folder, { recursive: true }))

it('takes a flag before a variable before the file before the default, and says which', () => {
  writeFileSync(join(folder, 'kanpeki.yml'), 'port: 1\nmemory: 2 GB\norganisation: Minato Pay\n')
  const config = readConfig(folder, { port: '3' }, { KANPEKI_PORT: '2', KANPEKI_MEMORY: '256 MB', KANPEKI_RULES: '/a:/b' })
  expect(config.values).toMatchObject({
    port: 3,
    memory: 268_435_456,
    organisation: 'Minato Pay',
    host: '127.0.0.1',
    rules: ['/a', '/b'],
  })
  const from = Object.fromEntries(config.explained.map((one) => [one.key, one.from]))
  expect(from).toMatchObject({ port: 'flag', memory: 'environment', organisation: 'file', host: 'default' })
})

it.each([
  ['prot: 1', /no setting 'prot'/],
  ['port: 70000', /port is not valid/],
  ['[1', /not YAML/],
  ['- 1', /must be a map/],
  ['memory: much', /memory is not valid/],
  ['port:', /port is not valid: not a whole number/],
  ['rate-callers:', /rate-callers is not valid/],
  ['retention-days: true', /retention-days is not valid/],
  ['retention-days: [7]', /retention-days is not valid/],
  ['zone: 1.5', /zone is not valid/],
  ['port: 1\n---\nport: 2', /more than one YAML document/],
])('refuses %j with the place', (text, message) => {
  writeFileSync(join(folder, 'kanpeki.yml'), text)
  expect(() => readConfig(folder, {}, {})).toThrow(message)
})

it.each(['', '# port: 1\n', '---\n'])('takes the defaults where the file says nothing: %j', (text) => {
  writeFileSync(join(folder, 'kanpeki.yml'), text)
  expect(readConfig(folder, {}, {}).values.port).toBe(7300)
})

it('takes no empty variable for the number 0', () => {
  rmSync(join(folder, 'kanpeki.yml'), { force: true })
  expect(() => readConfig(folder, {}, { KANPEKI_RATE_CALLERS: '' })).toThrow(/KANPEKI_RATE_CALLERS is not valid: not a whole/)
  expect(readConfig(folder, {}, { KANPEKI_ZONE: '-540', KANPEKI_PORT: ' 80 ' }).values).toMatchObject({ zone: -540, port: 80 })
})

it('does not take a link that leads nowhere for no file', () => {
  symlinkSync('/nowhere/kanpeki.yml', join(folder, 'kanpeki.yml'))
  expect(() => readConfig(folder, {}, {})).toThrow(/cannot be read: ENOENT/)
})
