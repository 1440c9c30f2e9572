import { createHash, randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../../kernel/clock.ts'
import { KanpekiError } from '../../kernel/error.ts'
import { DEFAULT_SCOPE } from '../../kernel/event.ts'
import type { DataDir } from '../../platform/data-dir.ts'
import type { LakeAddress } from '../../platform/lake/connect.ts'
import { type FrozenLake, freezeLake } from '../../platform/lake/freeze.ts'
import type { Lake } from '../../platform/lake/lake.ts'
import type { SealKeySource } from '../../platform/secrets/seal-keys.ts'
import type { Sealer } from '../../platform/secrets/sealer.ts'
import { recordEvidence } from '../../platform/state/outbox.ts'
import { settingsOf } from '../../platform/state/settings.ts'
import { type StateSnapshot, snapshotState } from '../../platform/state/snapshot.ts'
import type { State, StatePlace } from '../../platform/state/state.ts'
import type { Drainer } from '../../prove/drain.ts'
import type { Ledger } from '../../prove/ledger.ts'
import { type BackupManifest, manifestBytes, noteText } from './manifest.ts'
import { linkTree, ownFiles, sourcesOf } from './stage.ts'
import { type ArchiveSource, writeArchive } from './write-archive.ts'

/** Where the last backup is remembered, for doctor and metrics: JSON of `LastBackup`. */
export const LAST_BACKUP = 'care.backup.last'
/** One that was taken and is not proved yet, in the same form. */
const TAKEN_BACKUP = 'care.backup.taken'

export interface LastBackup {
  /** Milliseconds UTC of the moment that the backup shows. */
  readonly made: number
  readonly bytes: number
  readonly by: string
}

export interface BackupDeps {
  readonly version: string
  readonly dir: DataDir
  readonly place: StatePlace
  readonly state: State
  readonly lake: Lake
  readonly address: LakeAddress
  readonly ledger: Ledger
  readonly drainer: Drainer
  readonly sealer: Sealer
  readonly sealKey: SealKeySource
  readonly clock: Clock
}

export interface BackupRequest {
  readonly by: string
  readonly scope?: string
  readonly withSealKey: boolean
  /** It counts as the last backup only once whoever takes it says that it lies where it should, and is whole. */
  readonly unproved?: boolean
}

/** A backup on its way out. `bytes` can be read once; afterwards, or when its reader leaves, nothing of it stays here. */
export interface Backup {
  /** About how many bytes it will have. */
  readonly estimate: number
  /** What lies in the data folder and is not a plain file. */
  readonly skipped: readonly string[]
  readonly bytes: AsyncIterable<Uint8Array>
  /** Instead of reading it. */
  release(): Promise<void>
}

interface Captured {
  readonly made: number
  readonly ledger: BackupManifest['ledger']
  readonly snapshot: StateSnapshot
  readonly frozen: FrozenLake | undefined
  readonly lake: BackupManifest['lake']
}

/**
 * Backs up a running installation. The order makes it consistent: while the ledger's drain stands still, the state store is
 * copied and the ledger and its sealed hours are linked, so that both agree to the entry; the lake is frozen after that
 * and so holds at least every event that the state store speaks of. What it holds beyond that is read again by the rules
 * after a restore, as after a crash.
 * @throws KanpekiError `archive_name`, `disk_full`, and those of the stores.
 */
export async function makeBackup(deps: BackupDeps, request: BackupRequest): Promise<Backup> {
  const { dir, sealer, sealKey } = deps
  const id = randomBytes(6).toString('hex')
  const staging = join(dir.root, 'backups', `.making-${id}`)
  let frozen: FrozenLake | undefined
  let released = false
  const release = async (): Promise<void> => {
    if (released) return
    released = true
    await frozen?.release()
    await rm(staging, { recursive: true, force: true })
  }
  try {
    await mkdir(staging, { recursive: true, mode: 0o700 })
    const captured = await capture(deps, staging, id, (value) => {
      frozen = value
    })
    const own = await ownFiles(dir.root, sealer, sealKey.kind === 'file' ? sealKey.path : undefined, request.withSealKey)
    const sources = [
      ...own.sources,
      ...(await sourcesOf(join(staging, 'state'), captured.snapshot.kind === 'sqlite' ? 'state' : 'state/rows')),
      ...(await sourcesOf(join(staging, 'ledger'), 'ledger')),
      ...(await sourcesOf(join(staging, 'sealed'), 'lake/sealed')),
      ...(await sourcesOf(join(staging, 'artefacts'), 'files/artefacts')),
      ...partsOf(captured.frozen),
    ]
    const included = sources.some(
      ({ name }) => sealKey.kind === 'file' && join(dir.root, name.slice('files/'.length)) === sealKey.path,
    )
    return {
      estimate: sources.reduce((sum, { size }) => sum + size + 1024, 0),
      skipped: own.skipped,
      bytes: stream(deps, request, captured, sources, included, release),
      release,
    }
  } catch (error) {
    await release()
    throw error
  }
}

/** Removes what a killed process left half done. */
export async function forgetHalfDone(dir: DataDir): Promise<void> {
  const folder = join(dir.root, 'backups')
  const names = await readdir(folder).catch(() => [])
  for (const name of names.filter((one) => one.startsWith('.making-')))
    await rm(join(folder, name), { recursive: true, force: true })
}

async function capture(
  { dir, place, lake, address, ledger, drainer, clock }: BackupDeps,
  staging: string,
  id: string,
  froze: (lake: FrozenLake | undefined) => void,
): Promise<Captured> {
  const still = await drainer.still(async () => {
    const made = clock.now()
    const snapshot = await snapshotState(place, join(staging, 'state'))
    await linkTree(dir.ledger, join(staging, 'ledger'))
    const { size, checkpoint } = ledger.head
    const root = Buffer.from(checkpoint.root).toString('base64')
    return { made, snapshot, ledger: { origin: checkpoint.origin, size, root, key: ledger.key.text } }
  })
  await linkTree(dir.sealed, join(staging, 'sealed'))
  await linkTree(dir.artefacts, join(staging, 'artefacts'))
  const [stats, sources] = await Promise.all([lake.stats(), lake.sources(0)])
  const frozen = await freezeLake(address, id)
  froze(frozen)
  const lastReceived = Math.max(...sources.map((source) => source.lastReceived))
  return {
    ...still,
    frozen,
    lake: {
      kind: frozen === undefined ? 'elsewhere' : 'parts',
      events: stats.events,
      lastReceived: Number.isFinite(lastReceived) ? new Date(lastReceived).toISOString() : null,
    },
  }
}

function partsOf(frozen: FrozenLake | undefined): readonly ArchiveSource[] {
  if (frozen === undefined) return []
  const { folder, files } = frozen
  return files.map(({ path, size }) => ({
    name: `lake/parts/${path}`,
    size,
    open: () => createReadStream(join(folder, path), { highWaterMark: 1 << 20 }),
  }))
}

async function* stream(
  deps: BackupDeps,
  request: BackupRequest,
  captured: Captured,
  sources: readonly ArchiveSource[],
  included: boolean,
  release: () => Promise<void>,
): AsyncGenerator<Uint8Array> {
  const { ledger, sealer, version } = deps
  let bytes = 0
  let digest = ''
  try {
    const archive = writeArchive(sources, (files) => {
      const manifest = manifestBytes({
        format: 'kanpeki-backup',
        version: 1,
        product: version,
        made: new Date(captured.made).toISOString(),
        ledger: captured.ledger,
        state: { kind: captured.snapshot.kind, steps: [...captured.snapshot.steps] },
        lake: captured.lake,
        sealKey: { id: sealer.keyId, included },
        files: [...files],
      })
      digest = createHash('sha256').update(manifest).digest('hex')
      return { manifest, note: Buffer.from(ledger.signNote(noteText(manifest))) }
    })
    for await (const chunk of archive) {
      bytes += chunk.byteLength
      yield chunk
    }
    await remember(deps, request, captured, { bytes, digest, files: sources.length, included })
  } finally {
    await release()
  }
}

async function remember(
  { state, drainer, clock }: BackupDeps,
  { by, scope = DEFAULT_SCOPE, unproved }: BackupRequest,
  { made, ledger, lake }: Captured,
  { bytes, digest, files, included }: { bytes: number; digest: string; files: number; included: boolean },
): Promise<void> {
  const now = clock.now()
  await state.transaction(async (trx) => {
    await recordEvidence(
      trx,
      [
        {
          type: 'admin',
          scope,
          observed: made,
          received: now,
          body: {
            action: 'backup.made',
            by,
            target: `manifest ${digest}`,
            after: {
              files,
              bytes,
              ledgerSize: ledger.size,
              ledgerRoot: ledger.root,
              events: lake.events,
              sealKeyIncluded: included,
            },
          },
        },
      ],
      { now: () => now },
    )
  })
  const text = JSON.stringify({ made, bytes, by } satisfies LastBackup)
  await settingsOf(state).set(unproved === true ? TAKEN_BACKUP : LAST_BACKUP, text)
  drainer.poke()
}

/**
 * The backup that was taken last lies where it should, and was read back. @param made the moment that it shows.
 * @throws KanpekiError `not_found` for any other backup.
 */
export async function keepBackup(
  { state, drainer, clock }: Pick<BackupDeps, 'state' | 'drainer' | 'clock'>,
  { made, place, by }: { readonly made: number; readonly place: string; readonly by: string },
): Promise<void> {
  const settings = settingsOf(state)
  const text = await settings.get(TAKEN_BACKUP)
  if (text === undefined || (JSON.parse(text) as LastBackup).made !== made)
    throw new KanpekiError('not_found', 'This backup is not the one that was taken last.')
  const now = clock.now()
  const body = { action: 'backup.kept', by, target: place, after: { made: new Date(made).toISOString() } }
  await state.transaction((trx) =>
    recordEvidence(trx, [{ type: 'admin', scope: DEFAULT_SCOPE, observed: now, received: now, body }], clock),
  )
  await settings.set(LAST_BACKUP, text)
  await settings.delete(TAKEN_BACKUP)
  drainer.poke()
}

/** Only one at a time: each keeps links to what merges would free. */
export function createBackups(deps: BackupDeps): { make(request: BackupRequest): Promise<Backup> } {
  let running = false
  return {
    async make(request) {
      if (running) throw new KanpekiError('conflict', 'A backup is being made already.', { remedy: 'Wait for it to end.' })
      running = true
      let mine = true
      const done = (): void => {
        if (mine) running = false
        mine = false
      }
      try {
        const backup = await makeBackup(deps, request)
        return {
          ...backup,
          bytes: guarded(backup.bytes, done),
          release: () => backup.release().finally(done),
        }
      } catch (error) {
        done()
        throw error
      }
    },
  }
}

async function* guarded(bytes: AsyncIterable<Uint8Array>, done: () => void): AsyncGenerator<Uint8Array> {
  try {
    yield* bytes
  } finally {
    done()
  }
}
