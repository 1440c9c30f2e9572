import type { Verdict } from '../app/care/doctor/check.ts'
import { examine } from '../app/care/doctor/doctor.ts'
import { repairFolder } from '../app/care/repair/repair.ts'
import { KanpekiError } from '../kernel/error.ts'
import { readConfig } from '../platform/config.ts'
import { languageOf } from './language.ts'
import { EXIT, guarded, readOptions } from './options.ts'
import { send } from './request.ts'

const USAGE = `Usage: kanpeki doctor [--data DIR] [--repair [--accept-loss]] [--lang en|ja] [--json]

Examines the machine and the data folder and says what to do; the server may run or not. Nothing is changed.
Each check passes (✓), fails (✗) or cannot say (?). Exit 1 if one fails.

  --repair       first mends what a crash, a full disk or a broken one left (+ where it did); the server must not run. What is
                 damaged is set aside and not deleted, and taken from the sealed files; the ledger says what was done.
                 Every byte is read: this takes a while
  --accept-loss  events that nothing can bring back are recorded as lost, so that what is left can be sealed
`

const SIGN: Readonly<Record<Verdict, string>> = { pass: '✓', fail: '✗', unknown: '?', mended: '+' }

export function doctorCommand(args: readonly string[]): Promise<number> {
  return guarded(async () => {
    const { values } = readOptions(
      {
        args: [...args],
        strict: true,
        options: {
          data: { type: 'string', default: './data' },
          repair: { type: 'boolean', default: false },
          'accept-loss': { type: 'boolean', default: false },
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
    if (values['accept-loss'] && !values.repair)
      throw new KanpekiError('usage', '--accept-loss goes with --repair.', { remedy: `\n${USAGE}` })
    const config = readConfig(values.data, {}, process.env)
    const repaired = values.repair
      ? await repairFolder({ config, environment: process.env, acceptLoss: values['accept-loss'] })
      : []
    const examined = await examine(config, process.env, Date.now(), async (server, path) => {
      const answer = await send({ ...server, pinned: true }, path, { method: 'GET', headers: {} }).catch(() => undefined)
      return answer?.text
    })
    const found = [...repaired, ...examined]
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
