import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { KanpekiError, messageOf } from '../../kernel/error.ts'
import type { Outgoing } from '../../platform/outgoing/outgoing.ts'
import { nativeSha256 } from '../batch-root.ts'
import { toHex, utf8 } from '../verify/bytes.ts'
import { type Certificate, readPemCertificates } from '../verify/certificate.ts'
import { checkTimeStamp, type TimeStamp } from '../verify/timestamp.ts'
import { timeStampRequest } from './request.ts'

/** A time-stamping authority (RFC 3161 over HTTP) as the settings name it. */
export interface Authority {
  readonly url: string
  /** Names its files: the host and the beginning of the address's hash. */
  readonly id: string
  /** What its certificate must lead to; undefined takes any, for `kanpeki verify` to judge later. */
  readonly roots: readonly Certificate[] | undefined
}

const TIMEOUT_MS = 15_000
const LONGEST_ANSWER = 256 * 1024
const NONCE_BYTES = 16

/** `URL [CA-FILE]` of a setting. @throws KanpekiError `config`. */
export function parseAuthority(text: string): Authority {
  const [url = '', file, ...more] = text.trim().split(/\s+/)
  const parsed = URL.parse(url)
  if (parsed === null || !/^https?:$/.test(parsed.protocol) || more.length > 0) {
    throw new KanpekiError('config', `${JSON.stringify(text)} in timestamp-authorities is not a URL, with or without a file.`, {
      remedy: 'Write it as: https://tsa.example.com/tsr /etc/kanpeki/tsa-ca.pem',
    })
  }
  const hash = toHex(nativeSha256(utf8(url))).slice(0, 8)
  const id = `${parsed.host.replaceAll(/[^a-z0-9.-]/gi, '-')}-${hash}`
  return { url, id, roots: file === undefined ? undefined : readRoots(file) }
}

function readRoots(file: string): readonly Certificate[] {
  try {
    return readPemCertificates(readFileSync(file, 'utf8'))
  } catch (error) {
    throw new KanpekiError('config', `The certificates in ${file} cannot be read: ${messageOf(error)}.`, { place: { file } })
  }
}

/**
 * Asks for a stamp of these bytes, and takes only one that holds.
 * @returns the TimeStampResp's exact bytes, as `openssl ts -verify -in` reads them.
 * @throws KanpekiError of the outgoing call, `timestamp_refused`.
 */
export async function askForStamp(
  outgoing: Outgoing,
  { url, roots }: Authority,
  bytes: Uint8Array,
): Promise<{ readonly token: Uint8Array; readonly stamp: TimeStamp }> {
  const digest = nativeSha256(bytes)
  // The first byte is not zero, so that the number has one spelling.
  const nonce = Uint8Array.from([0x40 | (randomBytes(1)[0]! & 0x3f), ...randomBytes(NONCE_BYTES - 1)])
  const reply = await outgoing.fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/timestamp-query', accept: 'application/timestamp-reply' },
    body: new Uint8Array(timeStampRequest(digest, nonce)),
    timeoutMs: TIMEOUT_MS,
    maxBytes: LONGEST_ANSWER,
  })
  if (reply.status !== 200) throw refused(`it answered ${reply.status}`)
  const token = new Uint8Array(await reply.arrayBuffer())
  const stamp = await checkTimeStamp(token, digest, roots)
  if ('code' in stamp) throw refused(stamp.reason)
  if (stamp.nonce !== toHex(nonce)) throw refused('it answers another request')
  return { token, stamp }
}

function refused(reason: string): KanpekiError {
  return new KanpekiError('timestamp_refused', `The time-stamp was not taken: ${reason}.`)
}
