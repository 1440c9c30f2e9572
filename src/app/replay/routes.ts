import { Worker } from 'node:worker_threads'
import { KanpekiError, messageOf } from '../../kernel/error.ts'
import { type Route, route } from '../../platform/http/route.ts'
import { workerUrl } from '../../platform/worker-url.ts'
import { type ReplayView, replayBody, replayParams, replayView } from './schema.ts'
import type { ReplayAnswer, ReplayTask } from './worker.ts'

const MOST_AT_ONCE = 1
const MEMORY_MB = 512

export interface ReplayDeps extends Pick<ReplayTask, 'lake' | 'sealed' | 'rules' | 'pipelines'> {
  readonly clock: { now(): number }
  /** Whether a rule is loaded: a thread is not begun for one that is not. */
  readonly known: (rule: string) => boolean
}

/** What a rule finds in the stored past, and what it costs; one at a time, in a thread of its own. */
export function replayRoutes(deps: ReplayDeps): Route[] {
  let running = 0
  return [
    route({
      method: 'POST',
      path: '/api/v1/rules/:id/replay',
      permission: 'alerts:write',
      summary: 'Run one rule over what is stored: what it finds, and what it costs',
      params: replayParams,
      body: replayBody,
      response: replayView,
      handle: async ({ params, body, caller, signal }) => {
        if (!deps.known(params.id)) throw new KanpekiError('not_found', `There is no rule ${params.id}.`)
        if (running >= MOST_AT_ONCE)
          throw new KanpekiError('too_many_requests', 'Another replay runs.', {
            remedy: 'Try again when it is done.',
            retryAfter: 10,
          })
        running += 1
        try {
          const { lake, sealed, rules, pipelines, clock } = deps
          return await replayRule(
            { lake, sealed, rules, pipelines, rule: params.id, scope: caller.scope, days: body.days, now: clock.now() },
            signal,
          )
        } finally {
          running -= 1
        }
      },
    }),
  ]
}

/** One rule over what is stored, in a thread of its own. @throws KanpekiError `not_found`, `cancelled`, `replay_failed`. */
export function replayRule(task: ReplayTask, signal: AbortSignal): Promise<ReplayView> {
  const worker = new Worker(workerUrl(import.meta.url, './worker'), {
    workerData: task,
    name: 'kanpeki-replay',
    resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB },
  })
  return new Promise<ReplayView>((resolve, reject) => {
    const leave = (): void => reject(new KanpekiError('cancelled', 'Nobody waits for it any more.'))
    signal.addEventListener('abort', leave, { once: true })
    worker.once('message', (answer: ReplayAnswer) =>
      'view' in answer ? resolve(answer.view) : reject(new KanpekiError(answer.error.code, answer.error.message)),
    )
    worker.once('error', (error) => reject(new KanpekiError('replay_failed', `The replay failed: ${messageOf(error)}.`)))
    worker.once('exit', () => reject(new KanpekiError('replay_failed', 'The replay ended without an answer.')))
  }).finally(() => void worker.terminate())
}
