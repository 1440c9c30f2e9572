import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { KanpekiError, messageOf } from '../kernel/error.ts'

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
  readonly lock: string
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
    lock: join(root, 'kanpeki.lock'),
  }
}

/** What a running server leaves in its lock for commands on the same host. */
export interface RunningServer {
  readonly pid: number
  readonly url?: string
}

/** Makes the folders, readable by their owner alone. @throws KanpekiError `data_folder`. */
export function prepareDataDir(dir: DataDir): void {
  try {
    for (const folder of [dir.root, dir.lake, dir.ledger, dir.keys, dir.rules, dir.declarations])
      mkdirSync(folder, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw new KanpekiError('data_folder', `Cannot make the data folder: ${messageOf(error)}.`, {
      place: { file: dir.root },
      remedy: 'Choose another with --data DIR.',
    })
  }
}

/** The server that runs on this folder, if one does. A lock whose process is gone counts for nothing. */
export function runningServer(dir: DataDir): RunningServer | undefined {
  if (!existsSync(dir.lock)) return undefined
  try {
    const lock = JSON.parse(readFileSync(dir.lock, 'utf8')) as RunningServer
    return isAlive(lock.pid) ? lock : undefined
  } catch {
    return undefined
  }
}

/** Two servers never share a folder. @returns what releases the lock. @throws KanpekiError `data_in_use`. */
export function lockDataDir(dir: DataDir): { announce(url: string): void; release(): void } {
  const mine: RunningServer = { pid: process.pid }
  for (let attempt = 0; ; attempt++) {
    try {
      writeFileSync(dir.lock, JSON.stringify(mine), { flag: 'wx', mode: 0o600 })
      break
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST')
        throw new KanpekiError('data_folder', `Cannot write the lock: ${messageOf(error)}.`, { place: { file: dir.lock } })
      const other = runningServer(dir)
      if (other !== undefined && other.pid !== process.pid) {
        throw new KanpekiError('data_in_use', `Process ${other.pid} already runs on ${dir.root}.`, {
          remedy: 'Stop it first, or choose another folder with --data DIR.',
        })
      }
      if (attempt > 3) throw new KanpekiError('data_in_use', `The lock ${dir.lock} keeps coming back.`)
      rmSync(dir.lock, { force: true })
    }
  }
  return {
    announce: (url) => writeFileSync(dir.lock, JSON.stringify({ ...mine, url }), { mode: 0o600 }),
    release: () => rmSync(dir.lock, { force: true }),
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
