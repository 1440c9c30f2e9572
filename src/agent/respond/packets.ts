import { type ChildProcess, spawn } from 'node:child_process'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { realWait } from '../../platform/backoff.ts'

/** Enough of a packet for its headers and the beginning of what it says. */
const SNAP = '512'
const MOST_MB = '10'
const RING_FILES = 4
/** After a tcpdump that ended by itself. */
const AGAIN_MS = 60_000

function tcpdump(args: readonly string[]): ChildProcess {
  // As the agent's own user: it writes into the agent's folder.
  return spawn('tcpdump', ['-i', 'any', '-n', '-U', '-s', SNAP, '-Z', 'root', ...args], {
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' },
    stdio: 'ignore',
  })
}

const ended = (child: ChildProcess): Promise<string | undefined> =>
  new Promise((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code === 'ENOENT' ? 'tcpdump is not installed' : error.message),
    )
    child.once('close', (code) => resolve(code === 0 || code === null ? undefined : `tcpdump ended with ${code}`))
  })

/** Records traffic for so long. @returns why there is none, or undefined. */
export async function recordPackets(file: string, seconds: number, signal: AbortSignal): Promise<string | undefined> {
  const child = tcpdump(['-C', MOST_MB, '-W', '1', '-w', file])
  const end = ended(child)
  await Promise.race([realWait(seconds * 1_000, signal), end])
  child.kill('SIGINT')
  return await end
}

/** Keeps the last traffic in a ring of four files of 10 MB, while `wanted` says so. */
export async function keepRing(folder: string, wanted: () => boolean, signal: AbortSignal): Promise<void> {
  let child: ChildProcess | undefined
  while (!signal.aborted) {
    if (wanted() && child === undefined) {
      const started = tcpdump(['-C', MOST_MB, '-W', String(RING_FILES), '-w', join(folder, RING)])
      child = started
      void ended(started).then(async () => {
        await realWait(AGAIN_MS, signal)
        if (child === started) child = undefined
      })
    }
    if (!wanted() && child !== undefined) {
      child.kill('SIGINT')
      child = undefined
      for (const name of await ringFiles(folder)) await rm(name, { force: true })
    }
    await realWait(1_000, signal)
  }
  child?.kill('SIGINT')
}

const RING = 'ring.pcap'

export async function ringFiles(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter((name) => name.startsWith(RING)).map((name) => join(folder, name))
}
