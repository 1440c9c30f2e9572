import { searchPast } from '../detect/ioc/past.ts'
import { forgetEnded, lastChange } from '../detect/ioc/queries.ts'
import { refreshDue } from '../detect/ioc/refresh.ts'
import type { IocTables } from '../detect/ioc/tables.ts'
import { messageOf } from '../kernel/error.ts'
import { raisePastAlerts } from './alerts-raised.ts'
import type { Services } from './services.ts'

const LOOK_EVERY_MS = 60_000
/** An indicator that has ended stays this long, so that people can see that it was there. */
const KEEP_ENDED_MS = 30 * 86_400_000

/** Keeps indicator lists up to date and searches what is stored for what is new. */
export interface Indicators {
  /** Lists changed: the matcher follows at once, and the search through the past begins. */
  changed(): Promise<void>
  stop(): Promise<void>
}

export function startIndicators(
  services: Pick<Services, 'state' | 'lake' | 'clock' | 'outgoing' | 'sealer' | 'pipeline' | 'drainer' | 'log'>,
  raised: () => void,
): Indicators {
  const { state, lake, clock, pipeline, drainer, log } = services
  const stopping = new AbortController()
  let known = ''
  let running: Promise<void> | undefined
  let again = false

  const follow = async (): Promise<void> => {
    const now = await lastChange(state.tables<IocTables>())
    if (now === known) return
    known = now
    await pipeline.ask({ kind: 'known' })
  }
  const work = async (): Promise<void> => {
    if ((await refreshDue(services)) > 0) drainer.poke()
    await forgetEnded(state.tables<IocTables>(), clock.now() - KEEP_ENDED_MS)
    await follow()
    const { detections } = await searchPast({ state, lake, clock, signal: stopping.signal, raise: raisePastAlerts })
    if (detections === 0) return
    drainer.poke()
    raised()
  }
  /** One at a time; what is asked for meanwhile comes behind. */
  const run = (): Promise<void> => {
    if (stopping.signal.aborted) return Promise.resolve()
    if (running !== undefined) {
      again = true
      return running
    }
    running = work()
      .catch((error: unknown) => {
        if (!stopping.signal.aborted) log.warn('indicator lists are looked at again later', { reason: messageOf(error) })
      })
      .then(() => {
        running = undefined
        if (!again) return
        again = false
        void run()
      })
    return running
  }
  const timer = setInterval(() => void run(), LOOK_EVERY_MS)
  void run()
  return {
    async changed() {
      await follow()
      drainer.poke()
      void run()
    },
    async stop() {
      stopping.abort()
      clearInterval(timer)
      await running
    },
  }
}
