import { setFlagsFromString } from 'node:v8'
import type { TransferListItem } from 'node:worker_threads'
import { Worker } from 'node:worker_threads'
import { KanpekiError, messageOf } from '../../kernel/error.ts'
import { workerUrl } from '../../platform/worker-url.ts'
import type { FromWorker, PipelineStatus, Replies, Request, ToWorker, WireError, WorkerSettings } from './messages.ts'

export interface PipelineEvents {
  readonly progressed: (what: { readonly events: number; readonly alerts: number }) => void
  /** A rule was quarantined or released. */
  readonly rules: (rules: PipelineStatus['rules']) => void
  /** Something failed and is being tried again. */
  readonly trouble: (error: KanpekiError) => void
  /** The thread ended although nobody asked it to: nothing can be taken in any more. */
  readonly ended: (error: KanpekiError) => void
}

/** The writer thread, seen from the main one. */
export interface Pipeline {
  ask<K extends Request['kind']>(
    request: Extract<Request, { kind: K }>,
    transfer?: readonly TransferListItem[],
  ): Promise<Replies[K]>
  /** Commits what was submitted, lets the rules see it, ends the thread. */
  stop(): Promise<void>
}

/**
 * Bytes of bodies that come and go count as the heap's own: with V8's usual growth of about a third, all of it was marked for
 * every twelve megabytes received, on the second core.
 */
const HEAP_GROWTH = '--heap-growing-percent=200'
/** Documents live as long as one body takes: most of them die before so much was made. */
const YOUNG_MB = 96

/** Resolves once the thread has read its rules and knows where the lake stands. */
export async function startPipeline(settings: WorkerSettings, events: PipelineEvents): Promise<Pipeline> {
  setFlagsFromString(HEAP_GROWTH)
  const worker = new Worker(workerUrl(import.meta.url, './worker'), {
    workerData: settings,
    name: 'kanpeki-writer',
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
  })
  const waiting = new Map<number, { resolve: (value: never) => void; reject: (error: unknown) => void }>()
  let last = 0
  let stopping = false
  let end: KanpekiError | undefined

  const ready = new Promise<void>((resolve, reject) => {
    worker.on('message', (message: FromWorker) => {
      switch (message.kind) {
        case 'ready':
          return resolve()
        case 'progressed':
          return events.progressed(message)
        case 'rules':
          return events.rules(message.rules)
        case 'trouble':
          return events.trouble(errorOf(message.error))
        case 'reply':
          waiting.get(message.id)?.resolve(message.value as never)
          break
        case 'error':
          waiting.get(message.id)?.reject(errorOf(message.error))
      }
      waiting.delete(message.id)
    })
    worker.on('error', (error) => ended(error, reject))
    worker.on('exit', () => ended(new Error('the writer thread ended'), reject))
  })

  function ended(cause: Error, reject: (error: unknown) => void): void {
    if (end !== undefined) return
    end =
      cause instanceof KanpekiError ? cause : new KanpekiError('stopping', `The writer stopped: ${messageOf(cause)}.`, { cause })
    for (const one of waiting.values()) one.reject(end)
    waiting.clear()
    reject(end)
    if (!stopping) events.ended(end)
  }

  function ask<K extends Request['kind']>(
    request: Extract<Request, { kind: K }>,
    transfer: readonly TransferListItem[] = [],
  ): Promise<Replies[K]> {
    if (end !== undefined) return Promise.reject(end)
    const id = ++last
    return new Promise<Replies[K]>((resolve, reject) => {
      waiting.set(id, { resolve: resolve as (value: never) => void, reject })
      const message: ToWorker = { id, request }
      worker.postMessage(message, transfer)
    })
  }

  await ready
  return {
    ask,
    async stop() {
      stopping = true
      if (end !== undefined) return
      const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()))
      await ask({ kind: 'stop' })
      await exited
    },
  }
}

function errorOf({ code, message, remedy, place }: WireError): KanpekiError {
  return new KanpekiError(code, message, {
    ...(remedy === undefined ? {} : { remedy }),
    ...(place === undefined ? {} : { place }),
  })
}
