import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { KanpekiError } from '../../kernel/error.ts'
import { syncFolder, writeFileAtomically } from '../../platform/atomic-file.ts'
import { type Config, readConfig } from '../../platform/config.ts'
import { dataDir, prepareDataDir } from '../../platform/data-dir.ts'
import { connectLake } from '../../platform/lake/connect.ts'
import { startEmbeddedLake } from '../../platform/lake/embedded.ts'
import { attachParts } from '../../platform/lake/freeze.ts'
import { fileBelow } from '../../platform/safe-path.ts'
import { openSealer } from '../../platform/secrets/open-sealer.ts'
import { type SealKeySource, sealKeySource } from '../../platform/secrets/seal-keys.ts'
import type { Sealer } from '../../platform/secrets/sealer.ts'
import { loadRows } from '../../platform/state/snapshot.ts'
import { nativeSha256 } from '../../prove/batch-root.ts'
import { readFolder } from '../../prove/read-folder.ts'
import { verifyDirectory } from '../../prove/verify/directory.ts'
import type { VerifierKey } from '../../prove/verify/note.ts'
import type { VerifyReport } from '../../prove/verify/report.ts'
import { readRotations } from '../../prove/verify/rotation-checks.ts'
import { migrations } from '../migrations.ts'
import { statePlace } from '../places.ts'
import { type BackupManifest, refuseForeign } from './manifest.ts'
import { type ArchiveSink, readArchive } from './read-archive.ts'
import { sealContext } from './stage.ts'

/** Left in a restored folder until the next start has recorded it. */
export const RESTORED_NOTE = 'restored.json'
const ROWS = '.rows'
const PARTS = '.parts'
/** Where a backup's own files may not lead: these have ways of their own. */
const RESERVED = /^(state\.db|ledger|lake|backups|running\.json|restored\.json|lock|\.rows|\.parts)(-|\.|\/|$)/

export interface RestoreOptions {
  /** The archive, read once. */
  readonly archive: AsyncIterable<Uint8Array>
  /** Does not exist yet, or is empty. */
  readonly data: string
  /** Keys of which one must have signed, or one that the ledger announced as its successor; empty if none is known. */
  readonly keys: readonly VerifierKey[]
  /** A file with the seal key, for a machine that does not have it yet. */
  readonly sealKeyFile?: string
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly log: (message: string, detail?: Record<string, unknown>) => void
  readonly progress?: (step: 'read' | 'state' | 'lake' | 'verify', done: number) => void
}

export interface Restored {
  readonly manifest: BackupManifest
  readonly key: VerifierKey
  /** Bytes of the archive. */
  readonly bytes: number
  readonly events: number
  readonly report: VerifyReport
}

/** What `RESTORED_NOTE` holds; the next start turns it into evidence. Times are RFC 3339. */
export interface RestoreNote {
  readonly started: string
  readonly ended: string
  readonly made: string
  readonly ledgerSize: number
  readonly ledgerRoot: string
  readonly lastReceived: string | null
  readonly events: number
  readonly bytes: number
}

/**
 * Restores a backup into an empty folder: everything is unpacked beside it, checked to the last byte, put together and
 * proved; only then does the folder get its name. Whatever fails, nothing is left behind.
 * @throws KanpekiError `restore_not_empty`, `archive_broken`, `archive_foreign`, `unsafe_path`, `restore_seal_key`,
 *   `restore_unproved`, `state_not_empty`, and the disk's errors.
 */
export async function restoreBackup(options: RestoreOptions): Promise<Restored> {
  const data = resolve(options.data)
  await refuseFilled(data)
  await mkdir(dirname(data), { recursive: true, mode: 0o700 })
  const temporary = `${data}.restoring-${process.pid}`
  const started = new Date().toISOString()
  await mkdir(temporary, { mode: 0o700 })
  try {
    const sink = unpackInto(temporary)
    const { manifest, key, bytes } = await readArchive(counted(options.archive, options), [], sink).finally(() => sink.close())
    refuseForeign(key, await newestKeys(temporary, key.name, options.keys))
    const dir = dataDir(temporary)
    prepareDataDir(dir)
    await openSecrets(temporary, manifest, options)
    const config = readConfig(temporary, {}, options.environment)
    await restoreState(temporary, manifest, config, options)
    const events = await restoreLake(temporary, manifest, config, options)
    options.progress?.('verify', 0)
    const report = await verifyDirectory(readFolder(temporary), { trusted: [key], hash: nativeSha256 })
    refuseUnproved(report, manifest)
    const note: RestoreNote = {
      started,
      ended: new Date().toISOString(),
      made: manifest.made,
      ledgerSize: manifest.ledger.size,
      ledgerRoot: manifest.ledger.root,
      lastReceived: manifest.lake.lastReceived,
      events,
      bytes,
    }
    await writeFileAtomically(join(temporary, RESTORED_NOTE), JSON.stringify(note))
    await rmdir(data).catch(() => undefined)
    await rename(temporary, data)
    await syncFolder(dirname(data))
    return { manifest, key, bytes, events, report }
  } catch (error) {
    await rm(temporary, { recursive: true, force: true })
    throw error
  }
}

/** Reads a backup to its end without keeping anything: proves that it is whole. */
export function checkBackup(archive: AsyncIterable<Uint8Array>, keys: readonly VerifierKey[]): ReturnType<typeof readArchive> {
  const nothing = async (): Promise<void> => undefined
  return readArchive(archive, keys, { begin: nothing, write: nothing, end: nothing })
}

/** Whoever knows a key that the ledger had before follows its announced changes to the one that signs now. */
async function newestKeys(folder: string, origin: string, keys: readonly VerifierKey[]): Promise<readonly VerifierKey[]> {
  if (keys.length === 0) return keys
  const { chain } = await readRotations(readFolder(folder), (path) => `ledger/${path}`, origin, keys)
  return chain.head
}

async function refuseFilled(data: string): Promise<void> {
  const names = await readdir(data).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw new KanpekiError('restore_not_empty', `${data} is not a folder.`)
  })
  if (names.length === 0) return
  throw new KanpekiError('restore_not_empty', `${data} is not empty, and a restore never writes over anything.`, {
    remedy: `Move it aside (mv ${data} ${basename(data)}.old), or give another folder with --data.`,
  })
}

function unpackInto(folder: string): ArchiveSink & { close(): Promise<void> } {
  let file: FileHandle | undefined
  const close = async (): Promise<void> => {
    await file?.close()
    file = undefined
  }
  return {
    async begin(name) {
      const path = await fileBelow(folder, placeOf(name))
      await mkdir(dirname(path), { recursive: true, mode: 0o700 })
      file = await open(path, 'wx', 0o600)
    },
    async write(chunk) {
      for (let at = 0; at < chunk.byteLength; ) at += (await file!.write(chunk, at)).bytesWritten
    },
    async end() {
      await file?.sync()
      await close()
    },
    close,
  }
}

/** Where an entry goes below the folder. @throws KanpekiError `archive_broken` for one that a backup does not have. */
export function placeOf(name: string): string {
  if (name === 'state/state.db') return 'state.db'
  const [, rows] = /^state\/rows\/([a-z0-9_]+\.jsonl)$/.exec(name) ?? []
  if (rows !== undefined) return `${ROWS}/${rows}`
  if (name.startsWith('ledger/') || name.startsWith('lake/sealed/')) return name
  if (name.startsWith('lake/parts/')) return `${PARTS}/${name.slice('lake/parts/'.length)}`
  const own = name.startsWith('files/') ? name.slice('files/'.length) : ''
  if (own !== '' && !RESERVED.test(own)) return own
  throw new KanpekiError(
    'archive_broken',
    `The backup has an entry ${JSON.stringify(name.slice(0, 200))}, which no backup has.`,
    {
      remedy: 'See where the file comes from. Nothing was restored.',
    },
  )
}

/** Makes sure that the secrets can be opened here, and opens the keys that were sealed for the way. */
async function openSecrets(folder: string, manifest: BackupManifest, options: RestoreOptions): Promise<void> {
  const keys = join(folder, 'keys')
  const config = readConfig(folder, {}, options.environment)
  let source: SealKeySource = sealKeySource(keys, config.values, options.environment)
  const own = join(keys, 'seal.key')
  if (options.sealKeyFile !== undefined) {
    if (source.kind === 'file' && source.path === own)
      await writeFile(own, await readFile(options.sealKeyFile), { mode: 0o600, flag: 'w' })
    else source = { kind: 'file', path: options.sealKeyFile }
  }
  let sealer: Sealer
  try {
    sealer = await openSealer(keys, source)
    if (!sealer.keyIds.includes(manifest.sealKey.id)) throw new KanpekiError('seal_wrong_key', `The key here is ${sealer.keyId}.`)
  } catch (error) {
    if (!(error instanceof KanpekiError)) throw error
    throw new KanpekiError(
      'restore_seal_key',
      `The backup's secrets are sealed with the key ${manifest.sealKey.id}, ${manifest.sealKey.included ? 'and the one in it does not open them' : 'which is not in it'}: ${error.message}`,
      {
        cause: error,
        remedy:
          'Give that key with --seal-key-file FILE, or in KANPEKI_SEAL_KEY. Without it the ledger could not be signed any more.',
      },
    )
  }
  for (const { name, sealed } of manifest.files) {
    if (sealed !== true) continue
    const path = await fileBelow(folder, placeOf(name))
    await writeFileAtomically(path, sealer.open((await readFile(path, 'utf8')).trim(), sealContext(name)))
  }
}

async function restoreState(folder: string, manifest: BackupManifest, config: Config, options: RestoreOptions): Promise<void> {
  options.progress?.('state', 0)
  const place = statePlace(config)
  if (manifest.state.kind === 'rows') await loadRows(place, join(folder, ROWS), manifest.state.steps, migrations)
  else if ('url' in place) {
    throw new KanpekiError('restore_state', 'The backup holds an SQLite database, and the settings name PostgreSQL.', {
      remedy: 'Restore without KANPEKI_STATE, as the installation was when it was backed up.',
    })
  }
  await rm(join(folder, ROWS), { recursive: true, force: true })
}

async function restoreLake(folder: string, manifest: BackupManifest, config: Config, options: RestoreOptions): Promise<number> {
  options.progress?.('lake', 0)
  if (manifest.lake.kind === 'elsewhere') return 0
  if (config.values.lake !== null) {
    throw new KanpekiError('restore_lake', 'The backup holds the embedded lake, and the settings name a cluster.', {
      remedy: 'Restore without KANPEKI_LAKE, as the installation was when it was backed up.',
    })
  }
  const dir = dataDir(folder)
  const engine = await startEmbeddedLake({ folder: dir.lake, memory: config.values.memory, log: options.log })
  try {
    const lake = await connectLake(engine.address, { sealed: dir.sealed })
    try {
      await attachParts(engine.address, await emptyOr(join(folder, PARTS)))
      await rm(join(folder, PARTS), { recursive: true, force: true })
      const { events } = await lake.stats()
      if (events >= manifest.lake.events) return events
      throw new KanpekiError('restore_unproved', `The lake has ${events} events, and had at least ${manifest.lake.events}.`, {
        remedy: 'Take another copy of the backup.',
      })
    } finally {
      await lake.close()
    }
  } finally {
    await engine.stop()
  }
}

async function emptyOr(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  return folder
}

function refuseUnproved(report: VerifyReport, { ledger }: BackupManifest): void {
  const [first] = report.failures
  if (report.verdict === 'proved' && report.size === ledger.size && report.root === ledger.root) return
  throw new KanpekiError(
    'restore_unproved',
    `What the backup holds does not prove: ${first === undefined ? 'its ledger is not the one its manifest names' : `${first.path}: ${first.reason}`}.`,
    { remedy: 'Nothing was restored. Take another copy, or an older backup.' },
  )
}

async function* counted(source: AsyncIterable<Uint8Array>, { progress }: RestoreOptions): AsyncGenerator<Uint8Array> {
  let done = 0
  for await (const chunk of source) {
    done += chunk.byteLength
    progress?.('read', done)
    yield chunk
  }
}
