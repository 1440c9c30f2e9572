import { Worker } from 'node:worker_threads'
import type { FilePart } from '../../detect/input/read-part.ts'
import { workerUrl } from '../../platform/worker-url.ts'
import type { PartResult } from './run-file.ts'
import type { WorkerSetup } from './worker.ts'

/**
 * Runs the parts on worker threads and hands the results over in the order of the parts, as soon as that order allows.
 * Rejects when a worker fails.
 */
export async function runOnThreads(
  parts: readonly FilePart[],
  threads: number,
  setup: WorkerSetup,
  done: (index: number, result: PartResult) => void,
): Promise<void> {
  const waiting = new Map<number, PartResult>()
  let next = 0
  let reported = 0
  const takeResult = (index: number, result: PartResult) => {
    waiting.set(index, result)
    for (let ready = waiting.get(reported); ready !== undefined; ready = waiting.get(reported)) {
      waiting.delete(reported)
      done(reported, ready)
      reported += 1
    }
  }
  const runWorker = () =>
    new Promise<void>((resolve, reject) => {
      const worker = new Worker(workerUrl(import.meta.url, './worker'), { workerData: setup })
      const give = () => {
        if (next >= parts.length) {
          worker.postMessage('end')
          return
        }
        worker.postMessage({ index: next, part: parts[next] })
        next += 1
      }
      worker.on('message', ({ index, result }: { index: number; result: PartResult }) => {
        takeResult(index, result)
        give()
      })
      worker.on('error', reject)
      worker.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`a detection thread ended with code ${code}`))))
      give()
    })
  await Promise.all(Array.from({ length: Math.min(threads, parts.length) }, runWorker))
}
