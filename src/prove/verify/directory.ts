import { checkAnchors } from './anchors.ts'
import { checkArtefacts } from './artefacts.ts'
import { equalBytes, textOf, toBase64, utf8 } from './bytes.ts'
import type { Certificate } from './certificate.ts'
import { type Checkpoint, parseCheckpoint } from './checkpoint.ts'
import { checkEntries, type EntryFindings, failuresBeside } from './entry-checks.ts'
import type { EvidenceFolder } from './folder.ts'
import { parseVerifierKey, type VerifierKey } from './note.ts'
import { checkSigner, type Failure, type VerifyReport, verdictOf } from './report.ts'
import { checkRotationsInLog, readRotations } from './rotation-checks.ts'
import { checkSegments } from './segments.ts'
import { type Sha256, sha256 } from './sha256.ts'
import { checkSince, type Since } from './since.ts'
import { checkTree } from './tree-checks.ts'
import { checkWitnesses } from './witnesses.ts'

export interface DirectoryOptions {
  /** Keys given or trusted before. */
  readonly trusted?: readonly VerifierKey[]
  /** Checkpoints seen before, which the log must still contain. */
  readonly since?: readonly Since[]
  /** Keys of witnesses that must have cosigned the log. */
  readonly witnesses?: readonly VerifierKey[]
  /** Certificates of time-stamping authorities, one of which must have stamped the log. */
  readonly authorities?: readonly Certificate[]
  /** Where the log lies; the default is a data directory's. `''` verifies a copy of the log alone. */
  readonly ledger?: string
  readonly hash?: Sha256
  readonly onProgress?: (entries: number, size: number) => void
}

/**
 * Verifies a data directory: the checkpoint's signature, every tile recomputed from the entries, the root, every entry,
 * the outbox sequence, every sealed segment, and the checkpoints given as `since`. Never throws for what it reads.
 */
export async function verifyDirectory(folder: EvidenceFolder, options: DirectoryOptions = {}): Promise<VerifyReport> {
  const ledger = options.ledger ?? 'ledger'
  const at = (path: string) => (ledger === '' ? path : `${ledger}/${path}`)
  const hash = options.hash ?? sha256
  const trusted = options.trusted ?? []
  const keyText = await readKey(folder, at('key'))
  const claims = keyText === undefined ? null : (parseVerifierKey(keyText)?.text ?? null)
  const head = await readCheckpoint(folder, at('checkpoint'))
  const report = {
    kind: 'data' as const,
    claims,
    notes: [],
    logged: null,
    witnesses: [],
    stamps: [],
    cards: [],
    signer: null,
    origin: null,
    size: 0,
    root: null,
  }
  if ('reason' in head) return { ...report, verdict: 'failed', failures: [head], checked: NOTHING }

  const { origin, size, root } = head
  const named = { ...report, origin, size, root: toBase64(root) }
  const claimed = keyText === undefined ? undefined : { text: keyText, path: at('key') }
  const turned = await readRotations(folder, at, origin, trusted)
  const { chain } = turned
  const signed = await checkSigner(head, at('checkpoint'), chain.head, claimed)
  // Below a checkpoint that nobody signed there is nothing to measure the files against.
  if (signed.failures.some((failure) => failure.path === at('checkpoint'))) {
    const notes = ['The tiles and entries were not compared, since the checkpoint itself does not hold.']
    return { ...named, verdict: 'failed', failures: [...turned.failures, ...signed.failures], notes, checked: NOTHING }
  }

  const findings: EntryFindings = checkEntries(at, hash)
  const tree = await checkTree(folder, at, head, findings, hash, options.onProgress)
  const segments = await checkSegments(folder, ledger === '' ? undefined : findings, tree.forged, hash)
  const cosigned = await folder.read(at('cosigned'))
  const cosignedText = cosigned === undefined ? undefined : textOf(cosigned)
  const witnessed = await checkWitnesses(parseCheckpoint(cosigned ?? new Uint8Array(0)), at('cosigned'), options.witnesses ?? [])
  const earlier = [
    ...(options.since ?? []),
    ...(cosignedText === undefined ? [] : [{ path: at('cosigned'), text: cosignedText }]),
  ]
  const since = await checkSince(earlier, head, chain.all, claims, tree.readTile, hash)
  const signer = chain.head.find(({ name }) => name === origin) ?? (claims === null ? undefined : parseVerifierKey(claims))
  const rotations = await checkRotationsInLog(turned, at, head, signer, findings, tree.forged, tree.readTile, hash)
  const anchors = await checkAnchors(folder, at, head, options.authorities, tree.readTile, hash)
  const artefacts = ledger === '' ? [] : await checkArtefacts(folder, findings.artefacts, tree.forged)
  const failures = [
    ...turned.failures,
    ...signed.failures,
    ...tree.failures,
    ...failuresBeside(findings, tree.forged),
    ...segments.failures,
    ...since.failures,
    ...witnessed.failures,
    ...anchors.failures,
    ...rotations.failures,
    ...artefacts,
  ]
  const notes = [...tree.notes, ...segments.notes, ...since.notes, ...anchors.notes, ...rotations.notes]
  return {
    ...named,
    verdict: verdictOf(failures, signed.signer),
    signer: signed.signer,
    failures,
    notes,
    checked: {
      entries: findings.entries,
      tiles: tree.tiles,
      segments: segments.segments,
      segmentBytes: segments.bytes,
      events: segments.events,
      checkpoints: since.checkpoints,
    },
    witnesses: witnessed.witnesses,
    stamps: anchors.stamps,
    cards: findings.cards.filter(({ index }) => !tree.forged.has(index)),
    logged: findings.logged,
  }
}

const NOTHING = { entries: 0, tiles: 0, segments: 0, segmentBytes: 0, events: 0, checkpoints: 0 }

async function readCheckpoint(folder: EvidenceFolder, path: string): Promise<Checkpoint | Failure> {
  const bytes = await folder.read(path)
  if (bytes === undefined) return { path, leaf: null, code: 'missing', reason: 'there is no checkpoint, so nothing is signed' }
  const checkpoint = parseCheckpoint(bytes)
  return checkpoint ?? { path, leaf: null, code: 'malformed', reason: 'this is not a signed checkpoint (C2SP tlog-checkpoint)' }
}

/** The key's text without its newline; bytes that are no text become a text that is no key. */
async function readKey(folder: EvidenceFolder, path: string): Promise<string | undefined> {
  const bytes = await folder.read(path)
  if (bytes === undefined) return undefined
  const text = textOf(bytes) ?? ''
  const line = text.endsWith('\n') ? text.slice(0, -1) : ''
  return equalBytes(utf8(`${line}\n`), bytes) ? line : ''
}
