import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
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
])('refuses %j with the place', (text, message) => {
  writeFileSync(join(folder, 'kanpeki.yml'), text)
  expect(() => readConfig(folder, {}, {})).toThrow(message)
})
