import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { nativeSha256 } from './batch-root.ts'
import { openLedger } from './ledger.ts'
import { readFolder } from './read-folder.ts'
import { temporaryFolder } from './testing/temporary-folder.ts'
import { verifyDirectory } from './verify/directory.ts'

const PROGRAM = fileURLToPath(new URL('./testing/append-forever.ts', import.meta.url))
const ROUNDS = 6

/** Runs the appender on real files until it has written a few more checkpoints, then kills it in the middle of one. */
async function appendAndKill(data: string, checkpoints: number, delay: number): Promise<number> {
  const child = spawn(process.execPath, [PROGRAM, data], { stdio: ['ignore', 'pipe', 'inherit'] })
  let text = ''
  let seen = 0
  for await (const chunk of child.stdout) {
    text += String(chunk)
    if (text.split('\n').length > checkpoints && seen++ === 0) setTimeout(() => child.kill('SIGKILL'), delay)
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  expect(child.signalCode).toBe('SIGKILL')
  return Number(text.slice(0, text.lastIndexOf('\n')).split('\n').at(-1))
}

test(`a process killed ${ROUNDS} times while appending loses nothing that was durable, and the log goes on`, async () => {
  const data = temporaryFolder()
  let before = 0
  for (let round = 0; round < ROUNDS; round++) {
    const durable = await appendAndKill(data, 4 + round, (round * 13) % 7)
    expect(durable).toBeGreaterThan(before)
    const crashed = await verifyDirectory(readFolder(data), { hash: nativeSha256 })
    expect(crashed).toMatchObject({ verdict: 'consistent', failures: [] })
    expect(crashed.size).toBeGreaterThanOrEqual(durable)
    const ledger = await openLedger({ data })
    expect(ledger.head).toMatchObject({ size: crashed.size, outbox: crashed.size })
    before = crashed.size
  }
})
