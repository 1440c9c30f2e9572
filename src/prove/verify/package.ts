import { type ArchiveFile, isArchive, isArchivePath, unpackArchive } from './archive.ts'
import { type BundleOptions, verifyBundle } from './bundle.ts'
import { readBundle } from './bundle-format.ts'
import { checkBundleRotations } from './bundle-rotations.ts'
import { toHex, utf8 } from './bytes.ts'
import { parseCheckpoint } from './checkpoint.ts'
import { checkNote, parseNote, parseVerifierKey, type VerifierKey } from './note.ts'
import { type Failure, type VerifyReport, verdictOf } from './report.ts'
import { type Sha256, sha256 } from './sha256.ts'

/** The evidence itself, in every package. */
export const BUNDLE_FILE = 'bundle.json'
/** The list of all other files with their hashes, signed by the log's key (C2SP signed-note). */
export const MANIFEST_FILE = 'MANIFEST'
/** First line of the list. It holds spaces, so that no log can have it as its name and no checkpoint passes for a list. */
export const MANIFEST_TITLE = 'kanpeki evidence package'

export interface ListedFile {
  readonly path: string
  readonly bytes: number
  /** Hexadecimal. */
  readonly sha256: string
}

/** The text that is signed: title, then one line a file: hash, size, path. */
export function manifestText(files: readonly ArchiveFile[], hash: Sha256 = sha256): string {
  const lines = files.map(({ path, bytes }) => `${toHex(hash(bytes))} ${bytes.length} ${path}\n`)
  return `${MANIFEST_TITLE}\n${lines.join('')}`
}

/** The files that a list names; undefined unless it is of exactly that form. */
export function parseManifest(text: string): readonly ListedFile[] | undefined {
  const [title, ...lines] = text.split('\n')
  if (title !== MANIFEST_TITLE || lines.pop() !== '' || lines.length === 0) return undefined
  const files: ListedFile[] = []
  for (const line of lines) {
    const match = /^([0-9a-f]{64}) (0|[1-9]\d{0,11}) (\S+)$/.exec(line)
    if (match === null || !isArchivePath(match[3]!) || files.some(({ path }) => path === match[3])) return undefined
    files.push({ sha256: match[1]!, bytes: Number(match[2]), path: match[3]! })
  }
  return files
}

/** Whether bytes are a package rather than a bare bundle. */
export const isPackage = isArchive

/**
 * Verifies a package as one archive: the bundle in it, and that each file beside it is the one that the log's key signed.
 * Never throws for what it reads.
 */
export async function verifyPackage(bytes: Uint8Array, path: string, options: BundleOptions = {}): Promise<VerifyReport> {
  const read = unpackArchive(bytes)
  if (typeof read === 'string') {
    const report = await verifyBundle(undefined, path, options)
    return failedWith(report, [{ path, leaf: null, code: 'malformed', reason: read }], true)
  }
  const report = await verifyFiles(read.files, path, options)
  // A changed file is named by its hash; the checksums around it then differ as well, which says nothing more.
  if (read.fault === undefined || report.failures.some(({ code }) => code === 'digest_mismatch' || code === 'missing'))
    return report
  return failedWith(report, [{ path, leaf: null, code: 'malformed', reason: read.fault }])
}

/** Verifies a package that was unpacked into a folder, or the files of an archive. */
export async function verifyFiles(
  files: readonly ArchiveFile[],
  path: string,
  options: BundleOptions = {},
): Promise<VerifyReport> {
  const at = (name: string) => `${path}/${name}`
  const named = new Map(files.map((file) => [file.path, file.bytes]))
  const bundle = named.get(BUNDLE_FILE)
  const report = await verifyBundle(bundle, at(BUNDLE_FILE), options)
  const fail = (name: string, code: Failure['code'], reason: string): Failure => ({ path: at(name), leaf: null, code, reason })
  const manifest = named.get(MANIFEST_FILE)
  if (manifest === undefined) return failedWith(report, [fail(MANIFEST_FILE, 'missing', 'the signed list of files is not there')])
  const note = parseNote(manifest)
  const listed = note === undefined ? undefined : parseManifest(note.text)
  if (note === undefined || listed === undefined)
    return failedWith(report, [fail(MANIFEST_FILE, 'malformed', 'this is not a signed list of files')])
  const hash = options.hash ?? sha256
  const signers = await signersOf(bundle, options.trusted ?? [], hash)
  const faults = await Promise.all(signers.map((key) => checkNote(note, key)))
  const failures: Failure[] = []
  if (!faults.includes(undefined)) {
    const forged = faults.includes('forged')
    failures.push(
      fail(
        MANIFEST_FILE,
        forged ? 'bad_signature' : 'wrong_signer',
        forged ? 'the signature does not fit the list of files' : 'the list of files is not signed by the key of this log',
      ),
    )
  }
  for (const { path: name, bytes, sha256: wanted } of listed) {
    const found = named.get(name)
    if (found === undefined) failures.push(fail(name, 'missing', 'the signed list names this file, and it is not there'))
    else if (found.length !== bytes || toHex(hash(found)) !== wanted)
      failures.push(fail(name, 'digest_mismatch', 'the file is not the one that was signed: something in it was changed'))
  }
  for (const { path: name } of files) {
    if (name !== MANIFEST_FILE && !listed.some((one) => one.path === name))
      failures.push(fail(name, 'digest_mismatch', 'the signed list does not name this file: it was put in later'))
  }
  if (!listed.some((one) => one.path === BUNDLE_FILE))
    failures.push(fail(MANIFEST_FILE, 'malformed', `the signed list does not name ${BUNDLE_FILE}`))
  const sound = failures.length === 0
  const signedAll = `Signed as they are: ${listed.map((one) => one.path).join(', ')}.`
  return sound ? { ...report, notes: [...report.notes, signedAll] } : failedWith(report, failures)
}

/** The keys that may have signed the list: those that the trusted ones lead to by announced rotations, or else the one that the bundle names. */
async function signersOf(
  bundle: Uint8Array | undefined,
  trusted: readonly VerifierKey[],
  hash: Sha256,
): Promise<readonly VerifierKey[]> {
  const read = bundle === undefined ? undefined : readBundle(bundle)
  if (read === undefined || typeof read === 'string') return trusted
  const checkpoint = parseCheckpoint(utf8(read.bundle.checkpoint))
  if (checkpoint === undefined) return trusted
  if (trusted.length > 0) {
    const { chain } = await checkBundleRotations(read.bundle, checkpoint, BUNDLE_FILE, trusted, hash)
    return chain.head.filter((key) => key.name === checkpoint.origin)
  }
  const claimed = parseVerifierKey(read.bundle.key)
  return claimed !== undefined && claimed.name === checkpoint.origin ? [claimed] : []
}

function failedWith(report: VerifyReport, failures: readonly Failure[], instead = false): VerifyReport {
  const all = instead ? failures : [...failures, ...report.failures]
  return { ...report, failures: all, verdict: verdictOf(all, report.signer) }
}

/** The log's name in a package or a bare bundle, to find the key that is trusted for it; null where it cannot be read. */
export function originOf(bytes: Uint8Array): string | null {
  const archive = isPackage(bytes) ? unpackArchive(bytes) : undefined
  if (typeof archive === 'string') return null
  const bundle = archive === undefined ? bytes : archive.files.find(({ path }) => path === BUNDLE_FILE)?.bytes
  const read = bundle === undefined ? undefined : readBundle(bundle)
  return read === undefined || typeof read === 'string' ? null : (parseCheckpoint(utf8(read.bundle.checkpoint))?.origin ?? null)
}

/** A package or a bare bundle, told apart by looking. */
export function verifyEither(bytes: Uint8Array, path: string, options: BundleOptions = {}): Promise<VerifyReport> {
  return isPackage(bytes) ? verifyPackage(bytes, path, options) : verifyBundle(bytes, path, options)
}
