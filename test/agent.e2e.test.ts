import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { diskFolder } from '../src/platform/testing/disk.ts'
import { createToken, eventually, kanpeki, type Running, startServer, temporaryFolder } from './support/kanpeki.ts'

const LAUNCHER = join(import.meta.dirname, '../dist/cli/main.js')

describe.skipIf(process.platform !== 'linux')('an agent and its server (needs Linux)', () => {
  const folder = temporaryFolder(diskFolder())
  const data = join(folder.path, 'data')
  const home = join(folder.path, 'agent')
  const watched = join(folder.path, 'watched')
  const ca = join(data, 'keys', 'tls-served.pem')
  const file = (name: string): string => join(watched, name)
  let server: Running
  let port: string
  let token: string
  let agent: ChildProcess | undefined
  let said = ''

  const count = (query: string): Promise<number> =>
    new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
      const options = { method: 'POST', headers, ca: readFileSync(ca), agent: false as const }
      const sent = request(new URL('/api/v1/events/count', `https://127.0.0.1:${port}`), options, (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (part: string) => {
          text += part
        })
        response.on('end', () => resolve((JSON.parse(text) as { count: number }).count))
      })
      sent.on('error', reject)
      sent.end(JSON.stringify({ query }))
    })
  const until = (what: string, query: string, expected: number): Promise<true> =>
    eventually(what, async () => ((await count(query)) === expected ? true : undefined), 60)
  function startAgent(): void {
    agent = spawn(process.execPath, [LAUNCHER, 'agent', 'run', '--data', home], { stdio: ['ignore', 'ignore', 'pipe'] })
    agent.stderr?.on('data', (part: Buffer) => {
      said += part.toString()
    })
  }
  const stopAgent = async (signal: NodeJS.Signals): Promise<void> => {
    const child = agent
    agent = undefined
    if (child === undefined || child.exitCode !== null) return
    const ended = new Promise((resolve) => child.once('close', resolve))
    child.kill(signal)
    await ended
  }

  beforeAll(async () => {
    mkdirSync(watched)
    server = await startServer(data, ['--host', '0.0.0.0'])
    port = new URL(server.url).port
    token = await createToken(data, 'admin')
  }, 60_000)
  afterAll(async () => {
    await stopAgent('SIGKILL')
    server.child.kill('SIGKILL')
    folder.remove()
  })

  it('enrols with a token, once', async () => {
    const made = await kanpeki(['enrol-token', 'create', '--data', data])
    const enrol = [
      'agent',
      'enrol',
      '--to',
      `https://127.0.0.1:${port}`,
      '--token',
      made.stdout.trim(),
      '--ca',
      ca,
      '--data',
      home,
      '--name',
      'web-1',
    ]
    expect((await kanpeki(enrol)).stdout).toMatch(/^web-1 is agent [0-9a-f-]{36}\.\n$/)
    const again = await kanpeki(enrol)
    expect(again.code).toBe(1)
    expect(again.stderr).toContain('refuses')
    writeFileSync(join(home, 'agent.json'), JSON.stringify({ watch: [watched], ignore: [], pollMs: 200, journal: false }))
  })

  it('tells files that change and a program that is started, with its hash', async () => {
    startAgent()
    await until('the agent to be there', 'event.action:agent-started', 1)
    writeFileSync(file('a'), 'one')
    await until('the new file', `event.action:file-creation AND file.name:a`, 1)
    writeFileSync(file('a'), 'two')
    chmodSync(file('a'), 0o600)
    await until('the change', 'event.action:file-change AND file.name:a AND file.mode:0600', 1)
    rmSync(file('a'))
    await until('the end of it', 'event.action:file-deletion AND file.name:a', 1)
    const program = file('sleep-for-a-test')
    copyFileSync('/bin/sleep', program)
    const child = spawn(program, ['30'])
    await until('the process', 'event.action:process-started AND process.name:sleep-for-a-test AND process.hash.sha256:*', 1)
    child.kill()
    await until('its end', 'event.action:process-ended AND process.name:sleep-for-a-test', 1)
  }, 60_000)

  it('keeps everything while the server is away and while it is killed itself: nothing is missing, nothing there twice', async () => {
    expect(await server.stop()).toBe(0)
    for (let i = 0; i < 40; i++) writeFileSync(file(`away-${i}`), String(i))
    await eventually('the agent to notice', async () => (said.includes('does not answer') ? true : undefined))
    await stopAgent('SIGKILL')
    for (let i = 40; i < 60; i++) writeFileSync(file(`away-${i}`), String(i))
    startAgent()
    server = await startServer(data, ['--host', '0.0.0.0', '--port', port])
    await until('all of it', 'event.action:file-creation AND file.name:away-*', 60)
    await stopAgent('SIGTERM')
    expect(await count('event.action:file-creation AND file.name:away-*')).toBe(60)
  }, 90_000)

  it('is no agent any more once it is revoked, and says so', async () => {
    const list = await kanpeki(['agents', 'list', '--data', data])
    const [id] = list.stdout.split(' ')
    expect((await kanpeki(['agents', 'revoke', id!, '--data', data])).code).toBe(0)
    said = ''
    startAgent()
    await eventually('the refusal', async () => (/answers 40[13]/.test(said) ? true : undefined))
    await stopAgent('SIGTERM')
    expect((await kanpeki(['agent', 'run', '--data', join(folder.path, 'nobody')])).stderr).toContain('has not enrolled')
  }, 60_000)
})
