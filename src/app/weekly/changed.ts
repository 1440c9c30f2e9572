import type { EntryType } from '../../kernel/evidence.ts'
import { isJsonObject, type JsonObject } from '../../kernel/json.ts'
import type { State } from '../../platform/state/state.ts'
import type { StateTables } from '../../platform/state/tables.ts'
import type { Ledger } from '../../prove/ledger.ts'
import { findEntries } from '../../prove/queries.ts'
import { readEntry } from '../../prove/reconcile.ts'
import type { ProveTables } from '../../prove/tables.ts'
import type { ReadEntry } from '../../prove/verify/entry.ts'
import { sayAction } from './action-words.ts'
import type { ChangeGroup, ReviewItem, Text } from './schema.ts'
import type { Week } from './week.ts'
import { BADGE_WORDS, CARD_CHANGES, say } from './words.ts'

/** Entries of a kind that are read for a week; more are counted as "at least". */
const MOST_READ = 500
const MOST_SHOWN = 8

/** Types whose entries are changes that people or the house made. Alerts, batches and figures are not: they are the traffic. */
const TYPES = ['badge', 'card', 'rule', 'source', 'admin'] as const satisfies readonly EntryType[]

type Kind = ChangeGroup['kind']

/** What cards are called, by their ids. */
type CardNames = ReadonlyMap<string, Text>

/** What an administrative action is about, by the noun that its name begins with. */
const NOUNS: Readonly<Record<string, Kind>> = {
  exception: 'exception',
  rule: 'rule',
  pipeline: 'rule',
  ioc: 'rule',
  source: 'source',
  masking: 'source',
  person: 'access',
  role: 'access',
  token: 'access',
  scope: 'access',
  agent: 'access',
  passkey: 'access',
  account: 'access',
  session: 'access',
  grant: 'access',
  totp: 'access',
  sso: 'access',
  scim: 'access',
  invitation: 'access',
  password: 'access',
}

/** What the house does by itself, or what is no change: told elsewhere. */
const NOT_A_CHANGE: ReadonlySet<string> = new Set(['reads.digest', 'weekly.hold', 'weekly.decide'])

/** What changed in a week, of one scope, read from the ledger. */
export async function changedIn(
  { state, ledger }: { readonly state: State; readonly ledger: Ledger },
  scope: string,
  { from, to }: Week,
  names: CardNames,
): Promise<readonly ChangeGroup[]> {
  const db = state.tables<ProveTables & StateTables>()
  const groups = new Map<Kind, { items: ReviewItem[]; atLeast: boolean }>()
  for (const type of TYPES) {
    const found = await findEntries(db, { scope, type, from, to, limit: MOST_READ + 1 })
    for (const index of found.slice(0, MOST_READ)) {
      const entry = await readEntry(ledger, index)
      const kind = kindOf(entry)
      if (kind === undefined) continue
      const group = groups.get(kind) ?? { items: [], atLeast: false }
      group.items.push(itemOf(entry, index, kind, names))
      if (found.length > MOST_READ) group.atLeast = true
      groups.set(kind, group)
    }
  }
  return [...groups].map(([kind, { items, atLeast }]) => {
    const newest = items.toSorted((a, b) => (b.entry ?? 0) - (a.entry ?? 0))
    return { kind, count: items.length, atLeast, items: newest.slice(0, MOST_SHOWN) }
  })
}

function kindOf({ type, body }: ReadEntry): Kind | undefined {
  if (type === 'badge' || type === 'card') return 'card'
  if (type === 'rule' || type === 'source') return type
  const action = textOf(body, 'action')
  if (action === undefined || NOT_A_CHANGE.has(action)) return undefined
  return NOUNS[action.split('.')[0] ?? ''] ?? 'setting'
}

function itemOf(entry: ReadEntry, index: number, kind: Kind, names: CardNames): ReviewItem {
  const { type, body, logged } = entry
  const { title, detail, tone } =
    type === 'badge' ? badgeSaid(body, names) : type === 'card' ? cardSaid(body, names) : plainSaid(type, body)
  return {
    id: `entry:${index}`,
    kind: type === 'badge' ? 'badge' : kind,
    tone,
    title,
    detail,
    at: logged,
    href: `/evidence?entry=${index}`,
    entry: index,
  }
}

interface Said {
  readonly title: Text
  readonly detail: Text | null
  readonly tone: ReviewItem['tone']
}

function cardName(body: JsonObject, names: CardNames): Text {
  const id = textOf(body, 'card') ?? ''
  return names.get(id) ?? both(id)
}

function badgeSaid(body: JsonObject, names: CardNames): Said {
  const to = textOf(body, 'to') ?? ''
  const from = textOf(body, 'from')
  const word = (state: string | undefined) =>
    state === undefined ? { en: '—', ja: '—' } : (BADGE_WORDS[state]?.word ?? both(state))
  const [reason] = Array.isArray(body['reasons']) ? body['reasons'] : []
  return {
    title: say('badgeChanged', { card: cardName(body, names), from: word(from), to: word(to) }),
    detail: isJsonObject(reason) ? bilingual(reason['text']) : null,
    tone: BADGE_WORDS[to]?.tone ?? 'plain',
  }
}

function cardSaid(body: JsonObject, names: CardNames): Said {
  const change = textOf(body, 'change') ?? ''
  const document = isJsonObject(body['document']) ? body['document'] : {}
  const version = textOf(body, 'version') ?? textOf(document, 'version') ?? ''
  const weakened = typeof body['weakened'] === 'number' ? body['weakened'] : 0
  return {
    title: say('cardChanged', {
      card: versioned(cardName(body, names), version),
      change: CARD_CHANGES[change] ?? both(change),
    }),
    detail: weakened > 0 ? say('weakened', { count: both(String(weakened)) }) : byline(body),
    tone: weakened > 0 || change === 'missing' ? 'risk' : 'plain',
  }
}

function versioned({ en, ja }: Text, version: string): Text {
  return { en: `${en} ${version}`.trim(), ja: `${ja} ${version}`.trim() }
}

/** Entries about rules and sources say only what was done: their kind is the noun. */
function plainSaid(type: string, body: JsonObject): Said {
  const action = textOf(body, 'action') ?? textOf(body, 'change') ?? ''
  const said = sayAction(action.includes('.') ? action : `${type}.${action}`)
  const about = textOf(body, 'title') ?? textOf(body, 'target') ?? textOf(body, 'rule') ?? textOf(body, 'source') ?? ''
  return {
    title: about === '' ? said : { en: `${said.en} · ${about}`, ja: `${said.ja}・${about}` },
    detail: byline(body),
    tone: 'plain',
  }
}

function byline(body: JsonObject): Text | null {
  const by = textOf(body, 'by') ?? (isJsonObject(body['by']) ? textOf(body['by'], 'name') : undefined)
  return by === undefined ? null : say('by', { name: both(by) })
}

function textOf(body: JsonObject, key: string): string | undefined {
  const value = body[key]
  return typeof value === 'string' && value !== '' ? value : undefined
}

function bilingual(value: unknown): Text | null {
  if (typeof value !== 'object' || value === null) return null
  const { en, ja } = value as Readonly<Record<string, unknown>>
  return typeof en === 'string' && typeof ja === 'string' ? { en, ja } : null
}

function both(text: string): Text {
  return { en: text, ja: text }
}
