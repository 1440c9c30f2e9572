import 'reflect-metadata'
import { createPublicKey, randomBytes, webcrypto } from 'node:crypto'
import * as x509 from '@peculiar/x509'
import { KanpekiError, messageOf } from '../../kernel/error.ts'
import { newSerial } from '../../platform/tls/make-certificate.ts'

const DAY_MS = 86_400_000
export const CA_LIFE_MS = 3_653 * DAY_MS
/** Clocks of other machines may be behind ours. */
const BACKDATE_MS = 5 * 60_000
const CRL_LIFE_MS = 7 * DAY_MS
const ECDSA = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
const CRL_NUMBER = '2.5.29.20'

/** An authority that can sign: what it is known by, and its key, which cannot be exported. */
export interface Signer {
  readonly certificate: x509.X509Certificate
  readonly key: webcrypto.CryptoKey
}

export interface MadeAuthority {
  /** PEM. */
  readonly certificate: string
  /** PKCS #8 DER. */
  readonly key: Buffer
  readonly notAfter: number
}

/** A root for client certificates alone (RFC 5280): ECDSA P-256, ten years, signs end entities only. */
export async function makeAuthority(now: number): Promise<MadeAuthority> {
  const keys = await webcrypto.subtle.generateKey(ECDSA, true, ['sign', 'verify'])
  const notAfter = now + CA_LIFE_MS
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: newSerial(),
    // Two authorities trusted at once must not share a name.
    name: [{ O: ['Kanpeki'] }, { CN: [`Kanpeki machines ${randomBytes(4).toString('hex')}`] }],
    notBefore: new Date(now - BACKDATE_MS),
    notAfter: new Date(notAfter),
    keys,
    signingAlgorithm: ECDSA,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      // Whoever trusts this root for websites by mistake gets none from it.
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth]),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  return {
    certificate: `${certificate.toString('pem')}\n`,
    key: Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)),
    notAfter,
  }
}

export async function openSigner(certificate: string, key: Uint8Array): Promise<Signer> {
  return {
    certificate: new x509.X509Certificate(certificate),
    key: await webcrypto.subtle.importKey('pkcs8', Buffer.from(key), ECDSA, false, ['sign']),
  }
}

export interface IssuedCertificate {
  /** PEM. */
  readonly certificate: string
  readonly serial: string
  readonly notAfter: number
}

/**
 * A client certificate for the key of a request. Nothing else of the request is taken over: neither its subject nor
 * any extension it asks for.
 * @throws KanpekiError `bad_csr` for a request that cannot be read, is not signed by its own key, or has a weak key.
 */
export async function issueCertificate(
  signer: Signer,
  csr: string,
  agent: string,
  now: number,
  lifeMs: number,
): Promise<IssuedCertificate> {
  const publicKey = await requestedKey(csr)
  const serial = newSerial()
  const notAfter = Math.min(now + lifeMs, signer.certificate.notAfter.getTime())
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serial,
    issuer: signer.certificate.subjectName.toJSON(),
    subject: [{ O: ['Kanpeki'] }, { CN: [agent] }],
    notBefore: new Date(now - BACKDATE_MS),
    notAfter: new Date(notAfter),
    publicKey,
    signingKey: signer.key,
    signingAlgorithm: ECDSA,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth]),
      new x509.SubjectAlternativeNameExtension([{ type: 'url', value: `urn:uuid:${agent}` }]),
      await x509.SubjectKeyIdentifierExtension.create(publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(signer.certificate),
    ],
  })
  return { certificate: `${certificate.toString('pem')}\n`, serial, notAfter }
}

async function requestedKey(csr: string): Promise<x509.PublicKey> {
  let key: x509.PublicKey
  let weakness: string | undefined
  try {
    const request = new x509.Pkcs10CertificateRequest(csr)
    key = request.publicKey
    weakness = weaknessOf(key)
    // Proof that whoever asks holds the key. A weak key is not worth the work.
    if (weakness === undefined && !(await request.verify())) weakness = 'is not signed by its own key'
  } catch (error) {
    throw badRequest(`cannot be read: ${messageOf(error)}`)
  }
  if (weakness !== undefined) throw badRequest(weakness)
  return key
}

const CURVES: readonly string[] = ['prime256v1', 'secp384r1', 'secp521r1']

function weaknessOf(key: x509.PublicKey): string | undefined {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = createPublicKey({
    key: Buffer.from(key.rawData),
    format: 'der',
    type: 'spki',
  })
  if (type === 'ed25519') return undefined
  if (type === 'ec')
    return CURVES.includes(details?.namedCurve ?? '') ? undefined : `has a key on the curve ${details?.namedCurve}`
  const bits = details?.modulusLength ?? 0
  if (type === 'rsa') return bits >= 2048 && bits <= 8192 ? undefined : `has an RSA key of ${bits} bits`
  return `has a key of the kind ${type}`
}

function badRequest(what: string): KanpekiError {
  return new KanpekiError('bad_csr', `The certificate request ${what}.`, {
    place: { field: 'csr' },
    remedy:
      'Send a PKCS #10 request in PEM for an ECDSA P-256 key: openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256.',
  })
}

/** A revocation list (RFC 5280 §5), DER, numbered by its time. */
export async function makeCrl(
  signer: Signer,
  revoked: readonly { readonly serial: string; readonly revoked: number }[],
  now: number,
): Promise<Uint8Array> {
  const crl = await x509.X509CrlGenerator.create({
    issuer: signer.certificate.subjectName.toJSON(),
    thisUpdate: new Date(now),
    nextUpdate: new Date(now + CRL_LIFE_MS),
    signingAlgorithm: ECDSA,
    signingKey: signer.key,
    entries: revoked.map((one) => ({ serialNumber: one.serial, revocationDate: new Date(one.revoked) })),
    extensions: [
      await x509.AuthorityKeyIdentifierExtension.create(signer.certificate),
      new x509.Extension(CRL_NUMBER, false, derInteger(now)),
    ],
  })
  return new Uint8Array(crl.rawData)
}

/** A non-negative DER INTEGER (X.690 §8.3). */
function derInteger(value: number): Uint8Array {
  const hex = value.toString(16)
  const digits = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex')
  const body = (digits[0] ?? 0) > 0x7f ? Buffer.concat([Buffer.of(0), digits]) : digits
  return Buffer.concat([Buffer.of(0x02, body.length), body])
}
