import { equalBytes, fromBase64, textOf } from './bytes.ts'
import { childrenOf, contentOf, contextTag, type Der, DerFault, oidOf, readDer, sequenceOf, TAG, timeOf } from './der.ts'
import { signatureScheme, verifySignature } from './x509-signature.ts'

/** An X.509 certificate (RFC 5280), as much of it as a path to a trusted one needs. */
export interface Certificate {
  readonly raw: Uint8Array
  readonly signed: Uint8Array
  /** Of serial number and names: the exact DER, which is what is compared. */
  readonly serial: Uint8Array
  readonly issuer: Uint8Array
  readonly subject: Uint8Array
  /** For people: the common name, or the last name there is. */
  readonly name: string
  /** Milliseconds UTC, both included. */
  readonly from: number
  readonly to: number
  /** SubjectPublicKeyInfo. */
  readonly publicKey: Uint8Array
  readonly keyId: Uint8Array | undefined
  readonly algorithm: Der
  readonly signature: Uint8Array
  readonly authority: boolean
  /** How many authorities may stand below this one; undefined for any number. */
  readonly pathLength: number | undefined
  /** Object identifiers; undefined without the extension, which allows all. */
  readonly purposes: { readonly ids: readonly string[]; readonly critical: boolean } | undefined
  /** A critical extension that is not understood here, by its identifier. */
  readonly unknown: string | undefined
}

const BASIC_CONSTRAINTS = '2.5.29.19'
const KEY_USAGE = '2.5.29.15'
const PURPOSES = '2.5.29.37'
const KEY_ID = '2.5.29.14'
const COMMON_NAME = '2.5.4.3'
/** Certificate policies and other names restrict nothing that is asked here. */
const HARMLESS: readonly string[] = ['2.5.29.32', '2.5.29.17', '2.5.29.18']
/** Bit 5 of KeyUsage. */
const SIGNS_CERTIFICATES = 0x04

/** @throws DerFault unless the bytes are one certificate. */
export function readCertificate(raw: Uint8Array): Certificate {
  const [body, algorithm, signature] = sequenceOf(readDer(raw))
  if (body === undefined || algorithm === undefined) throw new DerFault('this is no certificate')
  const parts = [...sequenceOf(body)]
  if (parts[0]?.tag === contextTag(0)) parts.shift()
  const [serial, , issuer, validity, subject, publicKey, ...rest] = parts
  const [from, to] = sequenceOf(validity)
  contentOf(serial, TAG.integer)
  contentOf(publicKey, TAG.sequence)
  const given = rest.find(({ tag }) => tag === contextTag(3))
  return {
    raw,
    signed: body.raw,
    serial: serial!.raw,
    issuer: rawOf(issuer),
    subject: rawOf(subject),
    name: nameOf(subject),
    from: timeOf(from),
    to: timeOf(to),
    publicKey: publicKey!.raw,
    algorithm,
    signature: bitsOf(signature),
    ...extensionsOf(given),
  }
}

/** Certificates of a PEM text. @throws DerFault if there is none, or one that cannot be read. */
export function readPemCertificates(text: string): readonly Certificate[] {
  const blocks = [...text.matchAll(/-----BEGIN CERTIFICATE-----\s([\s\S]*?)-----END CERTIFICATE-----/g)]
  if (blocks.length === 0) throw new DerFault('there is no PEM certificate')
  return blocks.map(([, block]) => {
    const bytes = fromBase64(block!.replaceAll(/\s/g, ''))
    if (bytes === undefined) throw new DerFault('a PEM certificate is not Base64')
    return readCertificate(bytes)
  })
}

/**
 * Why no path leads from the certificate over `others` to one of `roots` at a time; undefined if one does. Revocation is
 * not looked at: it needs a network.
 */
export async function pathFault(
  leaf: Certificate,
  others: readonly Certificate[],
  roots: readonly Certificate[],
  at: number,
): Promise<string | undefined> {
  let here = leaf
  for (let below = 0; below < 8; below++) {
    if (at < here.from || at > here.to) return `the certificate of ${here.name} was not valid at the time`
    if (here.unknown !== undefined) return `the certificate of ${here.name} has the critical extension ${here.unknown}`
    if (roots.some(({ raw }) => equalBytes(raw, here.raw))) return undefined
    const next = await issuerOf(here, [...roots, ...others], below)
    if (next === undefined) return `nobody that is trusted issued the certificate of ${here.name}`
    here = next
  }
  return 'the path of certificates is too long'
}

async function issuerOf(one: Certificate, among: readonly Certificate[], below: number): Promise<Certificate | undefined> {
  for (const issuer of among) {
    if (!equalBytes(issuer.subject, one.issuer) || !issuer.authority || equalBytes(issuer.raw, one.raw)) continue
    if (issuer.pathLength !== undefined && below > issuer.pathLength) continue
    const scheme = signatureScheme(one.algorithm, undefined)
    if (scheme !== undefined && (await verifySignature(scheme, issuer.publicKey, one.signature, one.signed))) return issuer
  }
  return undefined
}

function extensionsOf(given: Der | undefined): Pick<Certificate, 'keyId' | 'authority' | 'pathLength' | 'purposes' | 'unknown'> {
  let keyId: Uint8Array | undefined
  let authority = false
  let signs = true
  let pathLength: number | undefined
  let purposes: Certificate['purposes']
  let unknown: string | undefined
  for (const extension of given === undefined ? [] : sequenceOf(readDer(given.content))) {
    const [id, ...more] = sequenceOf(extension)
    const critical = more[0]?.tag === TAG.boolean && more.shift()!.content[0] !== 0
    const value = readDer(contentOf(more[0], TAG.octetString))
    const name = oidOf(id)
    if (name === BASIC_CONSTRAINTS) {
      const [ca, length] = sequenceOf(value)
      authority = ca?.tag === TAG.boolean && ca.content[0] !== 0
      if (length !== undefined) pathLength = contentOf(length, TAG.integer).reduce((sum, byte) => sum * 256 + byte, 0)
    } else if (name === KEY_USAGE) signs = ((contentOf(value, TAG.bitString)[1] ?? 0) & SIGNS_CERTIFICATES) !== 0
    else if (name === PURPOSES) purposes = { ids: sequenceOf(value).map(oidOf), critical }
    else if (name === KEY_ID) keyId = contentOf(value, TAG.octetString)
    else if (critical && !HARMLESS.includes(name)) unknown = name
  }
  return { keyId, authority: authority && signs, pathLength, purposes, unknown }
}

function nameOf(name: Der | undefined): string {
  const parts = sequenceOf(name)
    .flatMap(childrenOf)
    .map((part) => sequenceOf(part))
    .map(([id, value]) => ({ id: oidOf(id), text: textOf(value?.content ?? new Uint8Array(0)) ?? '' }))
  return (parts.find(({ id }) => id === COMMON_NAME) ?? parts.at(-1))?.text ?? ''
}

function rawOf(der: Der | undefined): Uint8Array {
  contentOf(der, TAG.sequence)
  return der!.raw
}

/** @throws DerFault unless it is a BIT STRING of whole bytes. */
function bitsOf(der: Der | undefined): Uint8Array {
  const content = contentOf(der, TAG.bitString)
  if (content[0] !== 0) throw new DerFault('a signature has unused bits')
  return content.subarray(1)
}
