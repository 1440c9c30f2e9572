import { KanpekiError, messageOf } from '../../kernel/error.ts'
import type { Attempt, Judgement, LoginJudge, LoginOutcome, RaisedSignal } from './judge.ts'
import type { LoginTracker } from './tracker.ts'

/** Questions of a worker to the process that counts, and their answers. Plain values, for they go between processes. */
export type JudgeQuestion =
  | { readonly kind: 'login-key'; readonly number: number }
  | { readonly kind: 'login-attempt'; readonly number: number; readonly attempt: Attempt }
  | { readonly kind: 'login-outcome'; readonly number: number; readonly ticket: string; readonly outcome: LoginOutcome }

export type JudgeAnswer =
  | { readonly kind: 'login-answer'; readonly number: number; readonly value: string | Judgement | readonly RaisedSignal[] }
  | { readonly kind: 'login-fault'; readonly number: number; readonly reason: string }

/** Asks the tracker itself. */
export function localJudge(tracker: LoginTracker, now: () => number): LoginJudge {
  return {
    key: async () => tracker.workersKey,
    attempt: async (attempt) => tracker.attempt(attempt, now()),
    outcome: async (ticket, outcome) => tracker.outcome(ticket, outcome, now()),
  }
}

/** What the counting process answers; never throws. */
export function answerQuestion(tracker: LoginTracker | undefined, question: JudgeQuestion, now: number): JudgeAnswer {
  const { number } = question
  try {
    if (tracker === undefined) throw new KanpekiError('no-logins', 'no sign-ins are declared.')
    return { kind: 'login-answer', number, value: valueFor(tracker, question, now) }
  } catch (error) {
    return { kind: 'login-fault', number, reason: messageOf(error) }
  }
}

function valueFor(tracker: LoginTracker, question: JudgeQuestion, now: number): string | Judgement | readonly RaisedSignal[] {
  if (question.kind === 'login-key') return tracker.workersKey.toString('hex')
  if (question.kind === 'login-attempt') return tracker.attempt(question.attempt, now)
  return tracker.outcome(question.ticket, question.outcome, now)
}

const MOST_WAITING = 10_000

export interface RemoteJudge extends LoginJudge {
  readonly answered: (answer: JudgeAnswer) => void
}

/** Asks over a channel; rejects where no answer comes within `time` milliseconds, or too many wait for one. */
export function remoteJudge(send: (question: JudgeQuestion) => void, time: number): RemoteJudge {
  const waiting = new Map<number, { readonly settle: (value: unknown) => void; readonly fail: (error: Error) => void }>()
  let numbers = 0
  const ask = <T>(question: (number: number) => JudgeQuestion): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      if (waiting.size >= MOST_WAITING) {
        reject(new KanpekiError('login-judge', 'too many attempts wait to be judged.'))
        return
      }
      numbers += 1
      const number = numbers
      const timer = setTimeout(() => {
        waiting.delete(number)
        reject(new KanpekiError('login-judge', `no judgement came within ${time} ms.`))
      }, time)
      const over = () => {
        clearTimeout(timer)
        waiting.delete(number)
      }
      waiting.set(number, {
        settle: (value) => {
          over()
          resolve(value as T)
        },
        fail: (error) => {
          over()
          reject(error)
        },
      })
      try {
        send(question(number))
      } catch (error) {
        waiting.get(number)?.fail(new KanpekiError('login-judge', messageOf(error)))
      }
    })
  return {
    key: async () => Buffer.from(await ask<string>((number) => ({ kind: 'login-key', number })), 'hex'),
    attempt: (attempt) => ask<Judgement>((number) => ({ kind: 'login-attempt', number, attempt })),
    outcome: (ticket, outcome) => ask<readonly RaisedSignal[]>((number) => ({ kind: 'login-outcome', number, ticket, outcome })),
    answered: (answer) => {
      const asked = waiting.get(answer.number)
      if (answer.kind === 'login-answer') asked?.settle(answer.value)
      else asked?.fail(new KanpekiError('login-judge', answer.reason))
    },
  }
}
