import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Document, isMap, isNode, isScalar, LineCounter, parseDocument } from 'yaml'
import { messageOf } from '../kernel/error.ts'
import { canonicalJson, type JsonValue } from '../kernel/json.ts'
import { checkCard, type Fault } from './check.ts'
import type { Measures } from './criteria.ts'
import { type Card, type CardProblem, card as cardSchema } from './schema.ts'

export interface LoadedCard {
  readonly card: Card
  readonly hash: string
  /** The YAML as written. */
  readonly text: string
  readonly file: string
}

export interface Loaded {
  readonly cards: readonly LoadedCard[]
  /** Cards that were not loaded, by file, line and remedy; the others go on. */
  readonly problems: readonly CardProblem[]
}

/** What signatures stand on: the meaning of a card, whatever its comments, order and white space. */
export function cardHash(card: Card): string {
  return createHash('sha256')
    .update(canonicalJson(card as unknown as JsonValue))
    .digest('hex')
}

/** Reads every `.yml` and `.yaml` of these folders, in name order. A folder that does not exist holds no cards. */
export async function loadCards(folders: readonly string[], measures: Measures): Promise<Loaded> {
  const cards: LoadedCard[] = []
  const problems: CardProblem[] = []
  for (const folder of folders) {
    for (const name of await cardFiles(folder)) {
      const file = join(folder, name)
      const result = await readFile(file, 'utf8').then(
        (text) => readCard(text, file, measures),
        (error: unknown) => ({ problems: [unreadable(file, messageOf(error))] }),
      )
      if ('problems' in result) problems.push(...result.problems)
      else {
        const twin = cards.find((other) => other.card.id === result.card.id)
        if (twin === undefined) cards.push(result)
        else problems.push(repeated(result, twin))
      }
    }
  }
  return { cards, problems }
}

async function cardFiles(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).filter((name) => /\.ya?ml$/.test(name)).sort()
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
}

/** Reads one card, or says all that is wrong with it. Never throws. */
export function readCard(text: string, file: string, measures: Measures): LoadedCard | { readonly problems: CardProblem[] } {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const place = (fault: Fault): CardProblem => ({
    file,
    line: lineOf(document, lines, fault.path),
    field: fault.path.length === 0 ? null : fault.path.join('.'),
    code: fault.code,
    message: fault.message,
    remedy: fault.remedy,
  })
  if (document.errors.length > 0) {
    const problems = document.errors.map((error) => ({
      ...place({ path: [], code: 'card_yaml', message: error.message, remedy: 'Correct the YAML.' }),
      line: lines.linePos(error.pos[0]).line,
    }))
    return { problems }
  }
  let data: unknown
  try {
    data = document.toJS({ maxAliasCount: 100 })
  } catch (error) {
    return { problems: [place({ path: [], code: 'card_yaml', message: messageOf(error), remedy: 'Write it without aliases.' })] }
  }
  const parsed = cardSchema.safeParse(data)
  if (!parsed.success) return { problems: parsed.error.issues.map((issue) => place(formFault(issue))) }
  const faults = checkCard(parsed.data, measures)
  if (faults.length > 0) return { problems: faults.map(place) }
  return { card: parsed.data, hash: cardHash(parsed.data), text, file }
}

interface Issue {
  readonly code?: string | undefined
  readonly path: readonly PropertyKey[]
  readonly message: string
  readonly keys?: readonly string[]
}

function formFault(issue: Issue): Fault {
  const path = issue.path.map((part) => (typeof part === 'number' ? part : String(part)))
  const stray = issue.code === 'unrecognized_keys' ? issue.keys?.[0] : undefined
  return {
    path: stray === undefined ? path : [...path, stray],
    code: 'card_form',
    message: issue.message,
    remedy: 'The form of a card is published as JSON Schema: `kanpeki declare schema`.',
  }
}

/** The line of what the path names, or of the nearest thing around it that is there. */
function lineOf(document: Document, lines: LineCounter, path: Fault['path']): number {
  for (let length = path.length; length > 0; length -= 1) {
    const parent = document.getIn(path.slice(0, length - 1), true)
    const last = path[length - 1]
    if (isMap(parent)) {
      const pair = parent.items.find((item) => isScalar(item.key) && item.key.value === last)
      if (pair !== undefined && isNode(pair.key) && pair.key.range) return lines.linePos(pair.key.range[0]).line
    }
    const node = document.getIn(path.slice(0, length), true)
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line
  }
  return 1
}

function unreadable(file: string, message: string): CardProblem {
  return {
    file,
    line: null,
    field: null,
    code: 'card_unreadable',
    message,
    remedy: 'Check that the file exists and may be read.',
  }
}

function repeated({ card, file }: LoadedCard, twin: LoadedCard): CardProblem {
  return {
    file,
    line: 1,
    field: 'id',
    code: 'card_repeated',
    message: `The id ${card.id} is already used by ${twin.file}.`,
    remedy: 'Give this card an id of its own.',
  }
}
