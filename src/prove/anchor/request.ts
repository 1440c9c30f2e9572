import { TAG, writeDer, writeInteger, writeOid } from '../verify/der.ts'

const SHA_256 = '2.16.840.1.101.3.4.2.1'
const NULL = Uint8Array.of(0x05, 0x00)
const TRUE = Uint8Array.of(0xff)

/** A TimeStampReq (RFC 3161 §2.4.1) that asks for the authority's certificates too. @param digest SHA-256. */
export function timeStampRequest(digest: Uint8Array, nonce: Uint8Array): Uint8Array {
  const algorithm = writeDer(TAG.sequence, writeOid(SHA_256), NULL)
  return writeDer(
    TAG.sequence,
    writeInteger(Uint8Array.of(1)),
    writeDer(TAG.sequence, algorithm, writeDer(TAG.octetString, digest)),
    writeInteger(nonce),
    writeDer(TAG.boolean, TRUE),
  )
}
