import { lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import type { YaraMatch, YaraRule } from '../detect/yara/messages.ts'
import { yaraRuleInfo } from '../detect/yara/rule-info.ts'
import { openYara, type YaraScanner } from '../detect/yara/scanner.ts'
import { KanpekiError } from '../kernel/error.ts'
import { dataDir } from '../platform/data-dir.ts'
import { command } from './command.ts'
import { EXIT } from './options.ts'
import { wholeNumber } from './own-state.ts'
import { plain } from './terminal-text.ts'

const USAGE = `Usage: kanpeki scan yara [--rules PATH]… [--timeout S] [--max-size MB] [--json] [--fail-on-match] FILE|DIR|-…
       (kanpeki scan FILE…, without the word, does the same)

Runs YARA rules over files; folders with all that is below them, '-' is standard input.

  --rules PATH     rule file or folder of .yar files, repeatable (default: the folder yara of the data folder, --data)
  --timeout S      seconds for one file (30); a file that takes longer is named, and the next is scanned
  --max-size MB    larger files are named and left out (64)
  --json           one object a match: {"rule":{"id","title","level","file"},"input":{"file"},"techniques","matches"}
  --fail-on-match  exit 1 when a rule matched

Exit: 0 ran, 1 matched and --fail-on-match was given, 2 a file could not be scanned or no rule was loaded, 64 wrong usage.`

const EXIT_INCOMPLETE = 2
const MEGABYTE = 1 << 20

/** `kanpeki scan yara`: YARA over files. */
export function scanYaraCommand(args: readonly string[]): Promise<number> {
  return command(
    args,
    USAGE,
    {
      rules: { type: 'string', multiple: true },
      data: { type: 'string', default: './data' },
      timeout: { type: 'string', default: '30' },
      'max-size': { type: 'string', default: '64' },
      json: { type: 'boolean', default: false },
      'fail-on-match': { type: 'boolean', default: false },
    },
    async ({ values, positionals }) => {
      if (positionals.length === 0) throw new KanpekiError('usage', 'What shall be scanned?', { remedy: `\n${USAGE}` })
      const timeout = wholeNumber('--timeout', values.timeout, 3600) * 1000
      const largest = wholeNumber('--max-size', values['max-size'], 4096) * MEGABYTE
      const yara = await openYara(values.rules ?? [dataDir(values.data).yara], { timeout })
      try {
        for (const { file, line, reason } of yara.refused) process.stderr.write(`refused ${file}:${line}: ${plain(reason)}\n`)
        if (yara.rules.length === 0) {
          process.stderr.write('kanpeki: no rule was loaded. Remedy: check --rules.\n')
          return EXIT_INCOMPLETE
        }
        const tally = await scanAll(yara, positionals, { largest, json: values.json })
        const left = tally.left === 0 ? '' : `, ${tally.left} not scanned`
        process.stderr.write(`kanpeki: ${tally.files} files, ${tally.matches} matches, ${yara.rules.length} rules${left}\n`)
        if (tally.left > 0) return EXIT_INCOMPLETE
        return values['fail-on-match'] && tally.matches > 0 ? EXIT.failed : EXIT.ok
      } finally {
        await yara.close()
      }
    },
    EXIT_INCOMPLETE,
  )
}

interface Tally {
  files: number
  matches: number
  /** What could not be scanned; each is named. */
  left: number
}

async function scanAll(
  yara: YaraScanner,
  paths: readonly string[],
  { largest, json }: { readonly largest: number; readonly json: boolean },
): Promise<Tally> {
  const tally: Tally = { files: 0, matches: 0, left: 0 }
  const rules = new Map(yara.rules.map((rule) => [rule.name, rule]))
  const leave = (file: string, reason: string): void => {
    tally.left += 1
    process.stderr.write(`kanpeki: ${plain(file)}: ${plain(reason)}\n`)
  }
  for (const file of paths.flatMap((path) => [...filesUnder(path, leave)])) {
    try {
      const data = file === '-' ? await buffer(process.stdin) : undefined
      const size = data?.length ?? lstatSync(file).size
      if (size > largest) {
        leave(file, `larger than ${largest / MEGABYTE} MB`)
        continue
      }
      const matches = await yara.scan(data === undefined ? { file } : { data })
      tally.files += 1
      tally.matches += matches.length
      for (const match of matches) process.stdout.write(json ? jsonLine(match, file, rules) : textLine(match, file, rules))
    } catch (error) {
      if (!(error instanceof KanpekiError)) throw error
      leave(file, error.message)
    }
  }
  return tally
}

/** Regular files only: a link may lead anywhere, a pipe may never end. */
function* filesUnder(path: string, leave: (file: string, reason: string) => void): Generator<string> {
  if (path === '-') {
    yield path
    return
  }
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (found === undefined) leave(path, 'there is no such file')
  else if (found.isFile()) yield path
  else if (found.isDirectory()) for (const name of readdirSync(path).sort()) yield* filesUnder(join(path, name), leave)
}

function infoOf(match: YaraMatch, rules: ReadonlyMap<string, YaraRule>): ReturnType<typeof yaraRuleInfo> {
  return yaraRuleInfo(rules.get(match.rule) ?? { name: match.rule, file: '' }, match.meta)
}

function jsonLine(match: YaraMatch, file: string, rules: ReadonlyMap<string, YaraRule>): string {
  const { id, title, level, file: from, techniques } = infoOf(match, rules)
  const { tags, places, more } = match
  return `${JSON.stringify({ rule: { id, title, level, file: from }, input: { file }, techniques, tags, matches: places, more })}\n`
}

function textLine(match: YaraMatch, file: string, rules: ReadonlyMap<string, YaraRule>): string {
  const { title, level, description } = infoOf(match, rules)
  const places = match.places
    .slice(0, 5)
    .map(({ pattern, offset, text }) => `              ${pattern} at ${offset}: ${plain(text)}\n`)
  return `${level.padEnd(13)} ${title}  ${plain(file)}\n${description === '' ? '' : `              ${plain(description)}\n`}${places.join('')}`
}
