import { KanpekiError } from '../kernel/error.ts'
import { isWorn } from '../kernel/measure.ts'
import type { Block, Inline, Language, Report, Tone } from '../platform/report/model.ts'
import { momentText } from '../platform/report/words.ts'
import { readJson } from '../platform/state/columns.ts'
import { type CardState, cardStates, evaluateNow } from './card-state.ts'
import type { Measures } from './criteria.ts'
import type { Evaluation } from './evaluate.ts'
import { figureText, targetText } from './figure.ts'
import { PAGE_WORDS, STATE_TONES } from './public-words.ts'
import { allCards, badgesOf, cardById, type Db, versionOf } from './queries.ts'
import type { Card } from './schema.ts'
import type { BadgesTable } from './tables.ts'

const HISTORY_DAYS = 90
const DAY_MS = 86_400_000
const MOST_CHANGES = 500

/** A card as whoever has no account sees it. */
export interface PublishedCard {
  readonly id: string
  /** What was signed, and said that it is public. */
  readonly card: Card
  readonly evaluation: Evaluation
  /** Oldest first. */
  readonly badges: readonly BadgesTable[]
}

export interface PublicHouse {
  readonly organisation: string
  /** Size and root of the ledger. */
  readonly ledger: { readonly size: number; readonly root: string }
  readonly now: number
}

/** A card of which the store cannot be read: what it is worth is unknown. Its words are those that were signed, where these can be. */
export interface UnknownCard {
  readonly id: string
  readonly card: Card | undefined
}

export interface Published {
  readonly cards: readonly PublishedCard[]
  /** Those that may be public: a text that cannot be read says neither. */
  readonly unknown: readonly UnknownCard[]
}

const ROWS_AT_ONCE = 500

/**
 * The cards that chose to be public, or the one asked for. What is shown of a card was signed: a version that lacks
 * signatures changes its badge at once and its words not before. @throws KanpekiError `not_found` for one that did not choose it.
 */
export async function publishedCards(db: Db, measures: Measures, now: number, id?: string): Promise<Published> {
  const rows = id === undefined ? await allCards(db) : [await cardById(db, id)].filter((row) => row !== undefined)
  const cards: PublishedCard[] = []
  const unknown: UnknownCard[] = []
  for (let at = 0; at < rows.length; at += ROWS_AT_ONCE) {
    for (const state of await cardStates(db, rows.slice(at, at + ROWS_AT_ONCE), measures)) {
      const evaluation = 'fault' in state ? undefined : evaluated(state, now)
      if ('fault' in state || evaluation === undefined) {
        const card = await signedCard(db, state.row, state.row.held_hash ?? state.row.hash)
        if (card === undefined || card.publicPage !== undefined) unknown.push({ id: state.row.id, card })
        continue
      }
      const shown = await publishedOf(db, state, evaluation)
      if (shown === undefined) continue
      if ('badges' in shown) cards.push(shown)
      else unknown.push(shown)
    }
  }
  // Whether there is a card that is not public is nobody's business.
  if (id !== undefined && cards.length + unknown.length === 0)
    throw new KanpekiError('not_found', `There is no public page of ${id}.`)
  return { cards, unknown }
}

async function publishedOf(
  db: Db,
  { row, card: { signatures } }: CardState,
  evaluation: Evaluation,
): Promise<PublishedCard | UnknownCard | undefined> {
  const required = Math.max(row.required ?? 0, signatures)
  const hash = evaluation.signed >= required ? row.hash : row.held_hash
  if (hash === null) return undefined
  const card = await signedCard(db, row, hash)
  if (card === undefined) return { id: row.id, card }
  if (card.publicPage === undefined) return undefined
  return { id: row.id, card, evaluation, badges: (await badgesOf(db, row.id, MOST_CHANGES)).reverse() }
}

/** Undefined where what the store has cannot be judged. */
function evaluated(state: CardState, now: number): Evaluation | undefined {
  try {
    return evaluateNow(state, now)
  } catch {
    return undefined
  }
}

/** The text of a version; undefined where it is missing or cannot be read. */
async function signedCard(db: Db, { id }: { readonly id: string }, hash: string): Promise<Card | undefined> {
  const version = await versionOf(db, id, hash)
  if (version === undefined) return undefined
  try {
    return readJson<Card>(version.document)
  } catch {
    return undefined
  }
}

/** The page as a document: nothing but what each card says may be told. */
export function publicPage({ cards, unknown }: Published, house: PublicHouse, language: Language, path: string): Report {
  const words = PAGE_WORDS[language]
  const other = language === 'en' ? 'ja' : 'en'
  const all = cards.length + unknown.length
  const kept = cards.filter(({ evaluation }) => STATE_TONES[evaluation.state] === 'good').length
  return {
    language,
    kicker: house.organisation === '' ? 'Kanpeki' : house.organisation,
    title: words.title,
    made: house.now,
    foot: words.foot(house.ledger.size, house.ledger.root),
    other: { text: words.other, href: `${path}?lang=${other}` },
    blocks: [
      all === 0
        ? { kind: 'note', tone: 'gone', text: words.none }
        : {
            kind: 'note',
            tone: kept === all ? 'good' : 'bad',
            text: words.summary(kept, all),
          },
      ...cards.flatMap((one) => cardBlocks(one, house.now, language)),
      ...unknown.flatMap((one) => unknownBlocks(one, language)),
      { kind: 'heading', level: 2, text: words.check },
      {
        kind: 'list',
        items: [
          [words.checkLedger, ' ', { text: '/ledger/checkpoint', href: '/ledger/checkpoint' }],
          [words.checkVerifier, ' ', { text: '/public/verifier.html', href: '/public/verifier.html' }],
        ],
      },
    ],
  }
}

function cardBlocks({ id, card, evaluation, badges }: PublishedCard, now: number, language: Language): readonly Block[] {
  const words = PAGE_WORDS[language]
  const page = card.publicPage
  if (page === undefined) return []
  const { state, since } = evaluation
  const told = new Set(page.objectives)
  const titles = new Map([...card.objectives, ...card.forbidden].map((one) => [one.id, one.title[language]]))
  const listed = evaluation.weighed.filter(({ criterion }) => told.has(criterion.id) && titles.has(criterion.id))
  const rest = evaluation.weighed.length - listed.length
  return [
    { kind: 'heading', level: 2, text: (page.name ?? card.name)[language], id },
    { kind: 'text', text: page.statement[language] },
    { kind: 'note', tone: STATE_TONES[state], text: words.state[state](momentText(since, language)) },
    ...historyBlocks(badges, now, language),
    ...(listed.length === 0
      ? []
      : [
          {
            kind: 'table',
            columns: [
              { title: words.objective, width: 5 },
              { title: words.figure, width: 2, align: 'right' },
              { title: words.target, width: 2, align: 'right' },
              { title: words.standing, width: 2 },
            ],
            rows: listed.map(({ criterion, taken, judged }): readonly Inline[] => [
              titles.get(criterion.id) ?? '',
              taken?.value == null ? '—' : figureText(taken.value, criterion.unit)[language],
              targetText(criterion.comparator, criterion.target, criterion.unit)[language],
              { text: words.objectiveState[judged.state], tone: OBJECTIVE_TONES[judged.state] },
            ]),
          } as const,
        ]),
    ...(rest > 0 ? [{ kind: 'text', text: words.rest(rest), tone: 'gone' } as const] : []),
    {
      kind: 'list',
      items: [
        words.valid(card.validity.until),
        // Only a badge that is worn has one.
        ...(isWorn(state)
          ? [[words.credential, ' ', { text: words.credentialLink, href: `/public/cards/${id}/credential.json` }]]
          : []),
      ],
    },
  ]
}

function unknownBlocks({ id, card }: UnknownCard, language: Language): readonly Block[] {
  const words = PAGE_WORDS[language]
  const page = card?.publicPage
  return [
    ...(page === undefined
      ? [{ kind: 'heading', level: 2, text: words.unread } as const]
      : [
          { kind: 'heading', level: 2, text: (page.name ?? card?.name)?.[language] ?? id, id } as const,
          { kind: 'text', text: page.statement[language] } as const,
        ]),
    { kind: 'note', tone: 'bad', text: words.unknown },
  ]
}

const OBJECTIVE_TONES = { met: 'good', unmet: 'bad', unproven: 'gone' } as const satisfies Record<string, Tone>

function historyBlocks(badges: readonly BadgesTable[], now: number, language: Language): readonly Block[] {
  const words = PAGE_WORDS[language]
  const from = now - HISTORY_DAYS * DAY_MS
  const spans = badges.flatMap((badge, index) => {
    const to = badges[index + 1]?.at ?? now
    return to <= from
      ? []
      : [{ from: Math.max(from, badge.at), to, tone: STATE_TONES[badge.to_state], label: words.stateWord[badge.to_state] }]
  })
  return spans.length === 0
    ? []
    : [{ kind: 'chart', title: words.history(HISTORY_DAYS), chart: { kind: 'strip', from, to: now, spans } }]
}
