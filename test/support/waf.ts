import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { ROOT } from './kanpeki.ts'

export interface RunningWaf {
  readonly port: number
  readonly child: ChildProcess
  readonly stderr: () => string
  /** Resolves when what it says on standard error matches. */
  readonly says: (expression: RegExp) => Promise<void>
  /** SIGTERM; resolves with the exit code. */
  readonly stop: () => Promise<number | null>
}

/** Starts `kanpeki waf` as built, on a free port, and waits until it listens. */
export async function startWaf(args: readonly string[]): Promise<RunningWaf> {
  const main = join(ROOT, 'dist/cli/main.js')
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', main, 'waf', '--listen', '127.0.0.1:0', ...args],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  )
  let stderr = ''
  const waiting = new Set<() => void>()
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
    for (const check of waiting) check()
  })
  const says = (expression: RegExp) =>
    new Promise<void>((resolve, reject) => {
      const check = () => {
        if (!expression.test(stderr)) return
        waiting.delete(check)
        resolve()
      }
      waiting.add(check)
      void ended.then((code) => reject(new Error(`kanpeki waf ended with ${code}: ${stderr}`)))
      check()
    })
  await says(/waf listens on/)
  return {
    port: Number(/waf listens on 127\.0\.0\.1:(\d+)/.exec(stderr)![1]),
    child,
    stderr: () => stderr,
    says,
    stop: () => {
      child.kill('SIGTERM')
      return ended
    },
  }
}
