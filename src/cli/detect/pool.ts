import { setImmediate } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import type { FilePart } from '../../detect/input/read-part.ts'
import { workerUrl } from '../../platform/worker-url.ts'
import type { PartResult } from './run-file.ts'
import type { WorkerRun, WorkerSetup } from './worker.ts'

/** What a run needs beyond the rules. */
export type RunSetup = Pick<WorkerRun, 'parts' | 'silent' | 'watched' | 'rules' | 'pipelines'>

/**
 * Threads beside the main one. Each gets ready from the moment it is made, and is given the rules once the main thread has read them; then
 * all take parts of the input, the main thread too, whoever is free the next.
 */
export class Helpers {
  readonly #workers: readonly Worker[]
  readonly #taken = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))

  constructor(count: number, setup: WorkerSetup) {
    this.#workers = Array.from({ length: count }, () => new Worker(workerUrl(import.meta.url, './worker'), { workerData: setup }))
  }

  /** Hands over what the threads need. The rules are copied for each: before anything that takes long. */
  begin(setup: RunSetup): void {
    for (const worker of this.#workers) worker.postMessage({ ...setup, taken: this.#taken } satisfies WorkerRun)
  }

  /**
   * Runs the parts and hands the results over in the order of the parts, as soon as that order allows. `here` runs a part in this thread;
   * `isClosed` says that nobody wants more. Rejects when a thread fails.
   */
  async run(
    parts: readonly FilePart[],
    here: (part: FilePart) => Promise<PartResult>,
    done: (index: number, result: PartResult) => void,
    isClosed: () => boolean,
  ): Promise<void> {
    const taken = this.#taken
    const take = inOrder(done)
    const ended = this.#workers.map((worker) => endOf(worker, take, isClosed))
    const runHere = async () => {
      for (let index = Atomics.add(taken, 0, 1); index < parts.length; index = Atomics.add(taken, 0, 1)) {
        if (isClosed()) {
          await this.end()
          return
        }
        take(index, await here(parts[index]!))
        // Results of other threads wait meanwhile.
        await setImmediate()
      }
    }
    await Promise.all([runHere(), ...ended])
  }

  /** Ends the threads, whatever they do. */
  async end(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()))
  }
}

/** Resolves when the thread has ended because no part was left, or because nobody wanted more. */
function endOf(worker: Worker, take: (index: number, result: PartResult) => void, isClosed: () => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    worker.on('message', ({ index, result }: { readonly index: number; readonly result: PartResult }) => take(index, result))
    worker.on('error', reject)
    worker.on('exit', (code) => {
      if (code === 0 || isClosed()) resolve()
      else reject(new Error(`a detection thread ended with code ${code}`))
    })
  })
}

function inOrder(done: (index: number, result: PartResult) => void): (index: number, result: PartResult) => void {
  const waiting = new Map<number, PartResult>()
  let reported = 0
  return (index, result) => {
    waiting.set(index, result)
    for (let ready = waiting.get(reported); ready !== undefined; ready = waiting.get(reported)) {
      waiting.delete(reported)
      done(reported, ready)
      reported += 1
    }
  }
}
