import { equalBytes, toHex } from './bytes.ts'
import { type Certificate, pathFault, readCertificate } from './certificate.ts'
import {
  childrenOf,
  contentOf,
  contextTag,
  type Der,
  DerFault,
  explicitOf,
  oidOf,
  readDer,
  sequenceOf,
  TAG,
  timeOf,
  writeDer,
} from './der.ts'
import { digestName, signatureScheme, verifySignature } from './x509-signature.ts'

/** What a time-stamping authority said (RFC 3161): at this time the bytes existed. */
export interface TimeStamp {
  /** RFC 3339 UTC, by the authority's clock. */
  readonly at: string
  /** Name of the certificate that signed. */
  readonly authority: string
  /** Hexadecimal, of the request. */
  readonly nonce: string | undefined
  /** Whether its certificate leads to a trusted one; false where none was given. */
  readonly trusted: boolean
}

export interface TimeStampFault {
  readonly code: 'timestamp_malformed' | 'timestamp_mismatch' | 'timestamp_forged' | 'timestamp_untrusted'
  readonly reason: string
}

const SIGNED_DATA = '1.2.840.113549.1.7.2'
const TST_INFO = '1.2.840.113549.1.9.16.1.4'
const CONTENT_TYPE = '1.2.840.113549.1.9.3'
const MESSAGE_DIGEST = '1.2.840.113549.1.9.4'
const SIGNING_CERTIFICATE = '1.2.840.113549.1.9.16.2.12'
const SIGNING_CERTIFICATE_V2 = '1.2.840.113549.1.9.16.2.47'
export const TIME_STAMPING = '1.3.6.1.5.5.7.3.8'

/**
 * Checks a TimeStampResp: that it is of these bytes, that its certificate signed it for this purpose, and, where `roots` are
 * given, that the certificate leads to one of them and was valid at the time. Never throws for what it reads.
 * @param digest SHA-256 of what was stamped.
 */
export async function checkTimeStamp(
  response: Uint8Array,
  digest: Uint8Array,
  roots: readonly Certificate[] | undefined,
): Promise<TimeStamp | TimeStampFault> {
  try {
    return await checked(response, digest, roots)
  } catch (error) {
    if (error instanceof DerFault) return { code: 'timestamp_malformed', reason: `this is not a time-stamp: ${error.message}` }
    throw error
  }
}

async function checked(
  response: Uint8Array,
  digest: Uint8Array,
  roots: readonly Certificate[] | undefined,
): Promise<TimeStamp | TimeStampFault> {
  const [status, token] = sequenceOf(readDer(response))
  const code = contentOf(sequenceOf(status)[0], TAG.integer)
  // 0 granted, 1 granted with modifications.
  if (code.length !== 1 || code[0]! > 1 || token === undefined) {
    return { code: 'timestamp_malformed', reason: `the authority refused (status ${code.join('.')})` }
  }
  const { info, certificates, signer } = readToken(token)
  const said = readInfo(info)
  if (said.imprint === undefined || !equalBytes(said.imprint, digest)) {
    return { code: 'timestamp_mismatch', reason: 'it stamps something else' }
  }
  const own = certificates.find((one) => isSignerOf(one, signer.sid))
  if (own === undefined) return { code: 'timestamp_forged', reason: 'the certificate that signed it is not in it' }
  const forged = await signatureFault(signer, info, own)
  if (forged !== undefined) return { code: 'timestamp_forged', reason: forged }
  const { ids, critical } = own.purposes ?? { ids: [], critical: false }
  if (!critical || ids.length !== 1 || ids[0] !== TIME_STAMPING) {
    return { code: 'timestamp_untrusted', reason: `the certificate of ${own.name} is not for time-stamping alone` }
  }
  if (roots !== undefined) {
    const reason = await pathFault(own, certificates, roots, said.time)
    if (reason !== undefined) return { code: 'timestamp_untrusted', reason }
  }
  return { at: new Date(said.time).toISOString(), authority: own.name, nonce: said.nonce, trusted: roots !== undefined }
}

interface SignerInfo {
  readonly sid: Der
  readonly digest: Der
  /** DER of the SET that is signed. */
  readonly attributes: Der
  readonly algorithm: Der
  readonly signature: Uint8Array
}

interface Token {
  /** DER of TSTInfo. */
  readonly info: Uint8Array
  readonly certificates: readonly Certificate[]
  readonly signer: SignerInfo
}

/** The token is CMS SignedData (RFC 5652 §5) with exactly one signer (RFC 3161 §2.4.2). */
function readToken(token: Der): Token {
  const [type, content] = sequenceOf(token)
  if (oidOf(type) !== SIGNED_DATA) throw new DerFault('it is no signed data')
  const [, , encapsulated, ...rest] = sequenceOf(explicitOf(content, 0))
  const [kind, inner] = sequenceOf(encapsulated)
  if (oidOf(kind) !== TST_INFO) throw new DerFault('what is signed is no time-stamp')
  const info = contentOf(explicitOf(inner, 0), TAG.octetString)
  const given = rest.find(({ tag }) => tag === contextTag(0))
  const certificates = (given === undefined ? [] : childrenOf(given))
    .filter(({ tag }) => tag === TAG.sequence)
    .map(({ raw }) => readCertificate(raw))
  const signers = rest.filter(({ tag }) => tag === TAG.set).flatMap(childrenOf)
  if (signers.length !== 1) throw new DerFault('one signer was expected')
  const [, sid, digest, attributes, algorithm, signature] = sequenceOf(signers[0])
  if (sid === undefined || digest === undefined || attributes?.tag !== contextTag(0) || algorithm === undefined)
    throw new DerFault('the signer’s part is incomplete')
  return {
    info,
    certificates,
    signer: {
      sid,
      digest,
      attributes: readDer(writeDer(TAG.set, attributes.content)),
      algorithm,
      signature: contentOf(signature, TAG.octetString),
    },
  }
}

function readInfo(bytes: Uint8Array) {
  const [version, , imprint, , time, ...rest] = sequenceOf(readDer(bytes))
  const number = contentOf(version, TAG.integer)
  if (number.length !== 1 || number[0] !== 1) throw new DerFault('the time-stamp is not of version 1')
  const [algorithm, hashed] = sequenceOf(imprint)
  const nonce = rest.find(({ tag }) => tag === TAG.integer)?.content
  return {
    /** Undefined for a digest other than SHA-256, which we never ask for. */
    imprint: digestName(algorithm) === 'SHA-256' ? contentOf(hashed, TAG.octetString) : undefined,
    time: timeOf(time),
    nonce: nonce === undefined ? undefined : toHex(nonce[0] === 0 ? nonce.subarray(1) : nonce),
  }
}

function isSignerOf(certificate: Certificate, sid: Der): boolean {
  if (sid.tag === contextTag(0, false)) return certificate.keyId !== undefined && equalBytes(sid.content, certificate.keyId)
  const [issuer, serial] = sequenceOf(sid)
  if (issuer === undefined || serial === undefined) return false
  return equalBytes(issuer.raw, certificate.issuer) && equalBytes(serial.raw, certificate.serial)
}

async function signatureFault(signer: SignerInfo, info: Uint8Array, own: Certificate): Promise<string | undefined> {
  const digest = digestName(signer.digest)
  const scheme = signatureScheme(signer.algorithm, digest)
  if (digest === undefined || scheme === undefined) return 'it is signed by a method that is not taken'
  const attributes = new Map<string, Der>()
  for (const attribute of childrenOf(signer.attributes)) {
    const [id, values] = sequenceOf(attribute)
    attributes.set(oidOf(id), readDer(contentOf(values, TAG.set)))
  }
  const type = attributes.get(CONTENT_TYPE)
  if (type === undefined || oidOf(type) !== TST_INFO) return 'what is signed is of another type'
  const hashed = contentOf(attributes.get(MESSAGE_DIGEST), TAG.octetString)
  if (!equalBytes(hashed, await digestOf(digest, info))) return 'its content is not what was signed'
  if (!(await namesCertificate(attributes, own))) return 'it names another certificate than the one that signed'
  const holds = await verifySignature(scheme, own.publicKey, signer.signature, signer.attributes.raw)
  return holds ? undefined : `the signature of ${own.name} does not fit`
}

/** RFC 3161 §2.4.2 and RFC 5816: the signed attributes name the signer's certificate by its hash, so that no other passes for it. */
async function namesCertificate(attributes: ReadonlyMap<string, Der>, own: Certificate): Promise<boolean> {
  const second = attributes.get(SIGNING_CERTIFICATE_V2)
  const first = attributes.get(SIGNING_CERTIFICATE)
  const [named] = sequenceOf(sequenceOf(second ?? first)[0])
  const parts = sequenceOf(named)
  const given = second !== undefined && parts[0]?.tag === TAG.sequence ? digestName(parts[0]) : undefined
  if (second !== undefined && parts[0]?.tag === TAG.sequence && given === undefined) return false
  const hash = parts.find(({ tag }) => tag === TAG.octetString)
  const name = second === undefined ? 'SHA-1' : (given ?? 'SHA-256')
  return hash !== undefined && equalBytes(hash.content, await digestOf(name, own.raw))
}

async function digestOf(name: string, bytes: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest(name, new Uint8Array(bytes)))
}
