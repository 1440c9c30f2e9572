import { createHash, randomUUID } from 'node:crypto'
import type { Clock } from '../../kernel/clock.ts'
import { KanpekiError, messageOf } from '../../kernel/error.ts'
import { type Caller, RawReply, type Route } from '../../platform/http/route.ts'
import type { Log } from '../../platform/log.ts'
import type { Sealer } from '../../platform/secrets/sealer.ts'
import type { State } from '../../platform/state/state.ts'
import { type Repeating, repeatEvery } from '../repeat.ts'
import { idempotencyKeyOf, takesIdempotencyKey } from './idempotency-key.ts'
import type { RepeatedWritesTable, RepeatedWriteTables } from './tables.ts'

/** How long an answer can be had again. */
export const ANSWERS_KEPT_MS = 86_400_000
const FORGET_EVERY_MS = 3_600_000

export interface RepeatedWrites {
  /** The routes, those that write doing once what is asked under one key. */
  once(routes: readonly Route[]): Route[]
  stop(): Promise<void>
}

export interface RepeatedWritesDeps {
  readonly state: State
  readonly clock: Clock
  readonly sealer: Sealer
  readonly log: Log
}

type Input = Parameters<Route['handle']>[0] & { readonly caller: Caller; readonly body: unknown }

/** What an answer is sealed for. */
export function repeatedWriteContext(mark: string): string {
  return `app_repeated_writes:${mark}`
}

/**
 * Lets a client ask again for a write whose answer it did not get (draft-ietf-httpapi-idempotency-key-header-07): under the
 * same key the same caller gets the first answer, and nothing is done twice. What was refused may be tried again; where the
 * server ended or failed in the middle, it says that it does not know.
 */
export function startRepeatedWrites({ state, clock, sealer, log }: RepeatedWritesDeps): RepeatedWrites {
  const db = state.tables<RepeatedWriteTables>()
  const run = randomUUID()

  /** @returns the first answer; undefined where it is to be given now. */
  async function begin(row: RepeatedWritesTable): Promise<string | undefined> {
    await forget(row.created)
    const { numInsertedOrUpdatedRows } = await db
      .insertInto('app_repeated_writes')
      .values(row)
      .onConflict((conflict) => conflict.column('mark').doNothing())
      .executeTakeFirstOrThrow()
    if (numInsertedOrUpdatedRows === 1n) return undefined
    const first = await db.selectFrom('app_repeated_writes').selectAll().where('mark', '=', row.mark).executeTakeFirst()
    // Refused in this very moment: as if it went on.
    if (first === undefined) throw running()
    if (first.asked !== row.asked) {
      throw new KanpekiError('idempotency_reused', 'This Idempotency-Key was used for another request.', {
        remedy: 'Use a key of its own for each request.',
      })
    }
    if (first.answer !== null) return sealer.open(first.answer, repeatedWriteContext(row.mark)).toString()
    throw first.run === run ? running() : unknown()
  }

  async function end(mark: string, change: Partial<Pick<RepeatedWritesTable, 'answer' | 'run'>>): Promise<void> {
    await db.updateTable('app_repeated_writes').set(change).where('mark', '=', mark).execute()
  }

  async function drop(mark: string): Promise<void> {
    await db.deleteFrom('app_repeated_writes').where('mark', '=', mark).execute()
  }

  async function forget(now: number): Promise<void> {
    await db
      .deleteFrom('app_repeated_writes')
      .where('created', '<=', now - ANSWERS_KEPT_MS)
      .execute()
  }

  function onceRoute(route: Route): Route {
    if (!takesIdempotencyKey(route)) return route
    return {
      ...route,
      handle: async (given) => {
        const input = given as Input
        const key = idempotencyKeyOf(input.request)
        if (key === undefined) return await route.handle(given)
        const { caller, request, body } = input
        const mark = hashOf([caller.kind, caller.id, caller.scope, key])
        const asked = hashOf([route.method, request.url ?? '', JSON.stringify(body) ?? ''])
        const before = await begin({ mark, scope: caller.scope, asked, run, answer: null, created: clock.now() })
        if (before !== undefined)
          return new RawReply('application/json; charset=utf-8', before, { 'idempotency-replayed': 'true' })
        let reply: unknown
        try {
          reply = await route.handle(given)
        } catch (error) {
          if (error instanceof KanpekiError) await drop(mark)
          else await end(mark, { run: '' })
          throw error
        }
        if (reply instanceof RawReply) await drop(mark)
        else {
          const answer = JSON.stringify(route.response === undefined ? (reply ?? {}) : route.response.parse(reply))
          // It is done, and said now in any case.
          await end(mark, { answer: sealer.seal(answer, repeatedWriteContext(mark)) }).catch((error: unknown) =>
            log.error('an answer could not be kept for who asks again', { reason: messageOf(error) }),
          )
        }
        return reply
      },
    }
  }

  const forgetting: Repeating = repeatEvery(
    FORGET_EVERY_MS,
    () => forget(clock.now()),
    (error) => log.warn('answers that nobody asks for again could not be forgotten yet', { reason: messageOf(error) }),
  )
  return { once: (routes) => routes.map(onceRoute), stop: () => forgetting.stop() }
}

function running(): KanpekiError {
  return new KanpekiError('idempotency_running', 'The same request is still being worked on.', {
    remedy: 'Ask again in a moment.',
    retryAfter: 1,
  })
}

function unknown(): KanpekiError {
  return new KanpekiError('idempotency_unknown', 'Whether the first request was carried out is not known.', {
    remedy: 'Look whether it was done, then ask with another key.',
  })
}

function hashOf(parts: readonly string[]): string {
  return createHash('sha256').update(parts.join('\0')).digest('hex')
}
