import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

export interface TryOptions {
  /** The agent's own. */
  readonly folder: string
  readonly bundle: string
  /** How long a new version may take to reach the server. */
  readonly withinMs: number
  readonly execArgv: readonly string[]
  readonly signal: AbortSignal
}

const END_MS = 10_000

/**
 * Runs a new version in this one's place until it has reached the server, then ends it: only what has shown that it works is
 * installed. @returns why it is not, or undefined.
 */
export async function tryOut({ folder, bundle, withinMs, execArgv, signal }: TryOptions): Promise<string | undefined> {
  const sign = join(folder, 'trial')
  await rm(sign, { force: true })
  const child = spawn(process.execPath, [...execArgv, bundle, 'agent', 'run', '--data', folder, '--trial'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  let ended: string | undefined
  const end = new Promise<void>((resolve) => {
    child.once('error', (error) => {
      ended = `it cannot be started: ${error.message}`
      resolve()
    })
    child.once('close', (code, name) => {
      ended ??= `it ended with ${code ?? name}`
      resolve()
    })
  })
  const until = performance.now() + withinMs
  let reached = false
  while (!reached && ended === undefined && performance.now() < until && !signal.aborted) {
    await Promise.race([sleep(100), end])
    reached = existsSync(sign)
  }
  const why = reached ? undefined : (ended ?? (signal.aborted ? 'the agent was stopped' : 'it did not reach the server in time'))
  child.kill('SIGTERM')
  const late = setTimeout(() => child.kill('SIGKILL'), END_MS)
  await end
  clearTimeout(late)
  await rm(sign, { force: true })
  return why
}
