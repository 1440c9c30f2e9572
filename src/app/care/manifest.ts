import { z } from 'zod'
import { KanpekiError } from '../../kernel/error.ts'
import { nativeSha256 } from '../../prove/batch-root.ts'
import { toHex, utf8 } from '../../prove/verify/bytes.ts'
import { checkNote, parseNote, parseVerifierKey, type VerifierKey } from '../../prove/verify/note.ts'

export const MANIFEST = 'manifest.json'
/** The manifest's hash as a signed note (C2SP signed-note) by the ledger's key. */
export const MANIFEST_NOTE = 'manifest.note'
/** Not a name that a ledger can have (it has spaces), so that no note about a backup is ever taken for a checkpoint. */
const NOTE_TITLE = 'a manifest of a Kanpeki backup'

const count = z.number().int().nonnegative()
const hex = z.string().regex(/^[0-9a-f]{64}$/)

export const backupManifest = z.strictObject({
  format: z.literal('kanpeki-backup'),
  version: z.literal(1),
  /** Version of the program that wrote it. */
  product: z.string(),
  made: z.iso.datetime(),
  ledger: z.strictObject({ origin: z.string(), size: count, root: z.string(), key: z.string() }),
  /** `sqlite`: the database's file. `rows`: a file of JSON lines for each table, from PostgreSQL. */
  state: z.strictObject({ kind: z.enum(['sqlite', 'rows']), steps: z.array(z.string()) }),
  /** `parts`: the embedded engine's own files. `elsewhere`: a cluster by URL, which has backups of its own. */
  lake: z.strictObject({ kind: z.enum(['parts', 'elsewhere']), events: count, lastReceived: z.iso.datetime().nullable() }),
  /** The key that sealed entries want; `included` when it lies in the backup itself. */
  sealKey: z.strictObject({ id: z.string(), included: z.boolean() }),
  /** Every entry before this one, in the archive's order. `sealed`: private keys, sealed on the way into the archive. */
  files: z.array(z.strictObject({ name: z.string(), size: count, sha256: hex, sealed: z.literal(true).optional() })),
})

export type BackupManifest = z.infer<typeof backupManifest>
export type BackupFile = BackupManifest['files'][number]

/** What the ledger's key signs about a manifest. */
export function noteText(manifest: Uint8Array): string {
  return `${NOTE_TITLE}\n${toHex(nativeSha256(manifest))}\n`
}

/**
 * Reads a manifest and checks that the key it names signed it.
 * @param expected keys of which one must have signed; empty takes the manifest's own word, which proves only that the
 *   archive is whole. @throws KanpekiError `archive_broken`, `archive_foreign`.
 */
export async function readManifest(
  bytes: Uint8Array,
  note: Uint8Array,
  expected: readonly VerifierKey[],
): Promise<{ readonly manifest: BackupManifest; readonly key: VerifierKey }> {
  const manifest = parseManifest(bytes)
  const key = parseVerifierKey(manifest.ledger.key)
  const signed = parseNote(note)
  if (key === undefined || signed === undefined || signed.text !== noteText(bytes)) throw broken('its signature is malformed')
  if ((await checkNote(signed, key)) !== undefined || key.name !== manifest.ledger.origin) throw broken('its signature is wrong')
  if (signed.signatures.length !== 1) throw broken('it has more than one signature')
  refuseForeign(key, expected)
  return { manifest, key }
}

/** @param expected keys of which it must be one; empty for any. @throws KanpekiError `archive_foreign`. */
export function refuseForeign(signer: VerifierKey, expected: readonly VerifierKey[]): void {
  if (expected.length === 0 || expected.some(({ text }) => text === signer.text)) return
  throw new KanpekiError('archive_foreign', `The backup is signed by ${signer.name} with a key that is not the one expected.`, {
    remedy:
      'See where the file comes from. GET /ledger/key of the server gives the key of its backups; one made before the key was changed wants the key of that time.',
  })
}

function parseManifest(bytes: Uint8Array): BackupManifest {
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch {
    throw broken('it is not JSON')
  }
  const parsed = backupManifest.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw broken(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'wrong form'}`)
}

export function manifestBytes(manifest: BackupManifest): Uint8Array {
  return utf8(`${JSON.stringify(manifest, null, 1)}\n`)
}

function broken(reason: string): KanpekiError {
  return new KanpekiError('archive_broken', `The backup's manifest cannot be used: ${reason}.`, {
    remedy: 'The file is damaged or was changed: take another copy of it.',
  })
}
