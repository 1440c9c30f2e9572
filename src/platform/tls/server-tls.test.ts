import { execFileSync } from 'node:child_process'
import { randomBytes, X509Certificate } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { createSealer } from '../secrets/sealer.ts'
import { OWN_CERTIFICATE_DAYS } from './make-certificate.ts'
import { sealedTlsKey } from './pair-store.ts'
import { openServerTls, RENEW_BEFORE_MS, type ServerTls, type TlsSettings } from './server-tls.ts'

const root = mkdtempSync(join(tmpdir(), 'kanpeki-tls-'))
const opened: ServerTls[] = []
afterAll(() => {
  for (const one of opened) one.close()
  rmSync(root, { recursive: true })
})

const sealKey = randomBytes(32)
const sealer = createSealer([sealKey])
const facts = { hostname: 'tower', addresses: ['127.0.0.1', '192.0.2.7'] }
const DAY_MS = 86_400_000
// A minute ahead: openssl dates what it makes below by the real clock.
let now = Date.now() + 60_000
const logged: string[] = []
const log = {
  info: (message: string) => logged.push(message),
  warn: (message: string) => logged.push(message),
  error: (message: string) => logged.push(message),
}
const OWN: TlsSettings = { host: '0.0.0.0', certFile: null, keyFile: null, names: ['kanpeki.example'] }

async function open(folder: string, settings: Partial<TlsSettings> = {}): Promise<ServerTls> {
  const tls = await openServerTls({ ...OWN, ...settings }, { folder, sealer, clock: { now: () => now }, log, facts })
  opened.push(tls)
  return tls
}

function folder(): string {
  return mkdtempSync(join(root, 'keys-'))
}

/** A pair as openssl makes it, to be sure that we read others' work. */
function opensslPair(name: string, ...more: string[]): { cert: string; key: string } {
  const at = folder()
  const [cert, key] = [join(at, 'cert.pem'), join(at, 'key.pem')]
  const key_ = more.includes('-newkey') ? [] : ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256']
  execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      ...key_,
      '-nodes',
      '-keyout',
      key,
      '-out',
      cert,
      '-subj',
      `/CN=${name}`,
      '-addext',
      `subjectAltName=DNS:${name}`,
      ...more,
    ],
    { stdio: 'ignore' },
  )
  return { cert, key }
}

it('makes a certificate that openssl accepts for every name, with the key sealed', async () => {
  const at = folder()
  const tls = await open(at)
  const file = join(at, 'tls-own.pem')
  const text = execFileSync('openssl', ['x509', '-in', file, '-noout', '-text'], { encoding: 'utf8' })
  expect(text).toMatch(/Public-Key: \(256 bit\)/)
  expect(text).toMatch(/CA:FALSE/)
  expect(text).toMatch(/TLS Web Server Authentication/)
  for (const check of [
    ['-verify_hostname', 'kanpeki.example'],
    ['-verify_ip', '192.0.2.7'],
    ['-verify_hostname', 'tower'],
  ])
    expect(
      execFileSync('openssl', ['verify', '-purpose', 'sslserver', '-CAfile', file, ...check, file], { encoding: 'utf8' }),
    ).toContain(': OK')
  expect(() =>
    execFileSync('openssl', ['verify', '-CAfile', file, '-verify_hostname', 'other.example', file], { stdio: 'ignore' }),
  ).toThrow()
  for (const name of readdirSync(at)) expect(readFileSync(join(at, name), 'utf8')).not.toContain('PRIVATE KEY')
  expect(readFileSync(tls.servedFile, 'utf8')).toBe(tls.current.cert)
  expect(tls.announced).toBe('kanpeki.example')
  expect(tls.current.notAfter - now).toBeLessThanOrEqual(OWN_CERTIFICATE_DAYS * DAY_MS)
})

it('keeps its certificate over a restart, and makes another for a new name', async () => {
  const at = folder()
  const first = await open(at)
  expect((await open(at)).current.fingerprint).toBe(first.current.fingerprint)
  const other = await open(at, { names: ['new.example'] })
  expect(other.current.fingerprint).not.toBe(first.current.fingerprint)
  expect(other.current.names).toContain('new.example')
})

it('opens after the seal key was changed and the old one is gone', async () => {
  const at = folder()
  const first = await open(at)
  const next = randomBytes(32)
  const both = createSealer([next, sealKey])
  expect([await sealedTlsKey(at).reseal(both), await sealedTlsKey(at).reseal(both)]).toEqual([1, 0])
  const after = await openServerTls(OWN, { folder: at, sealer: createSealer([next]), clock: { now: () => now }, log, facts })
  after.close()
  expect(after.current.fingerprint).toBe(first.current.fingerprint)
  await expect(open(at)).rejects.toMatchObject({ code: 'seal_wrong_key' })
})

it('knows an IPv6 address however it is written', async () => {
  const at = folder()
  const first = await open(at, { host: '2001:db8::7', names: [] })
  expect([first.announced, (await open(at, { host: '2001:0db8:0::7', names: [] })).current.fingerprint]).toEqual([
    '2001:db8::7',
    first.current.fingerprint,
  ])
})

it('renews its certificate before it ends, while running', async () => {
  const start = now
  const tls = await open(folder())
  const before = tls.current
  let changes = 0
  tls.onChange(() => changes++)
  now = before.notAfter - RENEW_BEFORE_MS - DAY_MS
  expect(await tls.check()).toBe(false)
  now += 2 * DAY_MS
  expect(await tls.check()).toBe(true)
  expect(changes).toBe(1)
  expect(tls.current.notAfter).toBeGreaterThan(before.notAfter)
  expect(new X509Certificate(tls.current.cert).serialNumber).not.toBe(new X509Certificate(before.cert).serialNumber)
  now = start
})

it('serves a given certificate, and takes its renewal without a restart', async () => {
  const given = opensslPair('soc.example')
  const tls = await open(folder(), { names: [], certFile: given.cert, keyFile: given.key })
  expect([tls.from, tls.announced]).toEqual(['given', 'soc.example'])
  const before = tls.current.fingerprint
  const renewed = opensslPair('soc.example')
  writeFileSync(given.cert, readFileSync(renewed.cert))
  // Between the two writes of a renewal the files do not match: what was served stays.
  logged.length = 0
  expect(await tls.check()).toBe(false)
  expect(await tls.check()).toBe(false)
  expect(logged).toEqual(['the certificate could not be replaced; the one before is still served'])
  expect(tls.current.fingerprint).toBe(before)
  writeFileSync(given.key, readFileSync(renewed.key))
  expect(await tls.check()).toBe(true)
  expect(tls.current.fingerprint).not.toBe(before)
  expect(readFileSync(tls.servedFile, 'utf8')).toBe(readFileSync(renewed.cert, 'utf8'))
})

const good = opensslPair('good.example')
const stranger = opensslPair('stranger.example')
const rubbish = join(root, 'rubbish.pem')
writeFileSync(rubbish, '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n')
const locked = join(root, 'locked.pem')
execFileSync('openssl', ['pkcs8', '-topk8', '-in', good.key, '-out', locked, '-passout', 'pass:secret'], { stdio: 'ignore' })
const weak = opensslPair('weak.example', '-newkey', 'rsa:1024')

const REFUSED: readonly [string, string, string, number, RegExp][] = [
  ['tls_mismatch', good.cert, stranger.key, 0, /good.*cert\.pem|keys-.*cert\.pem/],
  ['tls_expired', good.cert, good.key, 40 * DAY_MS, /cert\.pem/],
  ['tls_not_yet', good.cert, good.key, -3 * DAY_MS, /cert\.pem/],
  ['tls_unreadable', join(root, 'absent.pem'), good.key, 0, /absent\.pem/],
  ['tls_certificate', rubbish, good.key, 0, /rubbish\.pem/],
  ['tls_certificate', good.key, good.key, 0, /key\.pem/],
  ['tls_key', good.cert, good.cert, 0, /cert\.pem/],
  ['tls_key', good.cert, locked, 0, /locked\.pem/],
  ['tls_certificate', weak.cert, weak.key, 0, /cert\.pem/],
]
it.each(REFUSED)(
  'refuses a given certificate with %s, its place and a remedy (%#)',
  async (code, certFile, keyFile, shift, place) => {
    const start = now
    now += shift
    try {
      await expect(open(folder(), { certFile, keyFile })).rejects.toMatchObject({
        code,
        place: { file: expect.stringMatching(place) },
        remedy: expect.stringMatching(/./),
      })
    } finally {
      now = start
    }
  },
)

it('asks for both files or none', async () => {
  await expect(open(folder(), { certFile: good.cert })).rejects.toMatchObject({
    code: 'tls_settings',
    place: { field: 'tls-key' },
  })
  await expect(open(folder(), { keyFile: good.key })).rejects.toMatchObject({
    code: 'tls_settings',
    place: { field: 'tls-cert' },
  })
  await expect(open(folder(), { names: ['not a name'] })).rejects.toMatchObject({ code: 'tls_names' })
})
