import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { KanpekiError, messageOf } from '../kernel/error.ts'
import { folderHolder, lockFolder } from './folder-lock.ts'

/** Others look at the lock for a moment. */
const LOCK_WAIT_MS = 300

/** Where everything lies below the data folder. */
export interface DataDir {
  readonly root: string
  readonly state: string
  readonly lake: string
  readonly ledger: string
  readonly keys: string
  /** The user's own rules and cards. */
  readonly rules: string
  readonly declarations: string
  /** The user's own field-mapping pipelines. */
  readonly pipelines: string
  /** The user's own YARA rules. */
  readonly yara: string
  /** The user's own masking rules. */
  readonly masking: string
  /** Sealed hours as Parquet. */
  readonly sealed: string
  /** Artefacts by the hash of their content. */
  readonly artefacts: string
  /** Where a running server says how to reach it. */
  readonly running: string
}

export function dataDir(root: string): DataDir {
  return {
    root,
    state: join(root, 'state.db'),
    lake: join(root, 'lake'),
    ledger: join(root, 'ledger'),
    keys: join(root, 'keys'),
    rules: join(root, 'rules'),
    declarations: join(root, 'declarations'),
    pipelines: join(root, 'pipelines'),
    yara: join(root, 'yara'),
    masking: join(root, 'masking'),
    sealed: join(root, 'lake', 'sealed'),
    artefacts: join(root, 'artefacts'),
    running: join(root, 'running.json'),
  }
}

/** What a running server leaves for commands on the same host. */
export interface RunningServer {
  readonly pid: number
  readonly url: string
  /** PEM file of the certificate that the server shows at `url`; absent where it speaks plain HTTP. */
  readonly ca?: string
}

/** Makes the folders, readable by their owner alone. @throws KanpekiError `data_folder`. */
export function prepareDataDir(dir: DataDir): void {
  try {
    for (const folder of [
      dir.root,
      dir.lake,
      dir.sealed,
      dir.ledger,
      dir.keys,
      dir.rules,
      dir.declarations,
      dir.pipelines,
      dir.yara,
      dir.masking,
    ])
      mkdirSync(folder, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw new KanpekiError('data_folder', `Cannot make the data folder: ${messageOf(error)}.`, {
      place: { file: dir.root },
      remedy: 'Choose another with --data DIR.',
    })
  }
}

/** For commands that look at what is there: nothing found in a folder that was never used is no answer. @throws KanpekiError `no_data`. */
export function requireDataDir({ root, keys }: DataDir): void {
  if (existsSync(keys)) return
  throw new KanpekiError('no_data', `There is no data of Kanpeki in ${root}.`, {
    place: { file: root },
    remedy: "Say where it is with --data DIR, or start there first: './kanpeki up --data DIR'.",
  })
}

/**
 * The server that runs on this folder, if one does. A note whose process is gone counts for nothing, whoever has its number now:
 * what is behind its address may be anybody, and would be sent a token.
 */
export function runningServer(dir: DataDir): RunningServer | undefined {
  if (!existsSync(dir.running)) return undefined
  try {
    const note = JSON.parse(readFileSync(dir.running, 'utf8')) as RunningServer
    return folderHolder(dir.root) === note.pid ? note : undefined
  } catch {
    return undefined
  }
}

/**
 * Takes the folder for this process: two servers never share one.
 * @returns what announces the server to commands, and what releases the lock. @throws KanpekiError `data_in_use`.
 */
export async function lockDataDir(dir: DataDir): Promise<{ announce(url: string, ca?: string): void; release(): void }> {
  const lock = await lockFolder(dir.root, LOCK_WAIT_MS)
  return {
    announce: (url, ca) => {
      const note: RunningServer = { pid: process.pid, url, ...(ca === undefined ? {} : { ca }) }
      writeFileSync(dir.running, JSON.stringify(note), { mode: 0o600 })
    },
    release: () => {
      rmSync(dir.running, { force: true })
      lock.release()
    },
  }
}
