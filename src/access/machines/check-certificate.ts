import type { X509Certificate } from 'node:crypto'

/** Extended key usage for TLS clients (RFC 5280 §4.2.1.12). */
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2'

/**
 * Why a certificate is not one of a machine of ours, or undefined if it may be. That its holder has the key was shown by
 * the TLS handshake; whether it was revoked is for the database to say.
 */
export function certificateFault(
  certificate: X509Certificate,
  authorities: readonly X509Certificate[],
  now: number,
): 'foreign' | 'not yet valid' | 'expired' | 'not for clients' | undefined {
  // Names first, then the signature: a name alone can be copied.
  if (!authorities.some((one) => certificate.checkIssued(one) && certificate.verify(one.publicKey))) return 'foreign'
  if (certificate.ca || !(certificate.keyUsage ?? []).includes(CLIENT_AUTH)) return 'not for clients'
  if (now < certificate.validFromDate.getTime()) return 'not yet valid'
  if (now >= certificate.validToDate.getTime()) return 'expired'
  return undefined
}

/** SHA-256, hex without colons: how the database knows a certificate. */
export function fingerprintOf(certificate: X509Certificate): string {
  return certificate.fingerprint256.replaceAll(':', '').toLowerCase()
}
