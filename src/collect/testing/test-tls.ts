import { execFileSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { KanpekiError } from '../../kernel/error.ts'
import type { SourceTls } from '../../kernel/plugin.ts'

/** Paths of PEM files. */
export interface PairFiles {
  readonly cert: string
  readonly key: string
}

/** A server's TLS with an authority of its own, as the access room would hand it over, and certificates to come with. */
export interface TestTls {
  readonly source: SourceTls
  readonly server: PairFiles
  readonly machine: PairFiles
  /** Of nobody's authority. */
  readonly stranger: PairFiles
  /** From now on the machine's certificate is refused. */
  revoke(): void
}

export function makeTestTls(folder: string): TestTls {
  const openssl = (...args: string[]): void => void execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] })
  const pair = (name: string): PairFiles => ({ cert: join(folder, `${name}.pem`), key: join(folder, `${name}.key`) })
  const self = (name: string, ...extensions: string[]): PairFiles => {
    const { cert, key } = pair(name)
    const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', key]
    const added = extensions.flatMap((extension) => ['-addext', extension])
    openssl('req', '-x509', ...newKey, '-out', cert, '-days', '2', '-subj', `/CN=${name}`, ...added)
    return { cert, key }
  }
  const authority = self('authority')
  const server = self('server', 'subjectAltName=IP:127.0.0.1,DNS:localhost')
  const stranger = self('stranger')
  const machine = pair('machine')
  const request = join(folder, 'machine.csr')
  const usage = join(folder, 'machine.cnf')
  writeFileSync(usage, 'basicConstraints=critical,CA:FALSE\nextendedKeyUsage=clientAuth\n')
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', machine.key]
  openssl('req', '-new', ...newKey, '-out', request, '-subj', '/CN=machine')
  const signer = ['-CA', authority.cert, '-CAkey', authority.key, '-CAcreateserial']
  openssl('x509', '-req', '-in', request, ...signer, '-out', machine.cert, '-days', '2', '-extfile', usage)

  const text = (path: string): string => readFileSync(path, 'utf8')
  const enrolled = new X509Certificate(text(machine.cert)).raw
  let revoked = false
  return {
    source: {
      context: () => ({
        cert: text(server.cert),
        key: text(server.key),
        ca: [text(authority.cert)],
        ciphers: 'TLS_AES_256_GCM_SHA384:ECDHE-ECDSA-AES256-GCM-SHA384',
        minVersion: 'TLSv1.2',
      }),
      onChange: () => () => {},
      async machineOf(certificate) {
        if (revoked) throw new KanpekiError('unauthenticated', 'it was revoked.')
        if (!enrolled.equals(certificate)) throw new KanpekiError('unauthenticated', 'it is foreign.')
        return 'machine'
      },
    },
    server,
    machine,
    stranger,
    revoke: () => {
      revoked = true
    },
  }
}
