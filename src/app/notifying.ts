import { createSender } from '../detect/notify/sender.ts'
import type { NotifyTables } from '../detect/notify/tables.ts'
import { messageOf } from '../kernel/error.ts'
import type { Services } from './services.ts'

const LOOK_EVERY_MS = 5_000

export interface Notifying {
  /** There may be something to send. */
  poke(): void
  /** Lets a round that is going on end. */
  stop(): Promise<void>
}

/**
 * Sends what alerts left to be told, at once when poked and every few seconds otherwise.
 * @param ownUrl where the server is reached, for links where nobody said how people outside reach it.
 */
export function startNotifying(
  { state, clock, sealer, outgoing, config, log }: Pick<Services, 'state' | 'clock' | 'sealer' | 'outgoing' | 'config' | 'log'>,
  ownUrl: () => string,
): Notifying {
  const origin = (): string => (config.values['public-url'] ?? ownUrl()).replace(/\/$/, '')
  const run = createSender({ db: state.tables<NotifyTables>(), clock, sealer, outgoing, origin, log })
  let stopped = false
  let again = false
  let running: Promise<void> | undefined
  const round = async (): Promise<void> => {
    do {
      again = false
      try {
        await run()
      } catch (error) {
        log.error('sending notifications failed and is tried again', { reason: messageOf(error) })
      }
    } while (again && !stopped)
    running = undefined
  }
  const poke = (): void => {
    if (stopped) return
    if (running === undefined) running = round()
    else again = true
  }
  const timer = setInterval(poke, LOOK_EVERY_MS)
  poke()
  return {
    poke,
    async stop() {
      stopped = true
      clearInterval(timer)
      await running
    },
  }
}
