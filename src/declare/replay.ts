import type { JsonObject } from '../kernel/json.ts'
import type { BadgeState, Unit } from '../kernel/measure.ts'
import { type Criterion, criteriaOf, specOf } from './criteria.ts'
import { EVALUATOR, type Evaluation, evaluate, type Memory, type Standing } from './evaluate.ts'
import { faultedMemory } from './fault.ts'
import type { Taken } from './judge.ts'
import type { Bilingual, Card } from './schema.ts'

/** What a replay needs of a ledger entry. */
export interface ReplayEntry {
  readonly type: string
  readonly scope: string
  /** RFC 3339. */
  readonly received: string
  readonly body: JsonObject
  /** Where it stands, for naming it. */
  readonly index: number
}

/** A change of a badge that the ledger holds, and what its own evidence makes of it. */
export interface Replayed {
  readonly card: string
  readonly index: number
  /** When it was judged, RFC 3339. */
  readonly at: string
  readonly from: BadgeState | null
  readonly to: BadgeState
  /** Undefined where the recomputed badge is the recorded one. */
  readonly differs?: string
}

/** A card as it stood at the end of what was replayed. */
export interface ReplayedCard {
  readonly card: string
  readonly scope: string
  readonly version: string
  readonly hash: string
  readonly evaluation: Evaluation
}

export interface Replay {
  /** Every recorded change of a badge, and each evaluation without one that does not follow from its evidence. */
  readonly changes: readonly Replayed[]
  /** How many evaluations were judged again. */
  readonly evaluations: number
  readonly cards: readonly ReplayedCard[]
  /** Entries that say how cards and badges came about and could not be followed, by index, with why. */
  readonly unclear: readonly { readonly index: number; readonly reason: string }[]
}

/** One evaluation, while its entries are read. */
interface Step {
  /** RFC 3339. */
  readonly at: string
  readonly index: number
  /** By what the readings before it are worth at its moment; cleared once its change of the badge was found recorded. */
  aged: Evaluation | undefined
  /** By its own readings; known once its change of the badge was found recorded. */
  judged: Evaluation | undefined
}

/** One card on its way through the ledger. */
interface Course {
  readonly scope: string
  readonly documents: Map<string, Card>
  hash: string
  inForceSince: number
  missingSince: number | null
  /** Of the version in force, where more must sign than it asks for itself. */
  required: number | undefined
  readonly signatures: { readonly hash: string; readonly signer: string; readonly at: number }[]
  /** By criterion and what was asked. */
  readonly readings: Map<string, Taken & { readonly asked: string }>
  readonly units: Map<string, { readonly unit: Unit }>
  memory: Memory | null
  /** The evaluation whose entries are being read, and what it should still record. */
  step: Step | undefined
}

/**
 * Judges all cards again from the ledger alone: declarations, signatures and readings in, badges out, each compared with
 * the one that was recorded. A pure function of the entries and the moment: no clock, no store, no measure.
 * @param entries in the order of the log; those of other types are passed over.
 * @param at milliseconds UTC; what was received or judged later is not looked at, and cards are judged as of then.
 */
export function replay(entries: Iterable<ReplayEntry>, at: number): Replay {
  const courses = new Map<string, Course>()
  const changes: Replayed[] = []
  const unclear: { index: number; reason: string }[] = []
  let evaluations = 0
  for (const entry of entries) {
    const { body, index } = entry
    const card = body['card']
    const evaluated = body['evaluated']
    if (typeof card !== 'string' || Date.parse(typeof evaluated === 'string' ? evaluated : entry.received) > at) continue
    if (entry.type === 'card') {
      const known = courses.get(card)
      if (known !== undefined) changes.push(...settle(known, card))
      const reason = declare(courses, card, entry)
      if (reason !== undefined) unclear.push({ index, reason })
      continue
    }
    if (entry.type !== 'measure' && entry.type !== 'evaluation' && entry.type !== 'badge') continue
    const course = courses.get(card)
    if (course === undefined || typeof evaluated !== 'string' || body['evaluator'] !== EVALUATOR) {
      const reason = course === undefined ? 'its declaration is not in the ledger' : 'another version of the rules judged it'
      unclear.push({ index, reason })
      continue
    }
    if (course.step?.at !== evaluated) {
      changes.push(...settle(course, card))
      begin(course, evaluated, index, typeof body['fault'] === 'string')
    }
    if (entry.type === 'measure') takeReading(course, body)
    else if (entry.type === 'evaluation') {
      evaluations += 1
      changes.push(...compareEvaluation(course, card, entry))
    } else changes.push(typeof body['fault'] === 'string' ? fault(course, card, entry) : compare(course, card, entry))
  }
  for (const [card, course] of courses) changes.push(...settle(course, card))
  const cards = [...courses].flatMap(([card, course]): ReplayedCard[] => {
    const document = course.documents.get(course.hash)
    if (document === undefined) return []
    const evaluation = judgeAt(course, document, at)
    return [{ card, scope: course.scope, version: document.version, hash: course.hash, evaluation }]
  })
  return { changes: changes.toSorted((a, b) => a.index - b.index), evaluations, cards, unclear }
}

/** Follows a change of a declaration. @returns why it cannot be followed. */
function declare(courses: Map<string, Course>, id: string, { scope, received, body }: ReplayEntry): string | undefined {
  const now = Date.parse(received)
  const hash = String(body['hash'])
  const course = courses.get(id)
  if (body['change'] === 'written') {
    const document = body['document'] as unknown as Card
    if (course !== undefined) course.documents.set(hash, document)
    else courses.set(id, freshCourse(scope, hash, document, now))
    return undefined
  }
  if (course === undefined) return 'its declaration is not in the ledger'
  switch (body['change']) {
    case 'in-force':
      if (!course.documents.has(hash)) return 'the text of this version is not in the ledger'
      course.hash = hash
      course.inForceSince = now
      course.required = typeof body['required'] === 'number' ? body['required'] : undefined
      return undefined
    case 'signed': {
      const by = body['by'] as JsonObject
      course.signatures.push({ hash, signer: String(by['id']), at: now })
      return undefined
    }
    case 'missing':
      // A card that never held a badge is forgotten with its file.
      if (course.memory?.earnedAt == null) courses.delete(id)
      else course.missingSince = now
      return undefined
    case 'found':
      course.missingSince = null
      return undefined
    default:
      return `nothing is known of the change ${String(body['change'])}`
  }
}

function freshCourse(scope: string, hash: string, document: Card, now: number): Course {
  return {
    scope,
    documents: new Map([[hash, document]]),
    hash,
    inForceSince: now,
    missingSince: null,
    required: undefined,
    signatures: [],
    readings: new Map(),
    units: new Map(),
    memory: null,
    step: undefined,
  }
}

/** An evaluation begins with what the readings before it are worth at its moment (run.ts does the same). */
function begin(course: Course, evaluated: string, index: number, faulted: boolean): void {
  const document = course.documents.get(course.hash)
  course.step = { at: evaluated, index, aged: undefined, judged: undefined }
  if (document === undefined || course.memory === null || faulted) return
  const aged = judgeAt(course, document, Date.parse(evaluated))
  if (aged.state !== course.memory.state) course.step.aged = aged
  course.memory = aged.memory
}

function takeReading(course: Course, body: JsonObject): void {
  const objective = String(body['objective'])
  const { value, good, bad, unknown, detail, missing } = body
  course.units.set(String(body['measure']), { unit: body['unit'] as Unit })
  course.readings.set(objective, {
    value: value as number | null,
    good: Number(good),
    bad: Number(bad),
    unknown: Number(unknown),
    detail: detail as JsonObject,
    measuredAt: Date.parse(String(body['to'])),
    asOf: Date.parse(String(body['asOf'])),
    missing: (missing as unknown as Bilingual | undefined) ?? null,
    asked: specOf({
      measure: String(body['measure']),
      params: body['params'] as JsonObject,
      windowMs: Date.parse(String(body['to'])) - Date.parse(String(body['from'])),
    }),
  })
}

/** After the last entry of an evaluation: what it made of its readings is remembered, and a change must have been recorded. */
function settle(course: Course, card: string): Replayed[] {
  const document = course.documents.get(course.hash)
  const { step, memory } = course
  course.step = undefined
  if (step === undefined || document === undefined) return []
  const judged = step.judged ?? judgeAt(course, document, Date.parse(step.at))
  course.memory = judged.memory
  const lost = [step.aged, step.judged === undefined && judged.state !== memory?.state ? judged : undefined]
  return lost
    .filter((one) => one !== undefined)
    .map(({ state }) => {
      const { at, index } = step
      return { card, index, at, from: memory?.state ?? null, to: state, differs: 'this change of the badge was not recorded' }
    })
}

/** The badge that is recorded against the one that follows from the evidence so far. */
function compare(course: Course, card: string, { index, body }: ReplayEntry): Replayed {
  const step = course.step!
  const document = course.documents.get(course.hash)
  const recorded = { from: body['from'] as BadgeState | null, to: body['to'] as BadgeState }
  const change = { card, index, at: step.at, ...recorded }
  if (document === undefined) return { ...change, differs: 'the text of the version in force is not in the ledger' }
  const followed = step.aged ?? judgeAt(course, document, Date.parse(step.at))
  if (step.aged === undefined) step.judged = followed
  else step.aged = undefined
  course.memory = followed.memory
  const differs = differenceOf(body, followed, course.hash)
  return differs === undefined ? change : { ...change, differs }
}

/** An evaluation that changed no badge is right where it says what its readings come to. */
function compareEvaluation(course: Course, card: string, { index, body }: ReplayEntry): Replayed[] {
  const document = course.documents.get(course.hash)
  if (document === undefined) return []
  const { at } = course.step!
  const differs = differenceOf(body, judgeAt(course, document, Date.parse(at)), course.hash)
  const state = body['state'] as BadgeState
  return differs === undefined ? [] : [{ card, index, at, from: state, to: state, differs }]
}

/** A card that could not be judged: that it was so is evidence itself, and what it cost follows from it. */
function fault(course: Course, card: string, { index, body }: ReplayEntry): Replayed {
  const at = course.step!.at
  course.step = undefined
  const recorded = { from: body['from'] as BadgeState | null, to: body['to'] as BadgeState }
  const change = { card, index, at, ...recorded }
  if (course.memory === null) return { ...change, differs: 'it was never judged before' }
  const { state: before } = course.memory
  course.memory = faultedMemory(course.memory, String(body['fault']), Date.parse(at))
  const { state, since } = course.memory
  const same = recorded.from === before && recorded.to === state && body['since'] === new Date(since).toISOString()
  return same ? change : { ...change, differs: `state: recorded ${recorded.to}, recomputed ${state}` }
}

function differenceOf(body: JsonObject, followed: Evaluation, hash: string): string | undefined {
  const pairs: readonly (readonly [what: string, recorded: unknown, followed: unknown])[] = [
    ['state', body['to'] ?? body['state'], followed.state],
    ['since', body['since'], new Date(followed.since).toISOString()],
    ['version', body['hash'], hash],
    ['signatures', body['signatures'], followed.signed],
    ...(body['reasons'] === undefined
      ? []
      : [['reasons', codesOf(body['reasons']), followed.reasons.map(({ code }) => code).join(' ')] as const]),
    ['objectives', JSON.stringify(body['objectives']), JSON.stringify(objectivesOf(followed))],
  ]
  const wrong = pairs.find(([, recorded, now]) => recorded !== now)
  return wrong === undefined ? undefined : `${wrong[0]}: recorded ${String(wrong[1])}, recomputed ${String(wrong[2])}`
}

function codesOf(reasons: unknown): string {
  return Array.isArray(reasons) ? reasons.map((one: JsonObject) => String(one['code'])).join(' ') : ''
}

function objectivesOf({ weighed }: Evaluation) {
  return weighed.map(({ criterion, judged, taken }) => ({ id: criterion.id, state: judged.state, value: taken?.value ?? null }))
}

function judgeAt(course: Course, card: Card, now: number): Evaluation {
  const criteria = criteriaOf(card, course.units)
  return evaluate(card, criteria, standingOf(course), readingsOf(course, criteria), course.memory, now)
}

function standingOf({ hash, inForceSince, missingSince, required, signatures }: Course): Standing {
  const more = required === undefined ? {} : { required }
  return { hash, inForceSince, missingSince, ...more, signatures: signatures.filter((one) => one.hash === hash) }
}

/** A reading of another question than the version in force asks proves nothing. */
function readingsOf({ readings }: Course, criteria: readonly Criterion[]): ReadonlyMap<string, Taken> {
  const known = new Map<string, Taken>()
  for (const { id, measure, params, windowMs } of criteria) {
    const taken = readings.get(id)
    if (taken?.asked === specOf({ measure, params, windowMs })) known.set(id, taken)
  }
  return known
}
