import { Worker } from 'node:worker_threads'
import { workerUrl } from '../../platform/worker-url.ts'
import { rootOf, type Unrooted } from './root-of.ts'

/** Less is hashed in a few milliseconds: a server to which little comes never starts the thread. */
const LEAST_BYTES = 512 * 1024
/** It makes hardly any objects. */
const YOUNG_MB = 4

/** Roots of batches. Large ones are hashed by a thread of their own, which reads the documents where the writer wrote them. */
export interface Roots {
  /** The documents must stand until it resolves. Never rejects. */
  of(batch: Unrooted): Promise<string>
  stop(): Promise<void>
}

/** @param leastBytes what is less is hashed at once. */
export function openRoots(leastBytes = LEAST_BYTES): Roots {
  let worker: Worker | undefined
  let broken = false
  /** In the order in which they were asked for. */
  const asked: { readonly batch: Unrooted; readonly resolve: (root: string) => void }[] = []

  /** What a thread does not do, this one does. */
  function without(): void {
    broken = true
    worker = undefined
    for (const { batch, resolve } of asked.splice(0)) resolve(rootOf(batch))
  }

  function thread(): Worker {
    if (worker !== undefined) return worker
    worker = new Worker(workerUrl(import.meta.url, './root-worker'), {
      name: 'kanpeki-roots',
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
    })
    worker.on('message', (root: string) => asked.shift()?.resolve(root))
    worker.on('error', without)
    worker.on('exit', without)
    worker.unref()
    return worker
  }

  return {
    of(batch) {
      if (broken || batch.documents.length < leastBytes) return Promise.resolve(rootOf(batch))
      return new Promise((resolve) => {
        asked.push({ batch, resolve })
        thread().postMessage(batch)
      })
    },
    async stop() {
      await worker?.terminate()
    },
  }
}
