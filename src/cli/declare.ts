import { readFile } from 'node:fs/promises'
import { accessMeasureInfos } from '../access/reviews/measures.ts'
import { assetMeasureInfos } from '../app/asset-coverage.ts'
import { assessMeasureInfos } from '../assess/inventory/measures.ts'
import { collectMeasureInfos } from '../collect/completeness/measures.ts'
import { cardJsonSchema } from '../declare/card-json-schema.ts'
import type { Measures } from '../declare/criteria.ts'
import { diffCards, weakenedIn } from '../declare/diff.ts'
import { type LoadedCard, readCard } from '../declare/load.ts'
import { declareMeasureInfos } from '../declare/measures.ts'
import type { CardProblem } from '../declare/schema.ts'
import { externalMeasureInfos } from '../declare/series/measures.ts'
import { loadAttack } from '../detect/coverage-attack.ts'
import { detectMeasureInfos } from '../detect/measures.ts'
import { hostMeasureInfos } from '../hosts/measures.ts'
import { formatPlace, messageOf } from '../kernel/error.ts'
import { protectMeasureInfos } from '../protect/measures.ts'
import { incidentMeasureInfos } from '../respond/incidents/measures.ts'
import { declareApply, declareShow } from './declare-apply.ts'
import { declareReplay } from './declare-replay.ts'
import { declareStatus } from './declare-status.ts'
import { guarded, readOptions, SERVER_OPTIONS, takesAtMost } from './options.ts'

const USAGE = `Usage: kanpeki declare validate [--json] FILE…   check cards, with file, line and remedy
       kanpeki declare diff [--json] OLD NEW        differences in meaning; a weaker promise is marked
       kanpeki declare schema                       print the JSON Schema of a card
       kanpeki declare apply [--dry-run] [--json] FILE… [--data DIR | --url URL --token TOKEN [--ca FILE]]
                                                    propose cards to a server; they count once other people signed them
       kanpeki declare show ID [--data DIR | --url URL --token TOKEN [--ca FILE]]   the card of a server, as YAML
       kanpeki declare status [ID] [--json] [--data DIR | --url URL --token TOKEN [--ca FILE]]   how the cards of a server stand
       kanpeki declare replay [ID] [--at TIME] [--json] [--data DIR]   judge the cards again, from the ledger alone

Exit: validate 0 all good, 1 a card was refused; diff 0 nothing weaker, 1 something weaker or unclear; 2 a file cannot be read;
apply 0 all were taken, 1 one was refused; status 0 every badge is held, 1 one is not; replay 0 every change of a badge follows from its evidence, 1 one does not.
`

/** How many words may follow a verb; those that are not named take files. */
const MOST_WORDS: Readonly<Record<string, number>> = { schema: 0, diff: 2, show: 1, replay: 1, status: 1 }

/** What a card may name, known without a server. */
export function knownMeasures(): Measures {
  const all = [
    ...detectMeasureInfos(loadAttack()),
    ...declareMeasureInfos(),
    ...externalMeasureInfos(),
    ...accessMeasureInfos(),
    ...collectMeasureInfos(),
    ...assetMeasureInfos(),
    ...assessMeasureInfos(),
    ...protectMeasureInfos(),
    ...incidentMeasureInfos(),
    ...hostMeasureInfos(),
  ]
  return new Map(all.map((measure) => [measure.id, measure]))
}

/** `kanpeki declare …`: cards as code; `apply`, `show` and `status` ask a server. Resolves to the exit code. */
export function declareCommand(args: readonly string[]): Promise<number> {
  return guarded(async () => {
    const { values, positionals } = readOptions(
      {
        args: [...args],
        allowPositionals: true,
        options: {
          json: { type: 'boolean', default: false },
          ...SERVER_OPTIONS,
          at: { type: 'string' },
          'dry-run': { type: 'boolean', default: false },
          help: { type: 'boolean', short: 'h', default: false },
        },
      },
      USAGE,
    )
    const [verb, ...rest] = positionals
    if (values.help) return say(USAGE, 0)
    takesAtMost(MOST_WORDS[verb ?? ''] ?? Number.POSITIVE_INFINITY, rest, USAGE)
    switch (verb) {
      case 'schema':
        return say(`${JSON.stringify(cardJsonSchema([...knownMeasures().keys()]), null, 2)}\n`, 0)
      case 'validate':
        return rest.length === 0 ? complain(USAGE, 64) : await validate(rest, values.json)
      case 'diff': {
        const [before, after] = rest
        return before === undefined || after === undefined ? complain(USAGE, 64) : await diff(before, after, values.json)
      }
      case 'apply':
        return rest.length === 0 ? complain(USAGE, 64) : await declareApply(rest, { ...values, dryRun: values['dry-run'] })
      case 'show':
        return rest[0] === undefined ? complain(USAGE, 64) : await declareShow(rest[0], values)
      case 'replay':
        return await declareReplay({ id: rest[0], data: values.data, at: values.at, json: values.json })
      case 'status':
        return await declareStatus({ ...values, id: rest[0] })
      default:
        return complain(USAGE, 64)
    }
  })
}

interface Read {
  readonly file: string
  readonly result: ReturnType<typeof readCard>
  readonly unreadable: boolean
}

async function read(file: string): Promise<Read> {
  try {
    return { file, result: readCard(await readFile(file, 'utf8'), file, knownMeasures()), unreadable: false }
  } catch (error) {
    const problem: CardProblem = {
      file,
      line: null,
      field: null,
      code: 'card_unreadable',
      message: messageOf(error),
      remedy: 'Check that the file exists and may be read.',
    }
    return { file, result: { problems: [problem] }, unreadable: true }
  }
}

async function validate(files: readonly string[], json: boolean): Promise<number> {
  const all = await Promise.all(files.map(read))
  for (const { file, result } of all) {
    if (json) {
      const line = 'problems' in result ? { file, ok: false, problems: result.problems } : { file, ok: true, ...brief(result) }
      process.stdout.write(`${JSON.stringify(line)}\n`)
    } else if ('problems' in result) for (const problem of result.problems) process.stdout.write(`${describe(problem)}\n`)
    else process.stdout.write(`${file}: ${result.card.id} ${result.card.version}, ${promises(result)}\n`)
  }
  if (all.some(({ unreadable }) => unreadable)) return 2
  return all.some(({ result }) => 'problems' in result) ? 1 : 0
}

async function diff(before: string, after: string, json: boolean): Promise<number> {
  const [old, now] = await Promise.all([read(before), read(after)])
  const problems = [old, now].flatMap(({ result }) => ('problems' in result ? result.problems : []))
  if ('problems' in old.result || 'problems' in now.result) return complain(`${problems.map(describe).join('\n')}\n`, 2)
  const changes = diffCards(old.result.card, now.result.card)
  if (json) process.stdout.write(`${JSON.stringify({ changes, weakened: weakenedIn(changes) })}\n`)
  else for (const change of changes) process.stdout.write(`${change.effect.padEnd(8)}  ${change.text.en}\n`)
  return changes.some(({ effect }) => effect === 'weaker' || effect === 'unclear') ? 1 : 0
}

function brief({ card, hash }: LoadedCard): { id: string; version: string; hash: string } {
  return { id: card.id, version: card.version, hash }
}

function promises({ card }: LoadedCard): string {
  return `${card.objectives.length} objectives, ${card.forbidden.length} forbidden failures, ${card.signatures} signatures`
}

function describe({ file, line, field, message, remedy }: CardProblem): string {
  const place = formatPlace({ file, ...(line === null ? {} : { line }), ...(field === null ? {} : { field }) })
  return `${place}: ${message} ${remedy}`
}

function say(text: string, code: number): number {
  process.stdout.write(text)
  return code
}

function complain(text: string, code: number): number {
  process.stderr.write(text)
  return code
}
