import { readFile } from 'node:fs/promises'
import { diffBoms } from '../assess/sbom/diff.ts'
import { readSbom } from '../assess/sbom/read.ts'
import { KanpekiError, messageOf } from '../kernel/error.ts'
import { command } from './command.ts'
import { EXIT } from './options.ts'
import { plain } from './terminal-text.ts'

const USAGE = `Usage: kanpeki sbom diff [--json] [--fail-on WHAT] BEFORE AFTER

Says what a bill of materials brings, drops and moves against one of before (CycloneDX 1.0–1.7, SPDX 2.2–3.0; also gzipped).

  --fail-on WHAT  exit 1 when there is one of: added, removed, down (an older version), any

Exit: 0 told, 1 --fail-on found something, 2 a bill could not be read, 64 wrong usage.
`

const FAILS = ['added', 'removed', 'down', 'any'] as const
const SIGN = { added: '+', removed: '-', up: '^', down: 'v', changed: '~' } as const
const EXIT_INCOMPLETE = 2

/** `kanpeki sbom`. */
export function sbomCommand(args: readonly string[]): Promise<number> {
  return command(
    args,
    USAGE,
    {
      json: { type: 'boolean', default: false },
      'fail-on': { type: 'string' },
    },
    async ({ values, positionals }) => {
      const [verb, before, after, ...rest] = positionals
      if (verb !== 'diff' || before === undefined || after === undefined || rest.length > 0)
        throw new KanpekiError('usage', 'It knows diff BEFORE AFTER.', { remedy: `\n${USAGE}` })
      const fails = values['fail-on'] === undefined ? undefined : FAILS.find((one) => one === values['fail-on'])
      if (values['fail-on'] !== undefined && fails === undefined)
        throw new KanpekiError('usage', `--fail-on knows no ${values['fail-on']}.`, { remedy: `Choose ${FAILS.join(', ')}.` })
      const [old, now] = [await componentsOf(before), await componentsOf(after)]
      const changes = diffBoms(old, now)
      if (values.json) process.stdout.write(`${JSON.stringify({ before: old.length, after: now.length, changes })}\n`)
      else {
        for (const { kind, name, purl, before: was, after: is } of changes)
          process.stdout.write(
            `${SIGN[kind]} ${plain(purl ?? name)}  ${plain([...new Set([was.join(' '), is.join(' ')])].filter((text) => text !== '').join(' → '))}\n`,
          )
        process.stdout.write(`${changes.length} changes; ${old.length} components before, ${now.length} after\n`)
      }
      return fails !== undefined && changes.some(({ kind }) => fails === 'any' || kind === fails) ? EXIT.failed : EXIT.ok
    },
    EXIT_INCOMPLETE,
  )
}

async function componentsOf(file: string) {
  const bytes = await readFile(file).catch((error: unknown) => {
    throw new KanpekiError('sbom_invalid', `${file} cannot be read: ${messageOf(error)}.`, { place: { file } })
  })
  return (await readSbom(bytes, file)).components
}
