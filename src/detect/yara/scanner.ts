import type { ChildProcess } from 'node:child_process'
import { KanpekiError } from '../../kernel/error.ts'
import { forkModule } from '../../platform/fork-module.ts'
import { workerUrl } from '../../platform/worker-url.ts'
import type { YaraAnswer, YaraAsk, YaraLoaded, YaraMatch } from './messages.ts'

/** YARA rules over files and bytes, in a process of their own: what takes too long or falls over takes nothing with it. */
export interface YaraScanner extends YaraLoaded {
  /** @throws KanpekiError `yara_timeout`, `yara_died`, `yara_failed`; the next scan goes on. */
  scan(what: { readonly data: Uint8Array } | { readonly file: string }): Promise<readonly YaraMatch[]>
  /** A plain file, read within bounds; why it was not, where it was not. @throws as `scan`. */
  read(what: Omit<Extract<YaraAsk, { kind: 'read' }>, 'kind'>): Promise<Extract<YaraAnswer, { kind: 'matches' | 'unread' }>>
  close(): Promise<void>
}

export interface YaraOptions {
  /** Milliseconds for one scan. */
  readonly timeout: number
  /** Starts the process that holds the engine (see serveScans), with a message channel; the installed one where absent. */
  readonly start?: () => ChildProcess
}

const LOAD_TIMEOUT_MS = 120_000

/** Loads rules. @throws KanpekiError `yara_unavailable` where the engine does not run, `rules-unreadable`. */
export async function openYara(paths: readonly string[], { timeout, start = startInstalled }: YaraOptions): Promise<YaraScanner> {
  let child: ChildProcess | undefined
  let queue: Promise<unknown> = Promise.resolve()

  const started = async (): Promise<YaraLoaded> => {
    child = start()
    child.stderr?.resume()
    const reply = await ask(child, { kind: 'load', paths }, LOAD_TIMEOUT_MS)
    if (reply.kind !== 'loaded') throw failure(reply)
    const { rules, refused, source } = reply
    return { rules, refused, source }
  }
  const end = async (): Promise<void> => {
    const ending = child
    child = undefined
    if (ending === undefined || ending.exitCode !== null || ending.signalCode !== null) return
    const gone = new Promise<void>((resolve) => ending.once('exit', () => resolve()))
    ending.kill('SIGKILL')
    await gone
  }
  const loaded = await started().catch(async (error: unknown) => {
    await end()
    throw error
  })

  async function askOne(what: YaraAsk): Promise<YaraAnswer> {
    if (child === undefined) await started()
    try {
      const reply = await ask(child!, what, timeout)
      if (reply.kind === 'failed') throw failure(reply)
      return reply
    } catch (error) {
      if (error instanceof KanpekiError && (error.code === 'yara_timeout' || error.code === 'yara_died')) await end()
      throw error
    }
  }

  const inTurn = (what: YaraAsk): Promise<YaraAnswer> => {
    const work = queue.then(() => askOne(what))
    queue = work.catch(() => {})
    return work
  }

  return {
    ...loaded,
    async scan(what) {
      const reply = await inTurn('data' in what ? { kind: 'data', data: what.data } : { kind: 'file', file: what.file })
      if (reply.kind !== 'matches') throw failure(reply)
      return reply.matches
    },
    async read(what) {
      const reply = await inTurn({ kind: 'read', ...what })
      if (reply.kind !== 'matches' && reply.kind !== 'unread') throw failure(reply)
      return reply
    },
    async close() {
      await queue
      await end()
    },
  }
}

const startInstalled = (): ChildProcess => forkModule(workerUrl(import.meta.url, './scan-child'))

function ask(child: ChildProcess, what: YaraAsk, timeout: number): Promise<YaraAnswer> {
  return new Promise((resolve, reject) => {
    const settle = (done: () => void): void => {
      clearTimeout(timer)
      child.off('message', answered)
      child.off('exit', died)
      child.off('error', died)
      done()
    }
    const answered = (reply: unknown): void => settle(() => resolve(reply as YaraAnswer))
    const died = (): void => settle(() => reject(new KanpekiError('yara_died', 'The YARA engine ended while it was working.')))
    const timer = setTimeout(
      () => settle(() => reject(new KanpekiError('yara_timeout', `YARA took longer than ${Math.round(timeout / 1000)} s.`))),
      timeout,
    )
    child.on('message', answered)
    child.on('exit', died)
    child.on('error', died)
    child.send(what)
  })
}

function failure(reply: YaraAnswer): KanpekiError {
  return reply.kind === 'failed'
    ? new KanpekiError(reply.code, reply.reason)
    : new KanpekiError('yara_failed', 'YARA answered something else.')
}
