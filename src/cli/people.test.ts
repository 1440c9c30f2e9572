import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, expect, it } from 'vitest'

const folder = mkdtempSync(join(tmpdir(), 'kanpeki-people-'))
const MAIN = join(import.meta.dirname, 'main.ts')
afterAll(() => rmSync(folder, { recursive: true }))

interface Ran {
  readonly code: number
  readonly stdout: string
}

async function kanpeki(...args: readonly string[]): Promise<Ran> {
  const ran = promisify(execFile)(process.execPath, [MAIN, ...args, '--data', folder], { env: { PATH: '' } })
  return await ran.then(
    ({ stdout }) => ({ code: 0, stdout }),
    (error: { code: number; stdout: string }) => ({ code: error.code, stdout: error.stdout }),
  )
}

const people = async (): Promise<Record<string, unknown>[]> =>
  (await kanpeki('people', 'list', '--json')).stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)

it('makes the emergency account once, and then gives it new passwords', async () => {
  const first = await kanpeki('break-glass', 'create')
  expect(first).toMatchObject({ code: 0, stdout: expect.stringMatching(/^([2-9a-z]{5}-){5}[2-9a-z]{5}\n$/) })
  expect((await kanpeki('break-glass', 'create')).stdout).not.toBe(first.stdout)
  expect(await people()).toMatchObject([{ name: 'break-glass', breakGlass: true, active: true, roles: ['administrator in *'] }])
}, 60_000)

it('invites, resets and ends people', async () => {
  const invited = await kanpeki('people', 'invite', 'sato', '--role', 'analyst', '--role', 'viewer@*')
  expect(invited).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\/invite\?token=[\w-]{43}\n$/) })
  expect((await kanpeki('people', 'invite', 'SATO')).code).toBe(1)
  expect((await kanpeki('people', 'invite', 'ito', '--role', 'analyst@nowhere')).code).toBe(1)
  expect((await kanpeki('people', 'reset', 'sato', '--factors')).stdout).toMatch(/^\/invite\?token=/)
  expect((await kanpeki('people', 'reset', 'break-glass')).code).toBe(1)
  expect(await kanpeki('people', 'end', 'sato')).toMatchObject({ code: 0 })
  expect((await people()).find(({ name }) => name === 'sato')).toMatchObject({
    active: false,
    roles: ['analyst in default', 'viewer in *'],
  })
}, 60_000)

it('lists tokens as JSON, without their secrets', async () => {
  const secret = (await kanpeki('token', 'create', '--scope', 'read', '--name', 'judge')).stdout.trim()
  const enrol = (await kanpeki('enrol-token', 'create', '--name', 'web')).stdout.trim()
  const tokens = (await kanpeki('token', 'list', '--json')).stdout
  expect(JSON.parse(tokens)).toMatchObject({ name: 'judge', scope: 'read', lastUsed: null, source: null })
  const enrolments = (await kanpeki('enrol-token', 'list', '--json')).stdout
  expect(JSON.parse(enrolments)).toMatchObject({ name: 'web', uses: 1, usesLeft: 1 })
  expect(tokens + enrolments).not.toContain(secret)
  expect(tokens + enrolments).not.toContain(enrol)
}, 60_000)

it.each([
  [['people']],
  [['people', 'promote', 'sato']],
  [['people', 'invite']],
  [['break-glass']],
  [['people', 'invite', 'x', '--role', 'king']],
])('says how it is used: %j', async (args) => {
  expect((await kanpeki(...args)).code).toBe(64)
})
