import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import { expect, it } from 'vitest'

/** `nice` of a thread: the 19th field of proc(5)'s stat, the 17th behind the name in brackets. */
function niceOf(stat: string): number {
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16])
}

it.skipIf(process.platform !== 'linux')('puts the calling thread back and no other', async () => {
  const module = JSON.stringify(new URL('stand-back.ts', import.meta.url).href)
  const worker = new Worker(
    `const { parentPort } = require('node:worker_threads')
    const { readFileSync } = require('node:fs')
    const own = () => (${niceOf})(readFileSync('/proc/thread-self/stat', 'utf8'))
    const before = own()
    import(${module}).then(({ standBack }) => { standBack(); parentPort.postMessage(own() - before) })`,
    { eval: true },
  )
  const [moved] = (await once(worker, 'message')) as [number]
  await worker.terminate()
  expect([moved, niceOf(readFileSync('/proc/self/stat', 'utf8'))]).toEqual([5, 0])
})
