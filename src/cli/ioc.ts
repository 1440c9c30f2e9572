import { readFileSync, statSync } from 'node:fs'
import { indicatorOf } from '../detect/ioc/indicator.ts'
import { TEXT_FORMATS } from '../detect/ioc/read/read-text.ts'
import type { Added, IocList, SkippedView } from '../detect/ioc/schema.ts'
import { LIST_KINDS } from '../detect/ioc/schema.ts'
import { KanpekiError, messageOf } from '../kernel/error.ts'
import { DEFAULT_SCOPE } from '../kernel/event.ts'
import { command } from './command.ts'
import { type IocApi, MOST_SHOWN, offlineIoc, remoteIoc } from './ioc-api.ts'
import { localServer } from './local-server.ts'
import { EXIT, SERVER_OPTIONS, takesAtMost } from './options.ts'
import { checkScopeExists, wholeNumber, withState } from './own-state.ts'
import type { ScopedServerOptions } from './server-of.ts'
import { plain } from './terminal-text.ts'

const USAGE = `Usage: kanpeki ioc list   [--list NAME [--q VALUE]]
       kanpeki ioc add    VALUE|FILE|-… --list NAME [--confidence N] [--days N] [--format FORMAT] [--unguarded]
       kanpeki ioc add    URL --list NAME --kind url|taxii|misp [--user NAME] [--secret-file FILE] [--hours N]
                          [--confidence N] [--days N] [--unguarded]
       kanpeki ioc remove --list NAME [VALUE…]
                          [--json] [--scope NAME] [--data DIR | --url URL --token TOKEN [--ca FILE]]

  list    the lists, or the indicators of one (at most 500; --q: those that begin so)
  add     indicators to a list, which is made where there is none: addresses, networks, domains, URLs, hashes;
          files as plain lines, CSV, a STIX 2.1 bundle or a MISP event. With --kind a list that is fetched
  remove  indicators from a list; without VALUE the list itself

  --confidence N  0 to 100, where the input names none (70)
  --days N        ends after so many days, where the input names no end
  --unguarded     keeps what would only raise false alarms: private addresses, wide networks, popular domains`

interface Values extends ScopedServerOptions {
  readonly json: boolean
  readonly list?: string | undefined
  readonly q?: string | undefined
  readonly kind?: string | undefined
  readonly user?: string | undefined
  readonly 'secret-file'?: string | undefined
  readonly hours: string
  readonly confidence?: string | undefined
  readonly days?: string | undefined
  readonly format: string
  readonly unguarded: boolean
}

export function iocCommand(args: readonly string[]): Promise<number> {
  return command(
    args,
    USAGE,
    {
      ...SERVER_OPTIONS,
      scope: { type: 'string', default: DEFAULT_SCOPE },
      list: { type: 'string' },
      q: { type: 'string' },
      kind: { type: 'string' },
      user: { type: 'string' },
      'secret-file': { type: 'string' },
      hours: { type: 'string', default: '6' },
      confidence: { type: 'string' },
      days: { type: 'string' },
      format: { type: 'string', default: 'auto' },
      unguarded: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
    async ({ values, positionals }) => {
      const [action, ...rest] = positionals
      const deeds = { list, add, remove }
      const deed = action === undefined ? undefined : Object.entries(deeds).find(([name]) => name === action)?.[1]
      if (deed === undefined) throw usage(action === undefined ? 'What shall be done?' : `There is no 'ioc ${action}'.`)
      if (action === 'list') takesAtMost(0, rest, USAGE)
      return await withApi(values, (api) => deed(api, values, rest))
    },
  )
}

async function withApi<T>(values: Values, work: (api: IocApi) => Promise<T>): Promise<T> {
  const { data, url, ca, token, scope } = values
  if (url !== undefined) return await work(remoteIoc({ url, ca }, token, scope))
  const running = await localServer(data, 'admin', 'kanpeki ioc')
  if (running !== undefined) return await work(remoteIoc(running, running.token, scope))
  return await withState(data, async (state, config) => {
    await checkScopeExists(state, scope)
    return await work(await offlineIoc(state, config, scope))
  })
}

async function list(api: IocApi, values: Values): Promise<number> {
  if (values.list === undefined) {
    const lists = await api.lists()
    for (const one of lists) process.stdout.write(values.json ? `${JSON.stringify(one)}\n` : listLine(one))
    return EXIT.ok
  }
  const { id } = await named(api, values.list)
  const shown = await api.indicators(id, values.q)
  for (const one of shown) {
    const until = one.until === null ? '' : `  until ${one.until.slice(0, 10)}`
    const line = `${one.value}  ${one.kind}  ${one.confidence}/100${until}${one.note === '' ? '' : `  ${one.note}`}`
    process.stdout.write(values.json ? `${JSON.stringify(one)}\n` : `${plain(line)}\n`)
  }
  if (shown.length >= MOST_SHOWN) process.stderr.write(`These are the first ${MOST_SHOWN}; there may be more (--q).\n`)
  return EXIT.ok
}

async function add(api: IocApi, values: Values, what: readonly string[]): Promise<number> {
  const name = required(values.list)
  if (what.length === 0) throw usage('What shall be added? Give values, files or - for standard input.')
  if (values.kind !== undefined && values.kind !== 'own') return await addFetched(api, values, name, what)
  const format = TEXT_FORMATS.find((one) => one === values.format)
  if (format === undefined) throw usage(`--format is one of ${TEXT_FORMATS.join(', ')}.`)
  const texts = what.map(textOf)
  const known = (await api.lists()).find((one) => one.name === name)
  const target = known ?? (await api.create({ name, kind: 'own', guarded: !values.unguarded, ...sureness(values) }))
  for (const text of texts) {
    const added = await api.add(target.id, { text, format, ...sureness(values) })
    process.stdout.write(values.json ? `${JSON.stringify(added)}\n` : addedText(added))
  }
  return EXIT.ok
}

async function addFetched(api: IocApi, values: Values, name: string, what: readonly string[]): Promise<number> {
  const kind = LIST_KINDS.find((one) => one === values.kind)
  if (kind === undefined) throw usage(`--kind is one of ${LIST_KINDS.join(', ')}.`)
  if (what.length !== 1) throw usage('Give the one URL that the list is fetched from.')
  const secret = values['secret-file'] === undefined ? null : readFile(values['secret-file']).trim()
  const made = await api.create({
    name,
    kind,
    url: what[0]!,
    user: values.user ?? null,
    secret,
    everyMinutes: wholeNumber('--hours', values.hours, 720) * 60,
    guarded: !values.unguarded,
    ...sureness(values),
  })
  process.stdout.write(values.json ? `${JSON.stringify(made)}\n` : listLine(made))
  return made.error === null ? EXIT.ok : EXIT.failed
}

async function remove(api: IocApi, values: Values, what: readonly string[]): Promise<number> {
  const { id, name } = await named(api, required(values.list))
  if (what.length === 0) {
    await api.removeList(id)
    process.stdout.write(values.json ? `${JSON.stringify({ removed: name })}\n` : `The list '${plain(name)}' is gone.\n`)
    return EXIT.ok
  }
  const removed = await api.remove(id, what)
  process.stdout.write(values.json ? `${JSON.stringify({ removed })}\n` : `${removed} of ${what.length} removed.\n`)
  return removed === what.length ? EXIT.ok : EXIT.failed
}

async function named(api: IocApi, name: string): Promise<IocList> {
  const found = (await api.lists()).find((one) => one.name === name)
  if (found !== undefined) return found
  throw new KanpekiError('not_found', `There is no list '${name}'.`, { remedy: "'kanpeki ioc list' shows them." })
}

function required(name: string | undefined): string {
  if (name === undefined) throw usage('Which list? Give --list NAME.')
  return name
}

/** What one argument stands for: an indicator, else a file. */
function textOf(argument: string): string {
  if (argument === '-') return readFile(0)
  if (indicatorOf(argument) !== undefined && statSync(argument, { throwIfNoEntry: false }) === undefined) return argument
  return readFile(argument)
}

function readFile(file: string | 0): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new KanpekiError('usage', `This is no indicator, and no file that can be read: ${messageOf(error)}.`)
  }
}

function sureness({ confidence, days }: Values): { readonly confidence?: number; readonly days?: number } {
  if (confidence !== undefined && !/^(?:100|\d{1,2})$/.test(confidence)) throw usage('--confidence is a number from 0 to 100.')
  return {
    ...(confidence === undefined ? {} : { confidence: Number(confidence) }),
    ...(days === undefined ? {} : { days: wholeNumber('--days', days, 3650) }),
  }
}

function listLine({ name, kind, indicators, pastWaiting, fetched, error, skipped }: IocList): string {
  const when = fetched === null ? '' : `  fetched ${fetched.slice(0, 16).replace('T', ' ')}`
  const past = pastWaiting === 0 ? '' : `  ${pastWaiting} still to be searched in stored events`
  const problem = error === null ? '' : `  ${plain(error)}\n`
  return `${plain(`${name}  ${kind}  ${indicators} indicators${when}${past}`)}\n${problem}${skippedText(skipped)}`
}

function addedText({ added, changed, skipped }: Added): string {
  return `${added} added, ${changed} brought up to date\n${skippedText(skipped)}`
}

function skippedText({ counts, first }: SkippedView): string {
  const sums = Object.entries(counts).map(([why, count]) => `${count} ${why}`)
  if (sums.length === 0) return ''
  const named = first.map(({ place, reason }) => `    ${plain(`${place}: ${reason}`)}\n`)
  return `  left out: ${sums.join(', ')}\n${named.join('')}`
}

function usage(message: string): KanpekiError {
  return new KanpekiError('usage', message, { remedy: `\n${USAGE}` })
}
