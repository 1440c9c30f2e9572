import { execFile } from 'node:child_process'
import { z } from 'zod'
import type { Action } from '../../../kernel/action.ts'
import { KanpekiError } from '../../../kernel/error.ts'

const input = z.strictObject({ argv: z.array(z.string().max(10_000)).min(1).max(200) })
type Input = z.infer<typeof input>

const MOST_OUTPUT = 64 * 1024
const MOST_KEPT = 4000

/**
 * CACAO's `bash`, as far as it goes here: one of the programs that the installation allows, with its words as arguments. No shell
 * reads anything, so pipes, redirections and `$` mean nothing; the program gets no environment but a plain PATH.
 * @param allowed absolute paths.
 */
export function program(allowed: readonly string[]): Action {
  const named = ({ argv: [path = ''] }: Input): string => {
    if (allowed.includes(path)) return path
    throw new KanpekiError('forbidden', `${path} is not among the programs that playbooks may run.`, {
      remedy: 'Name it by its whole path in the setting respond-programs.',
    })
  }
  const action: Action<Input> = {
    id: 'bash',
    title: { en: 'Program', ja: 'プログラムの実行' },
    input,
    repeats: 'once',
    async plan(asked) {
      const text = [named(asked), ...asked.argv.slice(1)].join(' ').slice(0, 500)
      return {
        summary: { en: `Run ${text}`, ja: `${text} を実行` },
        targets: [{ kind: 'process', name: asked.argv[0] ?? '' }],
        reversible: false,
      }
    },
    async run(asked, { signal, key }) {
      const path = named(asked)
      const options = { signal, shell: false, cwd: '/', maxBuffer: MOST_OUTPUT, env: { PATH: '/usr/bin:/bin', KANPEKI_KEY: key } }
      return await new Promise((resolve, reject) => {
        const child = execFile(path, asked.argv.slice(1), options, (error, stdout, stderr) => {
          if (error === null) resolve({ outcome: 'done', detail: { exit: 0, output: stdout.slice(0, MOST_KEPT) } })
          else if (signal.aborted) reject(signal.reason as Error)
          else
            reject(
              new KanpekiError('program_failed', `It ended with ${error.code ?? error.message}.`, {
                remedy: stderr.slice(0, 300),
              }),
            )
        })
        child.stdin?.end()
      })
    },
  }
  return action as Action
}
