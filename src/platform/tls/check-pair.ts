import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import { KanpekiError, messageOf } from '../../kernel/error.ts'
import type { KeyPair } from './make-certificate.ts'

const BLOCK = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g

/** A pair that a server can use, and what people want to know of it. */
export interface CheckedPair extends KeyPair {
  /** SHA-256 of the certificate, hex in capitals with colons, as browsers and openssl show it. */
  readonly fingerprint: string
  readonly notBefore: number
  readonly notAfter: number
  readonly subject: string
  /** DNS names and IP addresses. */
  readonly names: readonly string[]
  readonly selfSigned: boolean
}

/** Where the parts were read, for messages. */
export interface PairPlaces {
  readonly cert: string
  readonly key: string
}

/**
 * Reads a pair and makes sure that it works together now.
 * @throws KanpekiError `tls_certificate` (no certificate in the file, or one that TLS refuses), `tls_key` (not a private
 *   key, or a locked one), `tls_mismatch`, `tls_expired`, `tls_not_yet`; each with the file and what to do.
 */
export function checkPair({ cert, key }: KeyPair, places: PairPlaces, now: number): CheckedPair {
  const leaf = readLeaf(cert, places.cert)
  if (!leaf.checkPrivateKey(readKey(key, places.key)))
    throw new KanpekiError('tls_mismatch', 'This certificate does not belong to the private key.', {
      place: { file: places.cert },
      remedy: `Give the key it was requested with (${places.key} holds another), the server's own certificate first in the file.`,
    })
  const notBefore = leaf.validFromDate.getTime()
  const notAfter = leaf.validToDate.getTime()
  if (now >= notAfter)
    throw new KanpekiError('tls_expired', `This certificate expired on ${new Date(notAfter).toISOString()}.`, {
      place: { file: places.cert },
      remedy: 'Renew it, or leave out tls-cert and tls-key: Kanpeki then makes one of its own.',
    })
  if (now < notBefore)
    throw new KanpekiError('tls_not_yet', `This certificate is valid only from ${new Date(notBefore).toISOString()}.`, {
      place: { file: places.cert },
      remedy: "Check this host's clock.",
    })
  try {
    createSecureContext({ cert, key })
  } catch (error) {
    throw new KanpekiError('tls_certificate', `TLS refuses this certificate: ${messageOf(error)}.`, {
      place: { file: places.cert },
      remedy: 'Use an ECDSA P-256 key or RSA of 2048 bits or more, with the chain after the certificate.',
      cause: error,
    })
  }
  return {
    cert,
    key,
    fingerprint: leaf.fingerprint256,
    notBefore,
    notAfter,
    subject: leaf.subject.replaceAll('\n', ', '),
    names: namesOf(leaf),
    selfSigned: leaf.checkIssued(leaf),
  }
}

function readLeaf(cert: string, file: string): X509Certificate {
  const [first] = cert.match(BLOCK) ?? []
  try {
    if (first !== undefined) return new X509Certificate(first)
  } catch {
    // Said below: it has the frame of a certificate, but is none.
  }
  throw new KanpekiError('tls_certificate', 'There is no readable certificate in this file.', {
    place: { file },
    remedy: 'Give a PEM file: -----BEGIN CERTIFICATE-----, the server first, then its chain.',
  })
}

function readKey(key: string, file: string): KeyObject {
  if (/ENCRYPTED/.test(key))
    throw new KanpekiError('tls_key', 'This private key is locked with a passphrase.', {
      place: { file },
      remedy: 'Unlock it with: openssl pkey -in FILE -out NEW; then chmod 600 NEW.',
    })
  try {
    return createPrivateKey(key)
  } catch (error) {
    throw new KanpekiError('tls_key', 'There is no readable private key in this file.', {
      place: { file },
      remedy: 'Give a PEM file: -----BEGIN PRIVATE KEY-----.',
      cause: error,
    })
  }
}

/** Subject alternative names, without their kind. Quoted entries (they hold commas) are left out: no host has such a name. */
function namesOf(leaf: X509Certificate): readonly string[] {
  return (leaf.subjectAltName ?? '')
    .split(', ')
    .flatMap((entry) => /^(?:DNS|IP Address):([^"]+)$/.exec(entry)?.[1] ?? [])
    .map((name) => name.toLowerCase())
}
