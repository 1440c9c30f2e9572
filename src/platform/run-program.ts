import { spawn } from 'node:child_process'
import { KanpekiError, messageOf } from '../kernel/error.ts'

const MOST = 4 * 1024 * 1024
const TIMEOUT_MS = 20_000
/** Nothing of our own environment (keys, tokens) reaches a program; messages come in one language. */
const ENVIRONMENT = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' }

export interface Ran {
  /** What it ended with; -1 where a signal ended it. */
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/**
 * Runs a program by its list of arguments: no shell ever reads them. An argument that comes from outside must not be able to begin
 * with `-`, or stands behind `--`.
 * @throws KanpekiError `program_missing`, `program_failed` (it could not be started, or said more than 4 MB), or the signal's reason.
 */
export function runProgram(
  file: string,
  args: readonly string[],
  options: { readonly stdin?: string; readonly signal: AbortSignal; readonly timeoutMs?: number },
): Promise<Ran> {
  const { stdin = '', signal, timeoutMs = TIMEOUT_MS } = options
  return new Promise((resolve, reject) => {
    signal.throwIfAborted()
    const child = spawn(file, [...args], {
      env: ENVIRONMENT,
      shell: false,
      stdio: 'pipe',
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
    })
    const parts = { stdout: [] as Buffer[], stderr: [] as Buffer[] }
    let size = 0
    const end = (): void => void child.kill('SIGKILL')
    signal.addEventListener('abort', end, { once: true })
    for (const name of ['stdout', 'stderr'] as const)
      child[name].on('data', (part: Buffer) => {
        size += part.length
        if (size > MOST) end()
        else parts[name].push(part)
      })
    child.once('error', (error: NodeJS.ErrnoException) => {
      signal.removeEventListener('abort', end)
      const missing = error.code === 'ENOENT'
      reject(
        new KanpekiError(
          missing ? 'program_missing' : 'program_failed',
          missing ? `${file} is not installed here.` : `${file} could not be run: ${messageOf(error)}.`,
          { cause: error },
        ),
      )
    })
    child.once('close', (code) => {
      signal.removeEventListener('abort', end)
      if (signal.aborted) return reject(signal.reason as Error)
      if (size > MOST) return reject(new KanpekiError('program_failed', `${file} says more than is taken.`))
      const [stdout, stderr] = [parts.stdout, parts.stderr].map((all) => Buffer.concat(all).toString('utf8')) as [string, string]
      resolve({ code: code ?? -1, stdout, stderr })
    })
    // A program that does not read to the end closes its side; what it says then tells why.
    child.stdin.on('error', () => undefined)
    child.stdin.end(stdin)
  })
}
