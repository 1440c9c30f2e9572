import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { SEAL_KEY_VARIABLE } from './secrets/seal-keys.ts'

/**
 * Starts a module (see workerUrl) as a process with a message channel (structured clone), its standard error as a pipe.
 * The process must end by itself when the channel closes: its parent may be killed.
 */
export function forkModule(url: URL, env: Readonly<Record<string, string>> = {}): ChildProcess {
  return fork(fileURLToPath(url), [], {
    execArgv: ['--disable-warning=ExperimentalWarning'],
    serialization: 'advanced',
    // The seal key is the server's alone.
    env: { ...process.env, [SEAL_KEY_VARIABLE]: undefined, ...env },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
}
