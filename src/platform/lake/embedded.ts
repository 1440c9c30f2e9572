import type { ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { KanpekiError } from '../../kernel/error.ts'
import { forkModule } from '../fork-module.ts'
import { workerUrl } from '../worker-url.ts'
import type { LakeAddress } from './connect.ts'
import type { EngineOrder, EngineReport } from './engine/engine-messages.ts'

/** The system's limit on a socket's path is 107 bytes, on macOS 103. */
const LONGEST_SOCKET_PATH = 100
const READERS = 3
/**
 * libuv's pool bounds how many statements run at once; some of its threads also serve files. The C library is told to
 * give the memory of large request bodies back at once: 125 MB less after a burst (macOS does not know these).
 */
const ENVIRONMENT = {
  UV_THREADPOOL_SIZE: String(READERS + 5),
  MALLOC_ARENA_MAX: '2',
  MALLOC_MMAP_THRESHOLD_: '1048576',
  MALLOC_TRIM_THRESHOLD_: '1048576',
}
const FIRST_WAIT_MS = 200
const LONGEST_WAIT_MS = 10_000
const STOP_LIMIT_MS = 30_000

export interface EmbeddedLakeOptions {
  /** The lake's folder; the process takes it for itself. */
  readonly folder: string
  /** Bytes of resident memory that the engine may use. */
  readonly memory: number
  /** Listen on a loopback port instead of a socket in a private folder; so it is too where no socket fits. */
  readonly loopback?: boolean
  /** Merges wait for a burst to end while less of all cores is to spare: see engine/merge-debt.ts. 0 never holds them. */
  readonly spareShare?: number
  readonly log: (message: string, detail?: Record<string, unknown>) => void
}

/** The engine's process, watched over: if it dies it is started again at the same address, with growing pauses. */
export interface EmbeddedLake {
  /** For `connectLake`, in any thread of this process. */
  readonly address: LakeAddress
  /** Of the process that runs now, if one does. */
  pid(): number | undefined
  /** How often it has been started again. */
  restarts(): number
  /** Lets running statements finish, then ends the process. */
  stop(): Promise<void>
}

/** @throws KanpekiError `data_in_use`, `lake_unreachable` if the engine does not start. */
export async function startEmbeddedLake(options: EmbeddedLakeOptions): Promise<EmbeddedLake> {
  const watch = new Watch(options)
  try {
    await watch.start()
    return watch
  } catch (error) {
    await watch.stop()
    throw error
  }
}

class Watch implements EmbeddedLake {
  readonly #options: EmbeddedLakeOptions
  readonly #secret = randomBytes(24).toString('hex')
  readonly #socket: string | undefined
  #temporary: string | undefined
  #child: ChildProcess | undefined
  #port = 0
  #restarts = 0
  #wait = FIRST_WAIT_MS
  #timer: NodeJS.Timeout | undefined
  #stopping = false
  /** Only what has run once is started again: a first start that fails is the caller's to report. */
  #served = false

  constructor(options: EmbeddedLakeOptions) {
    this.#options = options
    this.#socket = options.loopback === true ? undefined : this.#socketPath()
  }

  /** In the lake's own folder, or in a temporary one where that path is too long; undefined if both are. */
  #socketPath(): string | undefined {
    const own = join(this.#options.folder, 'socket')
    if (Buffer.byteLength(own) <= LONGEST_SOCKET_PATH) return own
    this.#temporary = mkdtempSync(join(tmpdir(), 'kanpeki-'))
    const short = join(this.#temporary, 's')
    return Buffer.byteLength(short) <= LONGEST_SOCKET_PATH ? short : undefined
  }

  get address(): LakeAddress {
    const { folder } = this.#options
    return this.#socket === undefined
      ? { kind: 'embedded', port: this.#port, secret: this.#secret, folder }
      : { kind: 'embedded', socketPath: this.#socket, secret: this.#secret, folder }
  }

  pid(): number | undefined {
    return this.#child?.pid
  }

  restarts(): number {
    return this.#restarts
  }

  async start(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const child = forkModule(workerUrl(import.meta.url, './engine/engine-process'), ENVIRONMENT)
    this.#child = child
    let failure: KanpekiError | undefined
    let output = ''
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-4000)
    })
    child.on('message', (message: EngineReport) => {
      if (message.kind === 'failed') {
        failure = new KanpekiError(message.code, message.message)
        return
      }
      this.#port = message.port
      this.#served = true
      this.#wait = FIRST_WAIT_MS
      resolve()
    })
    child.once('exit', (code, signal) => {
      this.#child = undefined
      reject(
        failure ?? new KanpekiError('lake_unreachable', `The lake's process ended while starting (${signal ?? code}). ${output}`),
      )
      if (!this.#stopping && this.#served) this.#again(code, signal, output)
    })
    child.send({ kind: 'start', ...this.#startOrder() } satisfies EngineOrder)
    await promise
  }

  async stop(): Promise<void> {
    this.#stopping = true
    clearTimeout(this.#timer)
    const child = this.#child
    if (child !== undefined) {
      const gone = new Promise((resolve) => child.once('exit', resolve))
      if (child.connected) child.send({ kind: 'stop' } satisfies EngineOrder)
      const deadline = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS)
      await gone
      clearTimeout(deadline)
    }
    if (this.#temporary !== undefined) rmSync(this.#temporary, { recursive: true, force: true })
  }

  #startOrder(): Omit<Extract<EngineOrder, { kind: 'start' }>, 'kind'> {
    const { folder, memory, spareShare } = this.#options
    const address = this.address
    if (address.kind !== 'embedded') throw new TypeError('not an embedded lake')
    const listen = address.socketPath === undefined ? { host: '127.0.0.1', port: this.#port } : { path: address.socketPath }
    const order = { folder, memory, readers: READERS, secret: this.#secret, listen }
    return spareShare === undefined ? order : { ...order, spareShare }
  }

  #again(code: number | null, signal: NodeJS.Signals | null, output: string): void {
    this.#restarts += 1
    this.#options.log('The lake ended unexpectedly and is started again', { code, signal, waitMs: this.#wait, output })
    this.#timer = setTimeout(() => {
      // A failed start ends that process too, and its end comes here again.
      this.start().catch(() => {})
    }, this.#wait)
    this.#wait = Math.min(this.#wait * 2, LONGEST_WAIT_MS)
  }
}
