import { type ComponentsReply, componentsQuery } from '../assess/inventory/schema.ts'
import { KanpekiError } from '../kernel/error.ts'
import { DEFAULT_SCOPE } from '../kernel/event.ts'
import { command } from './command.ts'
import { languageOf } from './language.ts'
import { EXIT, SERVER_OPTIONS } from './options.ts'
import { apiOf } from './server-of.ts'
import { type Known, whereText } from './where-output.ts'

const USAGE = `Usage: kanpeki where NAME [--range RANGE] [--fail-on any] [--limit N] [--json] [--lang en|ja] [--scope NAME]
                     [--data DIR | --url URL --token TOKEN [--ca FILE]]

Says on which assets a package is installed, by a part of its name: also of what no advisory names yet.

  --range RANGE  only versions in it: '<2.17' or '>=2|<2.17', each package by its own order; or with the order named,
                 'vers:maven/<2.17.0'
  --fail-on any  exit 1 when it is installed somewhere
  --limit N      list at most N components, up to 1000 (default 200); all are counted
  --json         one document: items, assets, total, unjudged (so named, but without a version that the range could be asked of),
                 complete (whether all that are so named were looked at), known

Exit: 0 told, 1 --fail-on found something, 2 it could not be asked, no asset has told what is installed, or too many are so named to look
at all of them, 64 wrong usage.
`

const EXIT_INCOMPLETE = 2

/** `kanpeki where`: "where is log4j-core before 2.17?", asked of a server. */
export function whereCommand(args: readonly string[]): Promise<number> {
  return command(
    args,
    USAGE,
    {
      ...SERVER_OPTIONS,
      scope: { type: 'string', default: DEFAULT_SCOPE },
      range: { type: 'string' },
      'fail-on': { type: 'string' },
      limit: { type: 'string', default: '200' },
      lang: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
    async ({ values, positionals }) => {
      const [name, ...rest] = positionals
      if (name === undefined || rest.length > 0) throw usage('Give one name, and put a range in quotes behind --range.')
      const { range, limit, 'fail-on': failOn } = values
      if (failOn !== undefined && failOn !== 'any') throw usage(`--fail-on knows no ${failOn}: any.`)
      if (!componentsQuery.safeParse({ name, range, limit }).success)
        throw usage(
          'A name has 2 to 300 characters (blanks around it do not count), a range at most 500; --limit is from 1 to 1000.',
        )
      const ask = await apiOf(values, 'read', 'kanpeki where')
      const query = new URLSearchParams({ name, limit, ...(range === undefined ? {} : { range }) })
      const found = await ask<ComponentsReply>('GET', `/api/v1/components?${query}`)
      const { assets, components } = await ask<Known>('GET', '/api/v1/vulnerabilities?limit=1')
      const known = { assets, components }
      process.stdout.write(
        values.json ? `${JSON.stringify({ ...found, known })}\n` : whereText(found, known, languageOf(values.lang)),
      )
      if (known.assets === 0) return EXIT_INCOMPLETE
      if (failOn === 'any' && found.total > 0) return EXIT.failed
      return found.complete ? EXIT.ok : EXIT_INCOMPLETE
    },
    EXIT_INCOMPLETE,
  )
}

function usage(message: string): KanpekiError {
  return new KanpekiError('usage', message, { remedy: `\n${USAGE}` })
}
