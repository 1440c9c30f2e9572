import { spawn } from 'node:child_process'
import { KanpekiError } from '../../kernel/error.ts'

const MOST_BYTES = 1_000_000
const TIMEOUT_MS = 20_000
/** Nothing of the agent's own environment reaches a tool. */
const ENVIRONMENT = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' }

/**
 * Runs a program of the system with these arguments, never through a shell.
 * @returns its standard output. @throws KanpekiError `no_tool` where it is not installed, `tool_failed` with its own words.
 */
export async function runTool(program: string, args: readonly string[], input = ''): Promise<string> {
  return await new Promise((resolve, reject) => {
    const child = spawn(program, [...args], { env: ENVIRONMENT, stdio: ['pipe', 'pipe', 'pipe'], timeout: TIMEOUT_MS })
    let out = ''
    let words = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (out.length < MOST_BYTES) out += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      if (words.length < 2_000) words += text
    })
    child.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'ENOENT'
          ? new KanpekiError('no_tool', `${program} is not installed on this host.`, { remedy: `Install ${program} there.` })
          : new KanpekiError('tool_failed', `${program}: ${error.message}.`),
      ),
    )
    child.once('close', (code, signal) => {
      if (code === 0) resolve(out)
      else reject(new KanpekiError('tool_failed', `${program} ended with ${code ?? signal}: ${words.trim().slice(0, 500)}`))
    })
    // A tool that ends before it has read everything says why on standard error.
    child.stdin.on('error', () => {})
    child.stdin.end(input)
  })
}
