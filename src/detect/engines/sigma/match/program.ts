import type { RuleInfo } from '../../../../kernel/detection.ts'
import type { JsonObject, JsonValue } from '../../../../kernel/json.ts'
import { JsonScan } from '../../../scan/json-scan.ts'
import type { LogSource, SigmaRule } from '../rule.ts'
import type { EventClass } from '../shapes/event-class.ts'
import { type Classify, classifier } from '../shapes/registry.ts'
import { Bucket } from './bucket.ts'
import { evaluate, type MatchedTest } from './evaluate.ts'
import { EventAtHand } from './event-at-hand.ts'
import { Guesses } from './guesses.ts'
import { KeywordIndexes } from './keyword-indexes.ts'
import { groupBySource, type SourceGroup, sourceConcerns, sourceIs } from './log-source.ts'
import { readPlace } from './read-field.ts'
import { ScannedClasses } from './scanned-classes.ts'

export interface CompileOptions {
  /** Only rules of this log source. */
  readonly where?: LogSource
  /** Ids of rules that only serve correlations: their matches carry `silent: true` and are no detections by themselves. */
  readonly silent?: ReadonlySet<string>
  /** What events are whose shape tells nothing about their source. */
  readonly assume?: LogSource
  /** Tells an event's class; without it the shapes that Sigma's rules know do. */
  readonly classify?: Classify
}

/** One rule matched one event. What matched is worked out when it is asked for, from the event as it was given. */
export class SigmaMatch {
  readonly rule: SigmaRule
  readonly silent: boolean
  readonly #doc: JsonObject
  readonly #class: EventClass
  #matched: readonly MatchedTest[] | undefined

  constructor(rule: SigmaRule, silent: boolean, doc: JsonObject, eventClass: EventClass) {
    this.rule = rule
    this.silent = silent
    this.#doc = doc
    this.#class = eventClass
  }

  get info(): RuleInfo {
    return this.rule.info
  }

  /** Why it fired: each leaf that held outside of negations, in the rule's order. */
  get conditions(): readonly MatchedTest[] {
    if (this.#matched === undefined) {
      const matched: MatchedTest[] = []
      const category = this.rule.logsource.category
      evaluate(this.rule.expression, { doc: this.#doc, eventClass: this.#class, category, found: new Map() }, matched)
      this.#matched = matched
    }
    return this.#matched
  }

  /** Dotted path in the event → the value that matched, as it stands there. */
  get fields(): JsonObject {
    const fields: Record<string, JsonValue> = {}
    for (const { place, value } of this.conditions) fields[place] = value
    return fields
  }
}

const NONE: readonly SigmaMatch[] = []
const MOST_BUCKETS = 8192
/** Bytes from which on scanning a document that is at hand takes less than asking its values: a small one's are short. */
const WORTH_SCANNING = 1_024

/** Compiled rules. Not re-entrant and holding state between events only to go faster: one program a thread. */
export class SigmaProgram {
  /** Rules that can match, after `where`. */
  readonly rules: readonly SigmaRule[]
  readonly #groups: readonly SourceGroup[]
  readonly #order = new Map<SigmaRule, number>()
  readonly #byId = new Map<string, SigmaRule>()
  readonly #shared: { readonly keywords: KeywordIndexes; readonly guesses: Guesses }
  readonly #silent: ReadonlySet<string>
  readonly #classify: Classify
  #scan: JsonScan | undefined
  #scannedClasses: ScannedClasses | undefined
  readonly #event = new EventAtHand()
  readonly #buckets = new Map<EventClass, Bucket>()
  #withheld: ReadonlySet<string> = new Set()

  constructor(rules: readonly SigmaRule[], options: CompileOptions = {}) {
    const { where } = options
    this.rules = where === undefined ? rules : rules.filter((rule) => sourceIs(rule.logsource, where))
    for (const [index, rule] of this.rules.entries()) {
      this.#order.set(rule, index)
      this.#byId.set(rule.info.id, rule)
    }
    this.#groups = groupBySource(this.rules)
    this.#shared = { keywords: new KeywordIndexes(), guesses: new Guesses(this.rules) }
    this.#silent = options.silent ?? new Set()
    this.#classify = options.classify ?? classifier(options.assume)
  }

  /**
   * The rules that match the event, in the order they were loaded. Allocates nothing when none does.
   * @param text the document as JSON.stringify writes it, as UTF-8, where it is at hand: many rules are faster asked of its bytes.
   */
  match(doc: JsonObject, text?: Uint8Array): readonly SigmaMatch[] {
    const scanned = text !== undefined && text.length >= WORTH_SCANNING && this.scan.read(text, 0, text.length)
    this.#event.begin(doc, scanned ? this.scan : undefined)
    return this.#matchOf(this.#classify(doc))
  }

  /** What `matchScan` reads events from. */
  get scan(): JsonScan {
    this.#scan ??= new JsonScan()
    return this.#scan
  }

  /** Like `match`, of the event that `scan` has read: it becomes a document only where a rule needs that. */
  matchScan(): readonly SigmaMatch[] {
    this.#event.beginScan(this.scan)
    this.#scannedClasses ??= new ScannedClasses(this.scan, this.#classify.shapes ?? [])
    return this.#matchOf(this.#scannedClasses.of() ?? this.#classify(this.scan.doc()))
  }

  #matchOf(eventClass: EventClass): readonly SigmaMatch[] {
    const bucket = this.#buckets.get(eventClass) ?? this.#build(eventClass)
    if (bucket.size === 0) return NONE
    const matched = bucket.match(this.#event)
    if (matched === undefined) return NONE
    const { doc } = this.#event
    const matches = matched.map((rule) => new SigmaMatch(rule, this.#silent.has(rule.info.id), doc, eventClass))
    // A rule that only says what must not be there says nothing about an event of unknown source.
    return eventClass.product === undefined
      ? matches.filter((match) => match.conditions.some(({ field, value }) => field !== '' && value !== null))
      : matches
  }

  /** What each rule that would be evaluated for the event costs by itself. */
  measure(doc: JsonObject, note: (rule: RuleInfo, run: () => boolean) => void): void {
    const eventClass = this.#classify(doc)
    const bucket = this.#buckets.get(eventClass) ?? this.#build(eventClass)
    this.#event.begin(doc)
    bucket.measure(this.#event, (rule, run) => note(rule.info, run))
  }

  /** Rules with these ids, and no others, are left out from now on. */
  withhold(ids: ReadonlySet<string>): void {
    this.#withheld = new Set(ids)
    this.#buckets.clear()
  }

  /** Reads a field as the rule with this id names it: what correlations group by. */
  read(doc: JsonObject, field: string, ruleId: string): JsonValue | undefined {
    const rule = this.#byId.get(ruleId)
    for (const place of this.#classify(doc).places(field, rule?.logsource.category)) {
      const value = readPlace(doc, place)
      if (value !== undefined) return value
    }
    return undefined
  }

  #build(eventClass: EventClass): Bucket {
    const id = eventClass.constants.get('EventID')
    const concerned = this.#groups
      .flatMap((group) => (sourceConcerns(group.source, eventClass) ? group.rules.of(id) : []))
      .filter((rule) => !this.#withheld.has(rule.info.id))
    concerned.sort((a, b) => this.#order.get(a)! - this.#order.get(b)!)
    const bucket = new Bucket(eventClass, concerned, this.#shared)
    if (this.#buckets.size >= MOST_BUCKETS) this.#buckets.clear()
    this.#buckets.set(eventClass, bucket)
    return bucket
  }
}

/** Compiles rules for matching. */
export function compileSigma(rules: readonly SigmaRule[], options: CompileOptions = {}): SigmaProgram {
  return new SigmaProgram(rules, options)
}
