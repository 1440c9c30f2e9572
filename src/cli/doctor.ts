import type { Verdict } from '../app/care/doctor/check.ts'
import { examine } from '../app/care/doctor/doctor.ts'
import { readConfig } from '../platform/config.ts'
import { languageOf } from './language.ts'
import { EXIT, guarded, readOptions } from './options.ts'
import { send } from './request.ts'

const USAGE = `Usage: kanpeki doctor [--data DIR] [--lang en|ja] [--json]

Examines the machine and the data folder and says what to do; the server may run or not. Nothing is changed.
Each check passes (✓), fails (✗) or cannot say (?). Exit 1 if one fails.
`

const SIGN: Readonly<Record<Verdict, string>> = { pass: '✓', fail: '✗', unknown: '?' }

export function doctorCommand(args: readonly string[]): Promise<number> {
  return guarded(async () => {
    const { values } = readOptions(
      {
        args: [...args],
        strict: true,
        options: {
          data: { type: 'string', default: './data' },
          lang: { type: 'string' },
          json: { type: 'boolean', default: false },
          help: { type: 'boolean', short: 'h', default: false },
        },
      },
      USAGE,
    )
    if (values.help) {
      process.stdout.write(USAGE)
      return EXIT.ok
    }
    const language = languageOf(values.lang)
    const found = await examine(readConfig(values.data, {}, process.env), process.env, Date.now(), async (server, path) => {
      const answer = await send({ ...server, pinned: true }, path, { method: 'GET', headers: {} }).catch(() => undefined)
      return answer?.text
    })
    const ok = found.every(({ verdict }) => verdict !== 'fail')
    if (values.json) {
      const checks = found.map(({ id, verdict, says, remedy }) => ({
        id,
        verdict,
        message: says[language],
        ...(remedy === undefined ? {} : { remedy: remedy[language] }),
      }))
      process.stdout.write(`${JSON.stringify({ ok, checks })}\n`)
    } else {
      for (const { verdict, title, says, remedy } of found) {
        process.stdout.write(`${SIGN[verdict]} ${title[language]}: ${says[language]}\n`)
        if (remedy !== undefined) process.stdout.write(`    → ${remedy[language]}\n`)
      }
    }
    return ok ? EXIT.ok : EXIT.failed
  })
}
