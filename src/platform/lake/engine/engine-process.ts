/**
 * The lake's own process: opens the embedded engine on one folder and serves it. It ends when its parent asks, or when
 * its parent is gone; the terminal's Ctrl-C, which reaches it too, is the parent's to handle.
 */
import { once } from 'node:events'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { writeFileAtomically } from '../../atomic-file.ts'
import { type FolderLock, lockFolder } from '../../folder-lock.ts'
import { SPOOL_FOLDER } from '../insert.ts'
import type { EngineOrder, EngineReport } from './engine-messages.ts'
import { engineConfig } from './engine-settings.ts'
import { httpFace } from './http-face.ts'
import { holdMerges } from './merge-debt.ts'
import { mergesStandBack } from './merge-priority.ts'
import { SessionPool } from './sessions.ts'

/** A former process of a killed parent may still be finishing its last insert. */
const LOCK_WAIT_MS = 30_000

/** Kept here for the whole life of the process: a lock that is collected is released. */
let held: FolderLock | undefined

function report(message: EngineReport): void {
  if (process.connected) process.send?.(message)
}

async function main(): Promise<void> {
  process.on('SIGINT', () => {})
  process.on('SIGTERM', () => {})
  const gone = Promise.withResolvers<void>()
  process.once('disconnect', gone.resolve)
  const [order] = (await once(process, 'message')) as [EngineOrder]
  if (order.kind !== 'start') return
  process.on('message', (next: EngineOrder) => {
    if (next.kind === 'stop') gone.resolve()
  })
  held = await lockFolder(order.folder, LOCK_WAIT_MS)
  // Left by a process that was killed; with the lock in hand nobody else can be listening there.
  if ('path' in order.listen) rmSync(order.listen.path, { force: true })
  const spool = join(order.folder, SPOOL_FOLDER)
  rmSync(spool, { recursive: true, force: true })
  const data = join(order.folder, 'engine')
  mkdirSync(data, { recursive: true, mode: 0o700 })
  const configFile = join(order.folder, 'engine.xml')
  await writeFileAtomically(configFile, engineConfig(order.memory))
  const readers = new SessionPool(data, configFile, order.readers)
  const writers = new SessionPool(data, configFile, 1)
  const control = new SessionPool(data, configFile, 1)
  const merges = holdMerges(
    (sql) => control.use(async (session) => (await session.queryAsync(sql, { format: 'TSV' })).text()),
    mergesStandBack(),
    order.spareShare,
  )
  const server = httpFace({ readers, writers, control, merges, spool, secret: order.secret })
  server.listen(order.listen)
  await once(server, 'listening')
  const address = server.address()
  report({ kind: 'ready', port: typeof address === 'object' && address !== null ? address.port : 0 })
  await gone.promise
  merges.stop()
  // Waits for what is being answered; idle connections are closed at once.
  await new Promise((resolve) => {
    server.close(resolve)
    server.closeIdleConnections()
  })
  writers.close()
  readers.close()
  control.close()
}

// Our lock is released by the end of the process and not before: the engine holds its own on the folder until then, and a
// successor that got in between could not open it.
main().then(
  () => process.exit(held === undefined ? 1 : 0),
  (error: unknown) => {
    const { message, code } =
      error instanceof Error ? { code: undefined, ...error, message: error.message } : { message: String(error), code: undefined }
    report({ kind: 'failed', message, code: typeof code === 'string' ? code : 'lake_unreachable' })
    // The channel is written asynchronously.
    setTimeout(() => process.exit(1), 50)
  },
)
