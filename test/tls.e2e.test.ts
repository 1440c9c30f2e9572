import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createToken, eventually, kanpeki, type Running, startServer, temporaryFolder } from './support/kanpeki.ts'

interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
}

describe('a server that others can reach', () => {
  const folder = temporaryFolder()
  const data = join(folder.path, 'data')
  const ca = join(data, 'keys', 'tls-served.pem')
  let server: Running
  let admin: string

  beforeAll(async () => {
    server = await startServer(data, ['--host', '0.0.0.0'])
    admin = await createToken(data, 'admin')
  })
  afterAll(() => {
    server.child.kill('SIGKILL')
    folder.remove()
  })

  function ask(
    method: string,
    path: string,
    options: { headers?: Record<string, string>; body?: string; cert?: string; key?: string } = {},
  ): Promise<Reply> {
    const { body, ...rest } = options
    return new Promise((resolve, reject) => {
      const sent = request(new URL(path, server.url), { method, ca: readFileSync(ca), agent: false, ...rest }, (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (part: string) => {
          text += part
        })
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }))
      })
      sent.on('error', reject)
      sent.end(body)
    })
  }
  const bearer = (token: string): Record<string, string> => ({
    authorization: `Bearer ${token}`,
    'content-type': 'application/json',
  })

  it('announces an https address that its certificate holds, and keeps no key in plain text', async () => {
    expect(server.url).toMatch(/^https:\/\/[^/]+:\d+$/)
    expect(server.signInUrl.startsWith(`${server.url}/setup?token=`)).toBe(true)
    const reply = await ask('GET', '/healthz')
    expect([reply.status, reply.text]).toEqual([200, '{"status":"ok"}'])
    expect(reply.headers['strict-transport-security']).toContain('max-age=31536000')
    for (const file of readdirSync(join(data, 'keys'), { withFileTypes: true }))
      if (file.isFile()) expect(readFileSync(join(data, 'keys', file.name), 'utf8')).not.toContain('PRIVATE KEY')
  })

  it('signs in with a cookie that only TLS carries', async () => {
    const token = new URL(server.signInUrl).searchParams.get('token')
    const body = JSON.stringify({ token, name: 'mori', password: 'a long walk by the harbour' })
    const headers = { 'content-type': 'application/json', 'x-kanpeki-csrf': '1' }
    const made = await ask('POST', '/api/v1/setup', { headers, body })
    expect(made.status).toBe(200)
    const cookies = [made.headers['set-cookie'] ?? []].flat()
    const session = cookies.find((one) => one.startsWith('__Host-kanpeki_session='))
    expect(session).toMatch(/; Path=\/; .*HttpOnly; SameSite=Strict; Secure$/)
    const secret = session!.split(';')[0]!
    expect((await ask('GET', '/api/v1/session', { headers: { cookie: secret } })).status).toBe(200)
    const bare = secret.replace('__Host-', '')
    expect((await ask('GET', '/api/v1/session', { headers: { cookie: bare } })).status).toBe(401)
  })

  it('is trusted by commands on its own host, and elsewhere by its file', async () => {
    expect((await kanpeki(['search', 'zebrafish', '--count', '--data', data])).stdout).toBe('0\n')
    const query = ['search', 'zebrafish', '--count', '--url', server.url, '--token', admin]
    const distrusted = await kanpeki(query)
    expect([distrusted.code, distrusted.stderr]).toEqual([1, expect.stringContaining('--ca FILE')])
    expect((await kanpeki([...query, '--ca', ca])).stdout).toBe('0\n')
    expect((await kanpeki(query, { env: { KANPEKI_CA: ca } })).stdout).toBe('0\n')
  })

  it('enrols an agent, takes its events as its own, and refuses it once revoked', async () => {
    const [key, csr] = [join(folder.path, 'agent.key'), join(folder.path, 'agent.csr')]
    const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', key]
    execFileSync('openssl', ['req', '-new', ...ec, '-out', csr, '-subj', '/CN=web-1'], { stdio: 'ignore' })
    const token = (await kanpeki(['enrol-token', 'create', '--name', 'rack 1', '--data', data])).stdout.trim()
    const body = JSON.stringify({ name: 'web-1', csr: readFileSync(csr, 'utf8') })
    const enrolled = await ask('POST', '/api/v1/agents/enrol', { headers: bearer(token), body })
    expect(enrolled.status).toBe(200)
    const { agent, certificate } = JSON.parse(enrolled.text) as { agent: { id: string }; certificate: string }
    writeFileSync(join(folder.path, 'agent.pem'), certificate)

    const identity = { cert: certificate, key: readFileSync(key, 'utf8') }
    const event = '{"create":{}}\n{"@timestamp":"2026-01-01T00:00:00Z","message":"a zebrafish"}\n'
    expect((await ask('POST', '/_bulk', { ...identity, body: event })).status).toBe(200)
    expect((await kanpeki(['search', 'zebrafish', '--count', '--data', data])).stdout).toBe('1\n')
    const source = await eventually('the account of the agent', async () => {
      const { text } = await ask('GET', '/api/v1/sources', { headers: bearer(admin) })
      if (!text.includes('"sources"')) throw new Error(text)
      return (JSON.parse(text) as { sources: { id: string; kind: string }[] }).sources.find(
        ({ id }) => id === `agent:${agent.id}`,
      )
    })
    expect(source.kind).toBe('http')

    expect((await kanpeki(['agents', 'list', '--data', data])).stdout).toContain(agent.id)
    expect((await kanpeki(['agents', 'revoke', agent.id, '--url', server.url, '--ca', ca, '--token', admin])).code).toBe(0)
    const refused = await ask('POST', '/_bulk', { ...identity, body: event })
    expect([refused.status, refused.text]).toEqual([401, expect.stringContaining('it was revoked')])
  })

  it('keeps its certificate over a restart, and stops without loss', async () => {
    const before = readFileSync(ca, 'utf8')
    expect(await server.stop()).toBe(0)
    server = await startServer(data, ['--host', '0.0.0.0'])
    expect(readFileSync(ca, 'utf8')).toBe(before)
    expect((await kanpeki(['search', 'zebrafish', '--count', '--data', data])).stdout).toBe('1\n')
  })

  it('refuses to speak plain text to others, and says what to do', async () => {
    const refused = await kanpeki([
      'up',
      '--host',
      '0.0.0.0',
      '--port',
      '0',
      '--tls',
      'off',
      '--data',
      join(folder.path, 'other'),
    ])
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('without TLS')])
  })
})
