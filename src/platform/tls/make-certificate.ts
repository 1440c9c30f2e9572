import 'reflect-metadata'
import { randomBytes, webcrypto } from 'node:crypto'
import { isIP } from 'node:net'
import * as x509 from '@peculiar/x509'
import { KanpekiError } from '../../kernel/error.ts'

const DAY_MS = 86_400_000
/** Apple's limit for a certificate that people trust by hand; browsers ask no less of it. */
export const OWN_CERTIFICATE_DAYS = 825
const ECDSA = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
/** Clocks of other machines may be behind ours, by a day where somebody set a date wrongly: they must reach us to have it said. */
const BACKDATE_MS = 2 * DAY_MS

/** A certificate chain and its private key, PEM. */
export interface KeyPair {
  readonly cert: string
  readonly key: string
}

/**
 * A self-signed server certificate (RFC 5280, ECDSA P-256): not a CA, for servers only, valid for `names` (DNS names and
 * IP addresses) for 825 days, two of which lie before `now`. @throws KanpekiError `tls_names` for a name that no certificate can carry.
 */
export async function makeServerCertificate(names: readonly string[], now: number): Promise<KeyPair> {
  const keys = await webcrypto.subtle.generateKey(ECDSA, true, ['sign', 'verify'])
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: newSerial(),
    name: [{ O: ['Kanpeki'] }, { CN: [`Kanpeki ${randomBytes(4).toString('hex')}`] }],
    notBefore: new Date(now - BACKDATE_MS),
    notAfter: new Date(now - BACKDATE_MS + OWN_CERTIFICATE_DAYS * DAY_MS),
    keys,
    signingAlgorithm: ECDSA,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(names.map(generalName)),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  const key = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey))
  return { cert: `${certificate.toString('pem')}\n`, key: pem('PRIVATE KEY', key) }
}

function generalName(name: string): x509.JsonGeneralName {
  if (isIP(name) !== 0) return { type: 'ip', value: name }
  if (!/^(\*\.)?[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*$/.test(name))
    throw new KanpekiError('tls_names', `'${name}' is neither a DNS name nor an IP address.`, {
      place: { field: 'tls-names' },
      remedy: 'Write names in ASCII, international ones as xn--….',
    })
  return { type: 'dns', value: name }
}

/** 128 random bits, positive and without leading zero octets (RFC 5280 §4.1.2.2 allows 20 octets). Hex. */
export function newSerial(): string {
  const bytes = randomBytes(16)
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40
  return bytes.toString('hex')
}

export function pem(label: string, der: Uint8Array): string {
  const body = Buffer.from(der)
    .toString('base64')
    .replaceAll(/(.{64})(?=.)/g, '$1\n')
  return `-----BEGIN ${label}-----\n${body}\n-----END ${label}-----\n`
}
