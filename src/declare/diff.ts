import { canonicalJson, type JsonValue } from '../kernel/json.ts'
import { durationMs } from './duration.ts'
import { say } from './messages.ts'
import type { Card, Change, Comparator } from './schema.ts'
import { impliedTriggers } from './triggers.ts'

type Effect = Change['effect']

/** What is compared: a path for people, and how to tell whether the change loosens the promise. */
interface Facet {
  readonly path: string
  readonly value: JsonValue
  readonly added: Effect
  readonly removed: Effect
  readonly changed: (before: JsonValue, after: JsonValue) => Effect
}

/**
 * The differences in meaning between two versions of a card, each with its effect on what is promised. Comments, order
 * of keys and the version number are no difference. When nobody can tell by looking at the text (another measure, other
 * parameters, another query), the effect is `unclear`.
 */
export function diffCards(before: Card, after: Card): readonly Change[] {
  // A card that names no asset is for all of them: to name one narrows it.
  const whole = before.scope.assets.length === 0 || after.scope.assets.length === 0
  const old = new Map(facetsOf(before, whole).map((facet) => [facet.path, facet]))
  const now = new Map(facetsOf(after, whole).map((facet) => [facet.path, facet]))
  return [...new Set([...old.keys(), ...now.keys()])].flatMap((path): Change[] => {
    const was = old.get(path)
    const is = now.get(path)
    if (was === undefined) return is === undefined ? [] : [change(path, 'added', null, is.value, is.added)]
    if (is === undefined) return [change(path, 'removed', was.value, null, was.removed)]
    if (canonicalJson(was.value) === canonicalJson(is.value)) return []
    return [change(path, 'changed', was.value, is.value, is.changed(was.value, is.value))]
  })
}

export function weakenedIn(changes: readonly Change[]): number {
  return changes.filter(({ effect }) => effect === 'weaker').length
}

function change(path: string, kind: Change['kind'], before: JsonValue, after: JsonValue, effect: Effect): Change {
  const params = { what: path, before: brief(before), after: brief(after) }
  return { path, kind, before, after, effect, text: say({ code: `change-${kind}`, params }) }
}

function brief(value: JsonValue): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function facetsOf(card: Card, wholeScope: boolean): readonly Facet[] {
  const whole = card as unknown as Record<string, JsonValue>
  return [
    ...['name', 'owner', 'evidence', 'nextReview'].map((path) => neutral(path, whole[path] ?? null)),
    neutral('scope.description', card.scope.description),
    ...(card.publicPage === undefined ? [] : [neutral('publicPage', card.publicPage as unknown as JsonValue)]),
    { ...neutral('scope.id', card.scope.id), changed: () => 'unclear' },
    ...Object.entries(card.scope.labels).map(([label, value]) => selector(`scope.labels.${label}`, value)),
    ...(wholeScope
      ? [{ ...neutral('scope.assets', card.scope.assets), changed: (_: JsonValue, after: JsonValue) => narrowed(after) }]
      : card.scope.assets.map((asset) => promise(`scope.assets.${asset}`, asset))),
    ...card.threats.in.map((threat) => promise(`threats.in.${threat.en}`, threat)),
    ...card.threats.out.map((threat) => burden(`threats.out.${threat.en}`, threat)),
    ...card.residualRisks.map((risk) => burden(`residualRisks.${risk.description.en}`, risk as unknown as JsonValue)),
    { ...neutral('approvers', card.approvers), changed: widened },
    ordered('signatures', card.signatures, 'more'),
    { ...neutral('period', card.period), changed: spanEffect },
    ordered('validity.from', card.validity.from, 'less'),
    ordered('validity.until', card.validity.until, 'less'),
    ...card.objectives.flatMap(objectiveFacets),
    ...card.forbidden.flatMap(forbiddenFacets),
    ...inOrderOfStrictness([...card.withdrawal, ...impliedTriggers(card)]).flatMap(triggerFacets),
  ]
}

function objectiveFacets(objective: Card['objectives'][number]): Facet[] {
  const at = `objectives.${objective.id}`
  const { comparator, target } = objective
  return [
    promise(at, objective.title),
    { ...neutral(`${at}.measure`, objective.measure), changed: () => 'unclear' },
    { ...neutral(`${at}.params`, objective.params), changed: () => 'unclear' },
    { ...neutral(`${at}.window`, objective.window), changed: spanEffect },
    { ...neutral(`${at}.target`, [comparator, target]), changed: targetEffect },
    ordered(`${at}.margin`, objective.margin, 'more'),
    ordered(`${at}.maxEvidenceAge`, objective.maxEvidenceAge, 'less'),
  ]
}

function forbiddenFacets(forbidden: Card['forbidden'][number]): Facet[] {
  const at = `forbidden.${forbidden.id}`
  return [
    promise(at, forbidden.title),
    { ...neutral(`${at}.query`, forbidden.query), changed: () => 'unclear' },
    ordered(`${at}.window`, forbidden.window, 'more'),
    ordered(`${at}.maxEvidenceAge`, forbidden.maxEvidenceAge, 'less'),
  ]
}

type Trigger = Card['withdrawal'][number]

function triggerPath(trigger: Trigger): string {
  const of = 'objective' in trigger && trigger.objective !== undefined ? `.${trigger.objective}` : ''
  return `withdrawal.${trigger.on}${of}`
}

/** Two triggers of one kind are told apart by their place, the strictest first: leaving that one out shows. */
function inOrderOfStrictness(triggers: readonly Trigger[]): readonly { readonly trigger: Trigger; readonly at: string }[] {
  const strictness = (trigger: Trigger): number => {
    switch (trigger.on) {
      case 'unmet':
        return trigger.periods
      case 'stale-evidence':
        return durationMs(trigger.grace)
      case 'below':
      case 'coverage':
        return -trigger.value
      default:
        return 0
    }
  }
  return [...Map.groupBy(triggers, triggerPath)].flatMap(([path, same]) =>
    same
      .toSorted((a, b) => strictness(a) - strictness(b))
      .map((trigger, index) => ({ trigger, at: index === 0 ? path : `${path}#${index + 1}` })),
  )
}

function triggerFacets({ trigger, at }: { readonly trigger: Trigger; readonly at: string }): Facet[] {
  switch (trigger.on) {
    case 'unmet':
      return [promise(at, trigger.on), ordered(`${at}.periods`, trigger.periods, 'less')]
    case 'below':
    case 'coverage':
      return [promise(at, trigger.on), ordered(`${at}.value`, trigger.value, 'more')]
    case 'stale-evidence':
      return [promise(at, trigger.on), ordered(`${at}.grace`, trigger.grace, 'less')]
    default:
      return [promise(at, trigger.on)]
  }
}

function neutral(path: string, value: JsonValue): Facet {
  return { path, value, added: 'neutral', removed: 'neutral', changed: () => 'neutral' }
}

/** Something promised: more of it is stronger. Its own words may change. */
function promise(path: string, value: JsonValue): Facet {
  return { path, value, added: 'stronger', removed: 'weaker', changed: () => 'neutral' }
}

/** Something set aside: more of it is weaker. */
function burden(path: string, value: JsonValue): Facet {
  return { path, value, added: 'weaker', removed: 'stronger', changed: () => 'unclear' }
}

/** What a scope is chosen by: one more narrows it. */
function selector(path: string, value: JsonValue): Facet {
  return { path, value, added: 'weaker', removed: 'stronger', changed: () => 'unclear' }
}

function narrowed(after: JsonValue): Effect {
  return (after as readonly string[]).length === 0 ? 'stronger' : 'weaker'
}

/**
 * Over a longer window a bad week weighs less; over a shorter one it is forgotten sooner, which is for a reader to judge. In a
 * longer period a miss may last longer; after a shorter one a badge that was withdrawn is soon earned back.
 */
function spanEffect(before: JsonValue, after: JsonValue): Effect {
  const difference = size(after) - size(before)
  return difference === 0 ? 'neutral' : difference > 0 ? 'weaker' : 'unclear'
}

/** A number, a day or a duration of which `more` or `less` is the stronger promise. */
function ordered(path: string, value: string | number, stronger: 'more' | 'less'): Facet {
  const changed = (before: JsonValue, after: JsonValue): Effect => {
    const difference = size(after) - size(before)
    if (difference === 0) return 'neutral'
    return difference > 0 === (stronger === 'more') ? 'stronger' : 'weaker'
  }
  return { path, value, added: 'neutral', removed: 'neutral', changed }
}

function size(value: JsonValue): number {
  if (typeof value === 'number') return value
  const text = String(value)
  return text.startsWith('P') ? durationMs(text) : Date.parse(text)
}

function targetEffect(before: JsonValue, after: JsonValue): Effect {
  const [comparatorBefore, targetBefore] = before as readonly [Comparator, number]
  const [comparatorAfter, targetAfter] = after as readonly [Comparator, number]
  const upper = (comparator: Comparator) => comparator === '<=' || comparator === '<'
  const strict = Number(comparatorAfter === '<') - Number(comparatorBefore === '<')
  if (upper(comparatorBefore) && upper(comparatorAfter)) {
    if (targetAfter === targetBefore) return strict > 0 ? 'stronger' : 'weaker'
    return targetAfter < targetBefore ? 'stronger' : 'weaker'
  }
  if (comparatorBefore === '>=' && comparatorAfter === '>=') return targetAfter > targetBefore ? 'stronger' : 'weaker'
  return 'unclear'
}

/** Fewer people who may sign is stronger, more is weaker; another choice of people is for a reader to judge. */
function widened(before: JsonValue, after: JsonValue): Effect {
  const old = new Set(before as readonly string[])
  const now = new Set(after as readonly string[])
  if (old.size === now.size && now.isSupersetOf(old)) return 'neutral'
  if (now.isSupersetOf(old)) return 'weaker'
  return now.isSubsetOf(old) ? 'stronger' : 'unclear'
}
