import { execFileSync } from 'node:child_process'
import { createPrivateKey, randomBytes, X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, type RequestOptions, request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as tlsConnect } from 'node:tls'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { checkForgery, createAuthenticator } from '../access/authenticate.ts'
import { withMachines } from '../access/machines/authenticate.ts'
import { type Authority, CERTIFICATE_LIFE_MS, openAuthority, sealContext } from '../access/machines/authority.ts'
import { insertAgent, insertCertificate, trustedAuthorities } from '../access/machines/queries.ts'
import { machineRoutes } from '../access/machines/routes.ts'
import { migrations } from '../access/migrations.ts'
import type { AccessDeps } from '../access/routes-deps.ts'
import type { AccessTables } from '../access/tables.ts'
import { createToken } from '../access/tokens.ts'
import { sourceTls } from '../app/source-tls.ts'
import { createIngestHandler } from '../collect/sources/http/handler.ts'
import { memoryBudget } from '../collect/sources/http/read-body.ts'
import { mainTarget } from '../collect/sources/http/target.ts'
import { messageOf } from '../kernel/error.ts'
import type { Evidence } from '../kernel/evidence.ts'
import { createSealer } from '../platform/secrets/sealer.ts'
import { readOutbox, recordEvidence } from '../platform/state/outbox.ts'
import { openState, type State } from '../platform/state/state.ts'
import { describeStates } from '../platform/testing/states.ts'
import { openServerTls, type ServerTls } from '../platform/tls/server-tls.ts'
import { type RunningServer, startHttpServer } from './http-server.ts'

const DAY_MS = 86_400_000

interface Reply {
  readonly status: number
  readonly text: string
}
interface Enrolled {
  readonly agent: { readonly id: string; readonly name: string; readonly scope: string }
  readonly certificate: string
  readonly chain: string
  readonly notAfter: string
  readonly renewAfter: string
}

describeStates('machines', (bed) => {
  const folder = mkdtempSync(join(tmpdir(), 'kanpeki-machines-'))
  const file = (name: string, text?: string | Uint8Array): string => {
    const path = join(folder, name)
    if (text !== undefined) writeFileSync(path, text)
    return path
  }
  const openssl = (...args: string[]): string =>
    execFileSync('openssl', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  const sealer = createSealer([randomBytes(32)])
  const log = { info: () => {}, warn: () => {}, error: () => {} }
  let ahead = 0
  const clock = { now: () => Date.now() + ahead }
  const sources: string[] = []
  let state: State
  let authority: Authority
  let tls: ServerTls
  let server: RunningServer
  let admin: string

  beforeAll(async () => {
    state = await openState(await bed.place(), migrations, clock)
    const db = state.tables<AccessTables>()
    const record: AccessDeps['record'] = (work) =>
      state.transaction<AccessTables, Awaited<ReturnType<typeof work>>['result']>(async (trx) => {
        const { result, evidence } = await work(trx)
        await recordEvidence(trx, evidence as readonly Evidence[], clock)
        return result
      })
    authority = await openAuthority({ db, record, sealer, clock })
    await authority.ensure()
    tls = await openServerTls({ host: '127.0.0.1', certFile: null, keyFile: null, names: [] }, { folder, sealer, clock, log })
    const authenticate = withMachines(createAuthenticator(db, clock), db, authority, clock)
    server = await startHttpServer(
      {
        version: '0.0.0',
        console: file('console'),
        healthy: () => true,
        authenticate,
        checkForgery,
        refused: () => {},
        report: (error) => {
          throw error
        },
        hot: createIngestHandler({
          targetOf: mainTarget,
          authenticate: (incoming) =>
            authenticate(incoming).then(
              (caller) => (caller.kind === 'anonymous' ? undefined : caller),
              () => undefined,
            ),
          commit: async ({ source }) => {
            sources.push(source)
            return { status: 200, body: Buffer.from('{}') }
          },
          clock,
          maxBodyBytes: 1_000_000,
          budget: memoryBudget(1_000_000),
          log: () => {},
        }),
        routes: machineRoutes({ db, record, clock, authority }),
        tls: () => ({ ...tls.context(), ca: authority.trusted().map(({ pem }) => pem) }),
      },
      '127.0.0.1',
      0,
    )
    authority.onChange(() => server.refreshTls())
    admin = (await createToken(db, { scope: 'default', name: 'admin', grant: 'admin', owner: null }, clock.now())).token
  })
  afterAll(async () => {
    tls.close()
    await server.close()
    await state.close()
    rmSync(folder, { recursive: true })
  })

  function ask(method: string, path: string, options: RequestOptions & { body?: unknown; raw?: string } = {}): Promise<Reply> {
    const { body, raw, ...rest } = options
    const headers = { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...rest.headers }
    return new Promise((resolve, reject) => {
      const agent = rest.agent ?? new Agent({ maxCachedSessions: 0 })
      const sent = request({ host: '127.0.0.1', port: server.port, method, path, ca: tls.current.cert, ...rest, agent, headers })
      sent.on('error', reject)
      sent.on('response', (response) => {
        const parts: Buffer[] = []
        response.on('data', (part: Buffer) => parts.push(part))
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(parts).toString('latin1') }))
      })
      sent.end(raw ?? (body === undefined ? undefined : JSON.stringify(body)))
    })
  }

  const bearer = (token: string): { authorization: string } => ({ authorization: `Bearer ${token}` })

  async function enrolmentToken(uses = 1, hours = 1): Promise<string> {
    const made = await ask('POST', '/api/v1/enrolments', { headers: bearer(admin), body: { name: 'rack 1', uses, hours } })
    expect(made.status).toBe(200)
    return (JSON.parse(made.text) as { token: string }).token
  }

  let made = 0
  function newRequest(...more: string[]): { key: string; csr: string } {
    made += 1
    const [key, csr] = [file(`agent-${made}.key`), file(`agent-${made}.csr`)]
    const kind = more.includes('-newkey') ? [] : ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256']
    openssl('req', '-new', ...kind, '-nodes', '-keyout', key, '-out', csr, '-subj', '/CN=root/O=Evil', ...more)
    return { key: readFileSync(key, 'utf8'), csr: readFileSync(csr, 'utf8') }
  }

  async function enrolled(name = 'web-1'): Promise<Enrolled & { key: string }> {
    const { key, csr } = newRequest()
    const reply = await ask('POST', '/api/v1/agents/enrol', { headers: bearer(await enrolmentToken()), body: { name, csr } })
    expect(reply.status).toBe(200)
    return { ...(JSON.parse(reply.text) as Enrolled), key }
  }

  const bulk = (identity: { certificate: string; key: string }, agent?: Agent): Promise<Reply> =>
    ask('POST', '/_bulk', {
      cert: identity.certificate,
      key: identity.key,
      raw: '{"index":{}}\n{"message":"x"}\n',
      ...(agent === undefined ? {} : { agent }),
    })
  const renewal = (identity: { certificate: string; key: string }, csr: string): Promise<Reply> =>
    ask('POST', '/api/v1/agents/renew', { cert: identity.certificate, key: identity.key, body: { csr } })

  it('gives a certificate that openssl verifies for clients only, with nothing of what the request asked for', async () => {
    const { key, csr } = newRequest('-addext', 'subjectAltName=DNS:evil.example', '-addext', 'basicConstraints=critical,CA:TRUE')
    const token = await enrolmentToken()
    const reply = await ask('POST', '/api/v1/agents/enrol', { headers: bearer(token), body: { name: 'web-1', csr } })
    const { certificate, chain, agent, notAfter, renewAfter } = JSON.parse(reply.text) as Enrolled
    const [cert, ca] = [file('issued.pem', certificate), file('chain.pem', chain)]
    expect(openssl('verify', '-x509_strict', '-purpose', 'sslclient', '-CAfile', ca, cert)).toContain(': OK')
    expect(() => openssl('verify', '-purpose', 'sslserver', '-CAfile', ca, cert)).toThrow()
    const text = openssl('x509', '-in', cert, '-noout', '-text')
    expect(text).toMatch(new RegExp(`Subject: O = Kanpeki, CN = ${agent.id}`))
    expect(text).toContain(`URI:urn:uuid:${agent.id}`)
    expect(text).not.toMatch(/evil|Evil|CA:TRUE/)
    expect(new X509Certificate(certificate).serialNumber).toMatch(/^[0-9A-F]{32}$/)
    expect(new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key))).toBe(true)
    expect(openssl('x509', '-in', ca, '-noout', '-text')).toMatch(/CA:TRUE, pathlen:0/)
    expect(Date.parse(notAfter) - Date.now()).toBeLessThanOrEqual(CERTIFICATE_LIFE_MS)
    expect(Date.parse(renewAfter)).toBeLessThan(Date.parse(notAfter))
    // The token was for one machine.
    expect((await ask('POST', '/api/v1/agents/enrol', { headers: bearer(token), body: { name: 'web-2', csr } })).status).toBe(401)
  })

  it('lets a machine send syslog over TLS into its own scope, until it is revoked', async () => {
    const one = await enrolled('relay')
    const { raw } = new X509Certificate(one.certificate)
    const listener = sourceTls({ tls, authority, db: state.tables<AccessTables>(), clock })
    expect(await listener('default').machineOf(raw)).toBe('relay')
    const refusal = async (scope: string, certificate: Uint8Array): Promise<string> =>
      await listener(scope)
        .machineOf(certificate)
        .then(() => 'none', messageOf)
    expect(await refusal('branch', raw)).toContain('enrolled in another scope')
    expect(await refusal('default', new X509Certificate(tls.current.cert).raw)).toContain('foreign')
    const revoked = await ask('DELETE', `/api/v1/agents/${one.agent.id}`, { headers: bearer(admin) })
    expect(revoked.status).toBeLessThan(300)
    expect(await refusal('default', raw)).toContain('it was revoked')
    expect(listener('default').context().ca).toEqual(authority.trusted().map(({ pem }) => pem))
  })

  it('takes events of an agent under its own source, and lets it do nothing else', async () => {
    const one = await enrolled()
    expect((await bulk(one)).status).toBe(200)
    expect(sources.at(-1)).toBe(`agent:${one.agent.id}`)
    const named = await ask('POST', '/api/v1/ingest/another', { cert: one.certificate, key: one.key, raw: 'x\n' })
    expect([named.status, sources.at(-1)]).toEqual([200, `agent:${one.agent.id}`])
    expect((await ask('GET', '/api/v1/agents', { cert: one.certificate, key: one.key })).status).toBe(403)
    // What a browser sends along for a foreign page is nobody's.
    const foreign = { cert: one.certificate, key: one.key, headers: { origin: 'https://evil.example' } }
    expect((await ask('GET', '/api/v1/agents', foreign)).status).toBe(401)
    expect((await ask('POST', '/_bulk', { raw: '{}' })).status).toBe(401)
  })

  it.each(['TLSv1.2', 'TLSv1.3'] as const)('knows an agent in a resumed %s session, and that it was revoked', async (version) => {
    const one = await enrolled()
    const resumed: boolean[] = []
    let session: Buffer | undefined
    const send = (): Promise<number> =>
      new Promise((resolve, reject) => {
        const options = { cert: one.certificate, key: one.key, ca: tls.current.cert, minVersion: version, maxVersion: version }
        const to = { host: '127.0.0.1', port: server.port, servername: 'localhost' }
        const socket = tlsConnect({ ...to, ...options, ...(session === undefined ? {} : { session }) }, () => {
          resumed.push(socket.isSessionReused())
          socket.write('POST /_bulk HTTP/1.1\r\nHost: localhost\r\nContent-Length: 30\r\nConnection: close\r\n\r\n')
          socket.write('{"index":{}}\n{"message":"xyz"}\n'.slice(0, 30))
        })
        let text = ''
        socket.on('session', (ticket) => {
          session = ticket
        })
        socket.on('error', reject)
        socket.setEncoding('latin1').on('data', (part: string) => {
          text += part
        })
        socket.on('close', () => resolve(Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1])))
      })
    expect([await send(), await send()]).toEqual([200, 200])
    await ask('DELETE', `/api/v1/agents/${one.agent.id}`, { headers: bearer(admin) })
    expect(await send()).toBe(401)
    expect(resumed).toEqual([false, true, true])
  })

  it('renews by the present certificate, and only by it', async () => {
    const one = await enrolled('db-1')
    const next = newRequest()
    const reply = await renewal(one, next.csr)
    const second = { ...(JSON.parse(reply.text) as Enrolled), key: next.key }
    expect([reply.status, second.agent]).toEqual([200, one.agent])
    expect((await bulk(second)).status).toBe(200)
    expect((await bulk(one)).status).toBe(200)
    expect(
      (await ask('POST', '/api/v1/agents/renew', { body: { csr: next.csr }, headers: { 'x-kanpeki-csrf': '1' } })).status,
    ).toBe(401)
    expect((await ask('POST', '/api/v1/agents/renew', { body: { csr: next.csr }, headers: bearer(admin) })).status).toBe(403)
    const statuses: number[] = []
    for (let times = 0; times < 10; times++) statuses.push((await renewal(one, next.csr)).status)
    expect(statuses).toEqual([...Array.from({ length: 8 }, () => 200), 429, 429])
  })

  it('refuses a revoked agent at once, on an open connection too, and lists it', async () => {
    const one = await enrolled('lost laptop')
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    expect((await bulk(one, agent)).status).toBe(200)
    const revoked = await ask('DELETE', `/api/v1/agents/${one.agent.id}`, { headers: bearer(admin) })
    expect([revoked.status, revoked.text]).toEqual([200, '{"certificates":1}'])
    expect((await bulk(one, agent)).status).toBe(401)
    agent.destroy()
    expect((await bulk(one)).status).toBe(401)
    const said = await renewal(one, newRequest().csr)
    expect([said.status, said.text]).toEqual([401, expect.stringContaining('it was revoked')])
    expect((await ask('DELETE', `/api/v1/agents/${one.agent.id}`, { headers: bearer(admin) })).status).toBe(404)

    const [ca, cert] = [file('ca.pem', (await ask('GET', '/pki/ca.pem')).text), file('revoked.pem', one.certificate)]
    const crl = file('ca.crl', Buffer.from((await ask('GET', '/pki/ca.crl')).text, 'latin1'))
    const text = openssl('crl', '-inform', 'DER', '-in', crl, '-noout', '-text', '-CAfile', ca)
    expect(text).toContain(new X509Certificate(one.certificate).serialNumber.toUpperCase())
    expect(text).toMatch(/X509v3 CRL Number/)
    const pem = file('ca.crl.pem', openssl('crl', '-inform', 'DER', '-in', crl))
    expect(() => openssl('verify', '-crl_check', '-CRLfile', pem, '-CAfile', ca, cert)).toThrow(/revoked/)
    const good = await enrolled()
    expect(openssl('verify', '-crl_check', '-CRLfile', pem, '-CAfile', ca, file('good.pem', good.certificate))).toContain(': OK')
  })

  /** Certificates as a thief of names, but not of our key, would make them; and those our key never should. */
  function forged(
    issuer: { cert: string; key: string },
    name: string,
    extensions: string,
    ...more: string[]
  ): { certificate: string; key: string } {
    const { key, csr } = newRequest()
    const conf = file(`${name}.cnf`, `${extensions}\n`)
    const out = file(`${name}.pem`)
    openssl(
      'x509',
      '-req',
      '-in',
      file(`${name}.csr`, csr),
      '-CA',
      issuer.cert,
      '-CAkey',
      issuer.key,
      '-CAcreateserial',
      '-extfile',
      conf,
      '-out',
      out,
      ...(more.length === 0 ? ['-days', '30'] : more),
    )
    return { certificate: readFileSync(out, 'utf8'), key }
  }
  const CLIENT = 'basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=clientAuth'

  async function ours(): Promise<{ cert: string; key: string }> {
    const [row] = await trustedAuthorities(state.tables<AccessTables>(), clock.now())
    const key = createPrivateKey({ key: sealer.open(row!.key, sealContext(row!.id)), format: 'der', type: 'pkcs8' })
    return { cert: file('our-ca.pem', row!.certificate), key: file('our-ca.key', key.export({ format: 'pem', type: 'pkcs8' })) }
  }

  /** Even the database knows it: the certificate itself must be what is refused. */
  async function register(certificate: string): Promise<void> {
    const db = state.tables<AccessTables>()
    const id = crypto.randomUUID()
    const [row] = await trustedAuthorities(db, clock.now())
    await insertAgent(db, { id, scope: 'default', name: 'forged', enrolment_id: id, created: 0, last_seen: null, revoked: null })
    const fingerprint = new X509Certificate(certificate).fingerprint256.replaceAll(':', '').toLowerCase()
    await insertCertificate(db, {
      fingerprint,
      scope: 'default',
      agent_id: id,
      ca_id: row!.id,
      serial: fingerprint,
      created: 0,
      expires: 1e15,
      revoked: null,
    })
  }

  it('refuses what another authority issued, even under the same name', async () => {
    const { cert } = await ours()
    const subject = /subject=(.*)/.exec(openssl('x509', '-in', cert, '-noout', '-subject', '-nameopt', 'compat'))![1]!
    const [key, pem] = [file('twin.key'), file('twin.pem')]
    openssl(
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-keyout',
      key,
      '-out',
      pem,
      '-subj',
      subject.trim(),
    )
    const twin = forged({ cert: pem, key }, 'twin-client', CLIENT)
    await register(twin.certificate)
    const reply = await renewal(twin, newRequest().csr)
    expect([reply.status, reply.text]).toEqual([401, expect.stringContaining('it is foreign')])
    expect((await bulk(twin)).status).toBe(401)
  })

  it.each([
    ['not-for-clients', 'basicConstraints=critical,CA:FALSE\nextendedKeyUsage=serverAuth', 'not for clients'],
    ['no-usage', 'basicConstraints=critical,CA:FALSE', 'not for clients'],
    ['an-authority', 'basicConstraints=critical,CA:TRUE\nextendedKeyUsage=clientAuth', 'not for clients'],
    ['never-issued', CLIENT, 'not issued here'],
  ])('refuses a certificate by our own key that is %s', async (name, extensions, why) => {
    const one = forged(await ours(), name, extensions)
    if (name !== 'never-issued') await register(one.certificate)
    const reply = await renewal(one, newRequest().csr)
    expect([reply.status, reply.text]).toEqual([401, expect.stringContaining(why)])
    expect((await bulk(one)).status).toBe(401)
  })

  it('refuses expired certificates and used-up, expired and withdrawn enrolment tokens', async () => {
    const one = await enrolled()
    const short = await enrolmentToken(5, 1)
    const { csr } = newRequest()
    ahead = 2 * 3_600_000
    expect((await ask('POST', '/api/v1/agents/enrol', { headers: bearer(short), body: { name: 'late', csr } })).status).toBe(401)
    ahead = CERTIFICATE_LIFE_MS + DAY_MS
    const reply = await renewal(one, csr)
    expect([reply.status, reply.text]).toEqual([401, expect.stringContaining('it is expired')])
    expect((await bulk(one)).status).toBe(401)
    ahead = 0
    const open = await ask('POST', '/api/v1/enrolments', { headers: bearer(admin), body: { name: 'wrong', uses: 3 } })
    const { id, token } = JSON.parse(open.text) as { id: string; token: string }
    expect((await ask('DELETE', `/api/v1/enrolments/${id}`, { headers: bearer(admin) })).status).toBe(200)
    expect((await ask('POST', '/api/v1/agents/enrol', { headers: bearer(token), body: { name: 'x', csr } })).status).toBe(401)
    expect((await ask('POST', '/api/v1/agents/enrol', { headers: bearer(admin), body: { name: 'x', csr } })).status).toBe(401)
    expect((await ask('GET', '/api/v1/agents', { headers: bearer(await enrolmentToken()) })).status).toBe(403)
  })

  it('refuses requests that are broken or weak, which cost no use of the token', async () => {
    const token = await enrolmentToken()
    const { csr } = newRequest()
    const der = Buffer.from(csr.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64')
    der[der.length - 1] = der[der.length - 1]! ^ 1
    const broken = `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`
    const weak = newRequest('-newkey', 'rsa:1024').csr
    for (const bad of ['x', broken, weak, csr.slice(0, 200)]) {
      const reply = await ask('POST', '/api/v1/agents/enrol', { headers: bearer(token), body: { name: 'x', csr: bad } })
      expect([reply.status, reply.text]).toEqual([400, expect.stringContaining('"bad_csr"')])
    }
    const rsa = newRequest('-newkey', 'rsa:2048').csr
    expect((await ask('POST', '/api/v1/agents/enrol', { headers: bearer(token), body: { name: 'x', csr: rsa } })).status).toBe(
      200,
    )
  })

  it('gives a token for two machines to no third, also at the same time', async () => {
    const token = await enrolmentToken(2)
    const csrs = [1, 2, 3, 4].map(() => newRequest().csr)
    const replies = await Promise.all(
      csrs.map((csr) => ask('POST', '/api/v1/agents/enrol', { headers: bearer(token), body: { name: 'many', csr } })),
    )
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(2)
  })

  it('trusts the authority before a rotation until its certificates have ended, and no longer', async () => {
    const before = await enrolled('old')
    const rotated = await ask('POST', '/api/v1/authorities/rotate', { headers: bearer(admin), body: {} })
    expect(rotated.status).toBe(200)
    const after = await enrolled('new')
    expect(after.chain.match(/BEGIN/g)).toHaveLength(2)
    expect(new X509Certificate(after.certificate).issuer).not.toBe(new X509Certificate(before.certificate).issuer)
    expect([(await bulk(before)).status, (await bulk(after)).status]).toEqual([200, 200])
    const [issuing, former] = authority.trusted()
    const oldList = await ask('GET', `/pki/${former!.id}/ca.crl`)
    const crl = file('old.crl', Buffer.from(oldList.text, 'latin1'))
    expect(openssl('crl', '-inform', 'DER', '-in', crl, '-noout', '-issuer', '-nameopt', 'compat')).toContain(
      former!.certificate.subject.split('CN=')[1],
    )
    ahead = CERTIFICATE_LIFE_MS + DAY_MS
    expect(authority.trusted().map(({ id }) => id)).toEqual([issuing!.id])
    ahead = 0
  })

  it('leaves evidence of every change, and no secret in it', async () => {
    const entries = await readOutbox(state.tables(), 0, 10_000)
    const actions = new Set(entries.map(({ body }) => body['action']))
    for (const action of [
      'ca.create',
      'ca.rotate',
      'enrolment.create',
      'enrolment.revoke',
      'agent.enrol',
      'agent.renew',
      'agent.revoke',
    ])
      expect(actions).toContain(action)
    expect(JSON.stringify(entries)).not.toMatch(/kpe_|PRIVATE|kpseal1/)
    const rows = await trustedAuthorities(state.tables<AccessTables>(), clock.now())
    for (const { key } of rows) expect(key).toMatch(/^kpseal1:/)
  })
})
