import { hash, randomBytes } from 'node:crypto'
import { clientKey, networkOf } from './address-network.ts'
import { BoundedMap } from './bounded-map.ts'
import { type Bound, issueChallenge, solvedChallenge } from './challenge.ts'
import type { Attempt, AttemptSignal, Judgement, LoginOutcome, RaisedSignal } from './judge.ts'
import { ANSWERS, type Answer, type LoginSettings, type SignalId } from './settings.ts'
import { DIMENSIONS, type Dimension, type SignalRule, signalRules } from './signals.ts'
import { SlidingCount, SlidingSet, type WindowSpec } from './window.ts'

const SHORT_BUCKETS = 10
const LONG_BUCKETS = 24
const MOST_FAILED = 64
/** Accounts that succeeded cannot be made up, so that this room is only taken by real ones. */
const MOST_SUCCEEDED = 1024
const MOST_SUCCEEDED_AT_LOGIN = 16_384
/** Attempts on one account that may be under way: what an attacker gains before the first answer. */
const MOST_AT_ONCE = 5
const MOST_OPEN = 50_000
/** Milliseconds after which an attempt whose outcome nobody told is let go. */
const OPEN_TIME = 150_000
const TRUST_TIME = 30 * 86_400_000
const MOST_EXTRA_BITS = 6
/** Failures from which a key is worth keeping when memory is short. */
const WORTH_KEEPING = 3
const TOLD_AGAIN = 600_000

interface Tally {
  readonly failures: SlidingCount
  readonly failed: SlidingSet
  readonly succeeded: SlidingSet
}

interface Entry {
  readonly short: Tally
  readonly long: Tally
  underWay: number
  failuresEver: number
  lastFailure: number
  /** Until when each signal stays in force. */
  held: Map<SignalId, number> | undefined
}

interface Open {
  readonly attempt: Attempt
  readonly keys: Readonly<Record<Dimension, string>>
  readonly since: number
}

/**
 * Counts attempts to sign in over accounts, addresses, networks, fingerprints, passwords and endpoints, in sliding windows and
 * within a fixed room. Keys are hashes under a key of this run. Synchronous; times in milliseconds are the caller's.
 */
export class LoginTracker {
  /** For keyed hashes that workers make. */
  readonly workersKey = randomBytes(32)
  readonly #key = randomBytes(32)
  readonly #prefix = randomBytes(32).toString('hex')
  #settings: LoginSettings
  #rules: ReadonlyMap<string, readonly SignalRule[]>
  readonly #short: WindowSpec
  readonly #long: WindowSpec
  readonly #entries = new Map<Dimension, BoundedMap<Entry>>()
  /** Account and network of a success: people who come back. */
  readonly #trusted: BoundedMap<number>
  /** Solved challenges, and how often each was used. */
  readonly #used = new BoundedMap<number>(50_000)
  readonly #open = new Map<string, Open>()
  #tickets = 0
  #now = 0
  #forgotten = 0
  #forgottenTold = Number.NEGATIVE_INFINITY

  constructor(settings: LoginSettings) {
    this.#settings = settings
    this.#rules = rulesOf(settings)
    this.#short = { length: settings.shortSeconds * 1000, buckets: SHORT_BUCKETS }
    this.#long = { length: settings.longSeconds * 1000, buckets: LONG_BUCKETS }
    for (const dimension of DIMENSIONS) {
      const entries = new BoundedMap<Entry>(settings.mostKeys, (entry) => {
        if (this.#now - entry.lastFailure < this.#settings.longSeconds * 1000) this.#forgotten += 1
      })
      this.#entries.set(dimension, entries)
    }
    this.#trusted = new BoundedMap(settings.mostKeys * 5)
  }

  /** Takes settings that were read again; what was counted stays. Windows and room are those of the start. */
  configure(settings: LoginSettings): void {
    const { shortSeconds, longSeconds, mostKeys } = this.#settings
    this.#settings = { ...settings, shortSeconds, longSeconds, mostKeys }
    this.#rules = rulesOf(settings)
  }

  /** Keys pushed out of memory while they still counted. */
  get forgotten(): number {
    return this.#forgotten
  }

  get size(): number {
    let size = 0
    for (const entries of this.#entries.values()) size += entries.size
    return size
  }

  attempt(attempt: Attempt, now: number): Judgement {
    this.#now = now
    this.#letGo(now)
    const keys = this.#keysOf(attempt)
    const login = this.#settings.endpoints.find(({ name }) => name === attempt.login)
    const account = keys.account === '' ? undefined : this.#entry('account', keys.account)
    const inForce = this.#signalsOf(attempt.login, keys, now)
    const isKnown = this.#isTrusted(attempt, now)
    // Not for those known from there: to keep others' attempts under way must not lock a person out.
    const isFull = account !== undefined && account.underWay >= MOST_AT_ONCE
    if (isFull && !isKnown && attempt.isCarriedOut) return stopped(['too-many-at-once'], 5)
    const answers = inForce.map((each) => [each.rule.id, milder(each, isKnown)] as const)
    if (attempt.isLeaked) answers.push(['leaked-password' as SignalId, login?.leakedPassword ?? 'step-up'])
    const signals: AttemptSignal[] = answers.map(([id]) => id)
    let answer = strongest(answers.map(([, each]) => each))
    let challenge: Judgement['challenge']
    if (answer === 'challenge') {
      const bound = boundOf(attempt)
      const { bits, seconds, attempts } = this.#settings.challenge
      const salt = solvedChallenge(this.#key, bound, attempt.solution, now)
      if (salt !== undefined && this.#uses(salt) <= attempts) answer = 'step-up'
      else {
        const work = Math.min(24, bits + extraBits(inForce))
        challenge = issueChallenge(this.#key, bound, work, now + seconds * 1000, randomBytes(8).toString('hex'))
      }
    }
    const seconds = answer === 'delay' ? this.#settings.delaySeconds : this.#settings.holdSeconds
    if (attempt.isCarriedOut && (answer === 'block' || answer === 'challenge'))
      return { answer, signals, challenge, seconds, ticket: '' }
    if (account !== undefined) account.underWay += 1
    this.#tickets += 1
    const ticket = String(this.#tickets)
    this.#open.set(ticket, { attempt, keys, since: now })
    return { answer, signals, challenge, seconds, ticket }
  }

  /** What came of an attempt; the signals that became true by it. */
  outcome(ticket: string, outcome: LoginOutcome, now: number): readonly RaisedSignal[] {
    this.#now = now
    const open = this.#open.get(ticket)
    if (open === undefined) return []
    this.#close(ticket, open)
    if (outcome === 'unknown') return []
    const { attempt, keys } = open
    const account = hash32(keys.account)
    if (outcome === 'success') this.#trust(attempt, now)
    for (const dimension of DIMENSIONS) {
      const key = keys[dimension]
      if (key === '') continue
      const entry = this.#entry(dimension, key)
      for (const tally of [entry.short, entry.long]) {
        if (outcome === 'success') tally.succeeded.add(account, now)
        else {
          tally.failures.add(now)
          tally.failed.add(account, now)
        }
      }
      if (outcome === 'success') continue
      entry.failuresEver += 1
      entry.lastFailure = now
      if (entry.failuresEver === WORTH_KEEPING) this.#entries.get(dimension)!.keep(key)
    }
    return outcome === 'failure' ? [...this.#raised(open, now), ...this.#memory(attempt.login, now)] : []
  }

  #raised({ attempt, keys }: Open, now: number): RaisedSignal[] {
    const raised: RaisedSignal[] = []
    for (const rule of this.#rules.get(attempt.login) ?? []) {
      if (keys[rule.dimension] === '') continue
      const entry = this.#entry(rule.dimension, keys[rule.dimension])
      const wasHeld = (entry.held?.get(rule.id) ?? 0) > now
      if (!isTrue(rule, entry, now)) continue
      entry.held ??= new Map()
      entry.held.set(rule.id, now + this.#settings.holdSeconds * 1000)
      if (wasHeld) continue
      const tally = entry[rule.window]
      raised.push({
        signal: rule.id,
        login: attempt.login,
        failures: tally.failures.count(now),
        accounts: tally.failed.count(now),
        address: rule.dimension === 'address' ? attempt.address : undefined,
        network: rule.dimension === 'network' ? networkOf(attempt.address) : undefined,
        fingerprint: rule.dimension === 'fingerprint' ? attempt.fingerprint : undefined,
        isAccount: rule.dimension === 'account',
        forgotten: this.#forgotten,
      })
    }
    return raised
  }

  #memory(login: string, now: number): RaisedSignal[] {
    if (this.#forgotten === 0 || now - this.#forgottenTold < TOLD_AGAIN) return []
    this.#forgottenTold = now
    const nobody = { address: undefined, network: undefined, fingerprint: undefined, isAccount: false }
    return [{ signal: 'memory-full', login, failures: 0, accounts: 0, ...nobody, forgotten: this.#forgotten }]
  }

  /** Those in force for any key of the attempt. */
  #signalsOf(login: string, keys: Open['keys'], now: number): InForce[] {
    const found: InForce[] = []
    for (const rule of this.#rules.get(login) ?? []) {
      const key = keys[rule.dimension]
      const entry = key === '' ? undefined : this.#entries.get(rule.dimension)!.get(key)
      const held = entry?.held?.get(rule.id)
      if (entry?.held === undefined || held === undefined) continue
      if (held > now) found.push({ rule, failures: entry[rule.window].failures.count(now) })
      else if (isTrue(rule, entry, now)) {
        entry.held.set(rule.id, now + this.#settings.holdSeconds * 1000)
        found.push({ rule, failures: entry[rule.window].failures.count(now) })
      } else entry.held.delete(rule.id)
    }
    return found
  }

  #entry(dimension: Dimension, key: string): Entry {
    const entries = this.#entries.get(dimension)!
    let entry = entries.get(key)
    if (entry === undefined) {
      const most = dimension === 'login' ? MOST_SUCCEEDED_AT_LOGIN : MOST_SUCCEEDED
      entry = {
        short: tally(this.#short, most),
        long: tally(this.#long, most),
        underWay: 0,
        failuresEver: 0,
        lastFailure: Number.NEGATIVE_INFINITY,
        held: undefined,
      }
      entries.set(key, entry)
    }
    return entry
  }

  #keysOf({ login, account, address, fingerprint, password }: Attempt): Open['keys'] {
    return {
      account: account === '' ? '' : this.#hash(login, account),
      address: this.#hash(login, clientKey(address)),
      network: this.#hash(login, networkOf(address)),
      fingerprint: this.#hash(login, fingerprint),
      password: password === '' ? '' : this.#hash(login, password),
      login,
    }
  }

  #hash(...parts: readonly string[]): string {
    // Nobody sees these, so that the key may simply stand before: half the time of an HMAC is its objects.
    return hash('sha256', JSON.stringify([this.#prefix, ...parts]), 'base64').slice(0, 16)
  }

  #pair({ login, account, address }: Attempt): string {
    return this.#hash('pair', login, account, networkOf(address))
  }

  #trust(attempt: Attempt, now: number): void {
    const pair = this.#pair(attempt)
    this.#trusted.set(pair, now)
    this.#trusted.keep(pair)
  }

  #isTrusted(attempt: Attempt, now: number): boolean {
    if (attempt.account === '') return false
    const last = this.#trusted.get(this.#pair(attempt))
    return last !== undefined && now - last < TRUST_TIME
  }

  #uses(salt: string): number {
    const uses = (this.#used.get(salt) ?? 0) + 1
    this.#used.set(salt, uses)
    this.#used.keep(salt)
    return uses
  }

  #close(ticket: string, { keys }: Open): void {
    this.#open.delete(ticket)
    const account = keys.account === '' ? undefined : this.#entries.get('account')!.get(keys.account)
    if (account !== undefined && account.underWay > 0) account.underWay -= 1
  }

  #letGo(now: number): void {
    for (const [ticket, open] of this.#open) {
      if (now - open.since < OPEN_TIME && this.#open.size < MOST_OPEN) return
      this.#close(ticket, open)
    }
  }
}

interface InForce {
  readonly rule: SignalRule
  readonly failures: number
}

function tally(spec: WindowSpec, mostSucceeded: number): Tally {
  return {
    failures: new SlidingCount(spec),
    failed: new SlidingSet(spec, MOST_FAILED),
    succeeded: new SlidingSet(spec, mostSucceeded),
  }
}

function isTrue(rule: SignalRule, entry: Entry, now: number): boolean {
  const { failures, failed, succeeded } = entry[rule.window]
  const count = failures.count(now)
  if (count < rule.failures || failed.count(now) < rule.others) return false
  return count / (count + succeeded.count(now)) >= rule.share
}

function stopped(signals: readonly AttemptSignal[], seconds: number): Judgement {
  return { answer: 'block', signals, challenge: undefined, seconds, ticket: '' }
}

/** Whoever signed in from there before is asked for work at most, and not for what strangers do with the same browser. */
function milder({ rule }: InForce, isKnown: boolean): Answer {
  if (!isKnown) return rule.answer
  const isOwn = rule.dimension === 'address' || rule.dimension === 'account'
  if (!isOwn) return 'watch'
  return rule.answer === 'block' ? 'challenge' : rule.answer
}

function strongest(answers: readonly Answer[]): Answer | undefined {
  let found: Answer | undefined
  for (const each of answers) if (found === undefined || ANSWERS.indexOf(each) > ANSWERS.indexOf(found)) found = each
  return found
}

/** One bit more for each time the failures doubled beyond what raised the signal. */
function extraBits(inForce: readonly InForce[]): number {
  const most = Math.max(1, ...inForce.map(({ rule, failures }) => failures / rule.failures))
  return Math.min(MOST_EXTRA_BITS, Math.floor(Math.log2(most)))
}

function boundOf({ login, address, agent }: Attempt): Bound {
  return { login, network: networkOf(address), agent }
}

function rulesOf(settings: LoginSettings): ReadonlyMap<string, readonly SignalRule[]> {
  return new Map(settings.endpoints.map(({ name, signals }) => [name, signalRules(signals)]))
}

/** FNV-1a, 31 bits of it. */
function hash32(text: string): number {
  let value = 2_166_136_261
  for (let at = 0; at < text.length; at += 1) value = Math.imul(value ^ text.charCodeAt(at), 16_777_619) >>> 0
  return value >>> 1
}
