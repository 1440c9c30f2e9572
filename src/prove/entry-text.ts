import type { LedgerEntry } from '../kernel/evidence.ts'
import { canonicalJson, type JsonObject } from '../kernel/json.ts'
import { utf8 } from './verify/bytes.ts'

/** The leaf's text: canonical JSON (RFC 8785). Its members are given in order, which is the fastest to write. */
export function entryText({ body, logged, observed, outbox, received, scope, type, v }: LedgerEntry): string {
  const entry: JsonObject = { body, logged, observed, outbox, received, scope, type, v }
  return canonicalJson(entry)
}

/** The leaf's bytes. */
export function encodeEntry(entry: LedgerEntry): Uint8Array {
  return utf8(entryText(entry))
}
