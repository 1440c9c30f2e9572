import { compare } from '../detect/replay/compare.ts'
import { Tally } from '../detect/replay/tally.ts'
import { loadRuleSet } from '../detect/rule-set.ts'
import { KanpekiError } from '../kernel/error.ts'
import { DEFAULT_SCOPE, type StoredEvent } from '../kernel/event.ts'
import { command } from './command.ts'
import { pipelinesThere } from './detect/options.ts'
import { localServer } from './local-server.ts'
import { EXIT, SERVER_OPTIONS } from './options.ts'
import { diffMarkdown, diffText } from './rules-diff-output.ts'
import { eventsOfFiles, eventsOfServer } from './rules-events.ts'
import { plain } from './terminal-text.ts'

const USAGE = `Usage: kanpeki rules diff OLD NEW [FILE…] [--format text|markdown|json] [--fail-on-loss]
                          [--days N] [--query QUERY] [--scope NAME] [--data DIR | --url URL --token TOKEN [--ca FILE]]

Replays events through two folders of rules and says what would be missed, and what would be new.

  OLD, NEW         folders or files of rules, before and after the change
  FILE…            events to replay, in any form that 'kanpeki detect' reads; without any, what a server has stored:
  --days N         of the last N days (default 7), at most a million events
  --query QUERY    only events that fit
  --format FORM    text (default), markdown (for a pull request) or json
  --fail-on-loss   exit 1 where an alert would be missed
  --pipeline PATH  field mappings besides those that ship; may be repeated`

const FORMATS = ['text', 'markdown', 'json'] as const
const MOST_EVENTS = 1_000_000
const MOST_DAYS = 3650
const DAY_MS = 86_400_000

export function rulesCommand(args: readonly string[]): Promise<number> {
  return command(
    args,
    USAGE,
    {
      ...SERVER_OPTIONS,
      scope: { type: 'string', default: DEFAULT_SCOPE },
      days: { type: 'string', default: '7' },
      query: { type: 'string', default: '' },
      format: { type: 'string', default: 'text' },
      pipeline: { type: 'string', multiple: true, default: [] },
      'fail-on-loss': { type: 'boolean', default: false },
    },
    async ({ values, positionals }) => {
      const [action, old, changed, ...files] = positionals
      if (action !== 'diff') throw usage(action === undefined ? 'What shall be done?' : `There is no 'rules ${action}'.`)
      if (old === undefined || changed === undefined) throw usage('Two folders of rules are needed: before and after.')
      const format = FORMATS.find((one) => one === values.format)
      if (format === undefined) throw usage(`--format is one of ${FORMATS.join(', ')}.`)
      const days = Number(values.days)
      if (!Number.isInteger(days) || days < 1 || days > MOST_DAYS) throw usage(`--days is a number from 1 to ${MOST_DAYS}.`)

      const pipelines = pipelinesThere(values.pipeline)
      const sides = [old, changed].map((path) => {
        const rules = loadRuleSet([path], undefined, pipelines)
        for (const { file, line, reason } of rules.refused)
          process.stderr.write(`kanpeki: refused ${plain(`${file}:${line}: ${reason}`)}\n`)
        return { rules, tally: new Tally() }
      })
      if (sides.every(({ rules }) => rules.rules.length === 0)) throw usage('Neither of the folders holds a rule that loads.')
      let events = 0
      const take = (batch: readonly StoredEvent[]): void => {
        events += batch.length
        for (const { rules, tally } of sides) tally.add(rules.run(batch, true))
      }
      const now = Date.now()
      if (files.length > 0) {
        const unreadable = await eventsOfFiles(files, now, take)
        if (unreadable > 0) process.stderr.write(`kanpeki: ${unreadable} records could not be read.\n`)
      } else {
        const history = {
          from: new Date(now - days * DAY_MS).toISOString(),
          to: new Date(now + 60_000).toISOString(),
          query: values.query,
          scope: values.scope,
          limit: MOST_EVENTS,
        }
        const total = await fromServer(values, history, take)
        if (total > events)
          process.stderr.write(`kanpeki: only the oldest ${events} of ${total} events were replayed; narrow --days or --query.\n`)
      }
      const found = compare(
        ...(sides.map(({ rules, tally }) => ({ rules: rules.rules, tally })) as [
          Parameters<typeof compare>[0],
          Parameters<typeof compare>[1],
        ]),
        events,
      )
      process.stdout.write(
        format === 'json' ? `${JSON.stringify(found)}\n` : format === 'markdown' ? diffMarkdown(found) : diffText(found),
      )
      return values['fail-on-loss'] && found.rules.some(({ lost }) => lost.length > 0) ? EXIT.failed : EXIT.ok
    },
  )
}

async function fromServer(
  { data, url, ca, token }: { readonly data: string; readonly url?: string; readonly ca?: string; readonly token?: string },
  history: Parameters<typeof eventsOfServer>[2],
  take: Parameters<typeof eventsOfServer>[3],
): Promise<number> {
  if (url !== undefined) return await eventsOfServer({ url, ca }, token, history, take)
  const running = await localServer(data, 'read', 'kanpeki rules diff')
  if (running === undefined)
    throw new KanpekiError('not_running', 'No server runs on that folder.', {
      remedy: 'Give files of events, start it, or name a server with --url.',
    })
  return await eventsOfServer(running, running.token, history, take)
}

function usage(message: string): KanpekiError {
  return new KanpekiError('usage', message, { remedy: `\n${USAGE}` })
}
