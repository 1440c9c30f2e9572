import { createHmac } from 'node:crypto'
import { messageOf } from '../../kernel/error.ts'
import type { JsonObject } from '../../kernel/json.ts'
import { stopPage } from '../proxy/block-page.ts'
import { type HeaderLine, headerOf, valuesOf } from '../proxy/http1/headers.ts'
import type { Inspected, Inspection, Inspector, Verdict } from '../proxy/inspection.ts'
import type { MatchMessage, ResponseHead } from '../transaction.ts'
import { CHALLENGE_COOKIE, challengePage } from './challenge-page.ts'
import { LOGIN_BODY, readCredentials } from './credentials.ts'
import { fingerprintOf } from './fingerprint.ts'
import type { Attempt, AttemptSignal, Judgement, LoginJudge, LoginOutcome } from './judge.ts'
import { loginEvent, signalEvent, type ToldAttempt } from './login-event.ts'
import { loginMatcher, plainPath } from './match-login.ts'
import { needsBody, outcomeOf } from './outcome.ts'
import type { Login, LoginSettings } from './settings.ts'

/** As rules of ours, in logs. */
const RULE = { block: 7_390_001, challenge: 7_390_002, delay: 7_390_003, 'step-up': 7_390_004, watch: 7_390_005 } as const
const AMBIGUOUS = 7_390_006
const UNAVAILABLE = 7_390_007
const PASSWORD_BYTES = 3
const ACCOUNT_BYTES = 8
const LONGEST_AGENT = 512

export interface LoginGuardDeps {
  readonly settings: LoginSettings
  readonly judge: LoginJudge
  /** Whether a password stands in the list of leaked ones. */
  readonly isLeaked: (password: string) => Promise<boolean>
  readonly tell: (event: JsonObject) => void
  readonly warn: (text: string) => void
  readonly now: () => number
}

/**
 * Watches the endpoints where people sign in. Where whoever counts does not answer, `onUnjudged` decides; that is told, once until
 * it is well again.
 */
export function loginGuard(deps: LoginGuardDeps): Inspector {
  const matchLogin = loginMatcher(deps.settings.endpoints)
  let key: Buffer | undefined
  const failing = new Set<string>()
  const well = async <T>(what: string, asked: Promise<T>, otherwise: T): Promise<T> => {
    try {
      const answer = await asked
      failing.delete(what)
      return answer
    } catch (error) {
      if (!failing.has(what)) deps.warn(`sign-ins are not protected (${what}): ${messageOf(error)}`)
      failing.add(what)
      return otherwise
    }
  }
  const tag = async (what: string, text: string, bytes: number): Promise<string> => {
    if (text === '') return ''
    key ??= await well('key', deps.judge.key(), undefined)
    if (key === undefined) return ''
    return createHmac('sha256', key).update(`${what}\0${text}`).digest().subarray(0, bytes).toString('hex')
  }
  return {
    begin: (about) => {
      const login = matchLogin(about.request)
      return login === undefined ? undefined : new LoginInspection(deps, login, about, { well, tag })
    },
  }
}

interface Ways {
  /** An answer, or what stands for it; a fault is told once until it is well again. */
  readonly well: <T>(what: string, asked: Promise<T>, otherwise: T) => Promise<T>
  /** A keyed hash of so many bytes; empty where there is nothing, or no key. */
  readonly tag: (what: string, text: string, bytes: number) => Promise<string>
}

const UNJUDGED: Judgement = { answer: undefined, signals: [], challenge: undefined, seconds: 0, ticket: '' }

class LoginInspection implements Inspection {
  readonly requestBytes = LOGIN_BODY
  readonly #deps: LoginGuardDeps
  readonly #login: Login
  readonly #about: Inspected
  readonly #ways: Ways
  readonly #fingerprint: string
  /** As events tell it. */
  #name = ''
  #attempt: Attempt | undefined
  #judgement = UNJUDGED
  #outcome: LoginOutcome = 'unknown'
  #head: ResponseHead | undefined
  #isTold = false
  #isStopped = false

  constructor(deps: LoginGuardDeps, login: Login, about: Inspected, ways: Ways) {
    this.#deps = deps
    this.#login = login
    this.#about = about
    this.#ways = ways
    this.#fingerprint = fingerprintOf(about.request)
  }

  async request(body: Buffer, truncated: boolean): Promise<Verdict | undefined> {
    const { request, client, reference } = this.#about
    const { headers } = request
    const { account, password, isAmbiguous } = readCredentials(this.#login, headers, body, truncated)
    const isPlain = this.#deps.settings.accountNames === 'plain'
    this.#name = isPlain ? account : await this.#ways.tag('account', account, ACCOUNT_BYTES)
    if (isAmbiguous && this.#about.mode === 'block') return this.#refuseAmbiguous()
    const attempt: Attempt = {
      login: this.#login.name,
      account,
      address: client,
      fingerprint: this.#fingerprint,
      agent: agentOf(headers),
      password: await this.#ways.tag('password', password, PASSWORD_BYTES),
      isLeaked: password !== '' && (await this.#ways.well('leaked passwords', this.#deps.isLeaked(password), false)),
      isCarriedOut: this.#about.mode === 'block',
      solution: headerOf(headers, 'kanpeki-challenge') ?? cookieOf(headers, CHALLENGE_COOKIE) ?? '',
    }
    this.#attempt = attempt
    this.#judgement = await this.#ways.well('judgement', this.#deps.judge.attempt(attempt), UNJUDGED)
    if (this.#judgement === UNJUDGED && this.#deps.settings.onUnjudged === 'closed' && this.#about.mode === 'block')
      return this.#unavailable()
    // The client left while it was judged: nobody will tell an outcome any more.
    if (this.#isTold) this.#tellOutcome()
    const { answer, signals, challenge, seconds } = this.#judgement
    if (answer === undefined) return undefined
    const messages = [message(RULE[answer], `Sign-in: ${answer}`, signals.join(' '), this.#login.name)]
    const told = { messages, headers: linesFor(answer, signals) }
    if (answer === 'watch' || answer === 'step-up') return told
    if (answer === 'delay') return { ...told, delay: seconds * 1000 }
    this.#isStopped = this.#about.mode === 'block'
    const page =
      answer === 'challenge' && challenge !== undefined
        ? challengePage({
            challenge,
            seconds: this.#deps.settings.challenge.seconds,
            reference,
            headers,
            page: this.#login.page ?? this.#login.path,
            isTls: request.isTls,
          })
        : throttled(reference, headers, seconds)
    return { messages, stop: { interruption: { ruleId: RULE[answer], action: 'deny', status: page.head.status }, page } }
  }

  answerHead(head: ResponseHead): { readonly bytes: number; readonly hold: boolean } {
    this.#head = head
    return { bytes: needsBody(this.#login) ? LOGIN_BODY : 0, hold: false }
  }

  answer(body: Buffer): undefined {
    const { status = 0, headers = [] } = this.#head ?? {}
    this.#outcome = outcomeOf(this.#login, { status, headers, body: body.toString('latin1') })
  }

  /** The outcome goes to whoever counts; the event waits for what it leads to, but nobody waits for the event. */
  over(): void {
    if (this.#isTold) return
    this.#isTold = true
    this.#deps.tell(loginEvent(this.#told()))
    this.#tellOutcome()
  }

  #tellOutcome(): void {
    const told = this.#told()
    const { ticket } = this.#judgement
    if (ticket === '') return
    void this.#ways.well('outcome', this.#deps.judge.outcome(ticket, this.#outcome), []).then((raised) => {
      for (const each of raised) this.#deps.tell(signalEvent(each, told))
    })
  }

  #unavailable(): Verdict {
    this.#isStopped = true
    const page = stopPage('unavailable', 503, this.#about.reference, this.#about.request.headers)
    return {
      messages: [message(UNAVAILABLE, 'Sign-in: it could not be judged', '', this.#login.name)],
      stop: { interruption: { ruleId: UNAVAILABLE, action: 'deny', status: 503 }, page },
    }
  }

  #refuseAmbiguous(): Verdict {
    const { reference, request } = this.#about
    this.#isStopped = true
    const page = stopPage('refused', 400, reference, request.headers)
    return {
      messages: [
        message(AMBIGUOUS, 'Sign-in: more than one account or password, or a body that cannot be read', '', this.#login.name),
      ],
      stop: { interruption: { ruleId: AMBIGUOUS, action: 'deny', status: 400 }, page },
    }
  }

  #told(): ToldAttempt {
    const { request, client, reference, mode } = this.#about
    const { answer, signals } = this.#judgement
    return {
      time: new Date(this.#deps.now()).toISOString(),
      reference,
      login: this.#login.name,
      account: this.#name,
      client,
      agent: agentOf(request.headers),
      fingerprint: this.#fingerprint,
      host: headerOf(request.headers, 'host')?.replace(/:\d+$/, ''),
      path: plainPath(request.target).slice(0, 512),
      outcome: this.#isStopped ? 'unknown' : this.#outcome,
      status: this.#head?.status ?? 0,
      signals,
      answer,
      isCarriedOut: mode === 'block',
      isLeaked: this.#attempt?.isLeaked ?? false,
    }
  }
}

function agentOf(headers: readonly HeaderLine[]): string {
  return Buffer.from(headerOf(headers, 'user-agent')?.slice(0, LONGEST_AGENT) ?? '', 'latin1').toString('utf8')
}

function message(id: number, msg: string, data: string, login: string): MatchMessage {
  return { id, msg, data, var: `LOGIN:${login}` }
}

/** What an application can act on: ask for a second factor, have the password changed. */
function linesFor(answer: NonNullable<Judgement['answer']>, signals: readonly AttemptSignal[]): HeaderLine[] {
  const lines: HeaderLine[] = []
  if (signals.includes('leaked-password')) lines.push(['Kanpeki-Leaked-Password', 'yes'])
  if (answer === 'step-up') lines.push(['Kanpeki-Step-Up', 'required'])
  if (signals.length > 0) lines.push(['Kanpeki-Login-Signals', signals.join(', ')])
  return lines
}

function throttled(reference: string, headers: readonly HeaderLine[], seconds: number) {
  const { head, body } = stopPage('throttled', 429, reference, headers)
  return { head: { ...head, headers: [...head.headers, ['Retry-After', String(Math.ceil(seconds))] as const] }, body }
}

function cookieOf(headers: readonly HeaderLine[], name: string): string | undefined {
  for (const line of valuesOf(headers, 'cookie'))
    for (const pair of line.split(';')) {
      const equals = pair.indexOf('=')
      if (pair.slice(0, equals).trim() === name) return pair.slice(equals + 1).trim()
    }
  return undefined
}
