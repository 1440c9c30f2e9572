import 'reflect-metadata'
import { webcrypto } from 'node:crypto'
import * as x509 from '@peculiar/x509'
import { pem } from '../platform/tls/make-certificate.ts'

const ECDSA = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const

/** A fresh P-256 key and the certificate request (PKCS #10) for it, both PEM: the key never leaves the host. */
export async function makeRequest(): Promise<{ readonly key: string; readonly csr: string }> {
  const keys = await webcrypto.subtle.generateKey(ECDSA, true, ['sign', 'verify'])
  const request = await x509.Pkcs10CertificateRequestGenerator.create({ name: 'CN=agent', keys, signingAlgorithm: ECDSA })
  const key = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)
  return { key: pem('PRIVATE KEY', new Uint8Array(key)), csr: pem('CERTIFICATE REQUEST', new Uint8Array(request.rawData)) }
}
