import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

export const HAS_OPENSSL = spawnSync('openssl', ['version']).status === 0

/** A time-stamping authority whose answers `openssl ts` makes. */
export interface TimeStamper {
  readonly url: string
  /** PEM of the certificate that its own leads to. */
  readonly caFile: string
  /** Requests that it got. */
  readonly asked: () => number
  /** What it answers; undefined answers as it should. */
  answer: ((reply: Buffer) => { readonly status?: number; readonly body: Uint8Array }) | undefined
  stop(): void
}

/** What the certificate of the authority's issuer signs with. */
export type StamperKey = 'rsa' | 'ec' | 'ed25519' | 'rsa-pss'

const KEYS: Readonly<Record<StamperKey, readonly string[]>> = {
  rsa: ['-newkey', 'rsa:2048'],
  'rsa-pss': ['-newkey', 'rsa:2048', '-sigopt', 'rsa_padding_mode:pss', '-sigopt', 'rsa_pss_saltlen:-1'],
  ec: ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-384'],
  ed25519: ['-newkey', 'ed25519'],
}

/** Makes an authority below a certificate of its own. */
export function makeAuthority(folder: string, key: StamperKey): string {
  mkdirSync(folder, { recursive: true })
  const run = (...args: readonly string[]): void => void execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' })
  const signing = key === 'rsa-pss' ? ['-sigopt', 'rsa_padding_mode:pss', '-sigopt', 'rsa_pss_saltlen:-1'] : []
  run('req', '-x509', ...KEYS[key], '-nodes', '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '60', '-subj', '/O=Test/CN=Test CA')
  // openssl ts itself signs with plain RSA and with ECDSA only.
  const own = key === 'rsa-pss' ? KEYS.rsa : key === 'ed25519' ? KEYS.ec : KEYS[key]
  run('req', ...own, '-nodes', '-keyout', 'tsa.key', '-out', 'tsa.csr', '-subj', '/O=Test/CN=Test TSA')
  writeFileSync(join(folder, 'tsa.ext'), `extendedKeyUsage=critical,timeStamping\nsubjectKeyIdentifier=hash\n`)
  run(
    'x509',
    '-req',
    '-in',
    'tsa.csr',
    '-CA',
    'ca.pem',
    '-CAkey',
    'ca.key',
    '-CAcreateserial',
    ...signing,
    '-days',
    '30',
    '-extfile',
    'tsa.ext',
    '-out',
    'tsa.pem',
  )
  writeFileSync(join(folder, 'serial'), '01\n')
  writeFileSync(
    join(folder, 'tsa.cnf'),
    [
      '[tsa]',
      'default_tsa = one',
      '[one]',
      'serial = ./serial',
      'crypto_device = builtin',
      'signer_cert = ./tsa.pem',
      'certs = ./ca.pem',
      'signer_key = ./tsa.key',
      'signer_digest = sha256',
      'default_policy = 1.2.3.4.1',
      'digests = sha256, sha384, sha512',
      'accuracy = secs:1',
      'ess_cert_id_alg = sha256',
      '',
    ].join('\n'),
  )
  return folder
}

/** The answer of `openssl ts -reply` to a request. */
export function stampBy(folder: string, request: Uint8Array): Buffer {
  writeFileSync(join(folder, 'request.tsq'), request)
  execFileSync('openssl', ['ts', '-reply', '-config', 'tsa.cnf', '-queryfile', 'request.tsq', '-out', 'reply.tsr'], {
    cwd: folder,
    stdio: 'pipe',
  })
  return readFileSync(join(folder, 'reply.tsr'))
}

/** Listens on loopback until the test ends. */
export async function startTimeStamper(folder: string, port = 0): Promise<TimeStamper> {
  let asked = 0
  const server = createServer(async (request, response) => {
    asked++
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    const reply = stampBy(folder, Buffer.concat(parts))
    const { status = 200, body } = stamper.answer?.(reply) ?? { body: reply }
    response.writeHead(status, { 'content-type': 'application/timestamp-reply' }).end(body)
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const stop = (): void => {
    server.close()
    server.closeAllConnections()
  }
  onTestFinished(stop)
  const stamper: TimeStamper = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/tsr`,
    caFile: join(folder, 'ca.pem'),
    asked: () => asked,
    answer: undefined,
    stop,
  }
  return stamper
}
