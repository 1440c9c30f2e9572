import { createSetupLink } from '../access/setup.ts'
import type { AccessTables } from '../access/tables.ts'
import type { Collecting } from '../app/collecting.ts'
import type { Declaring } from '../app/declaring.ts'
import type { Selftest } from '../app/selftest.ts'
import type { Services } from '../app/services.ts'
import type { Addresses } from '../collect/addresses.ts'
import { DEFAULT_SCOPE } from '../kernel/event.ts'
import type { Config } from '../platform/config.ts'
import type { Route } from '../platform/http/route.ts'
import type { Log } from '../platform/log.ts'
import { usesTls } from '../platform/tls/uses-tls.ts'
import { type Doors, openDoors, type Reached } from './doors.ts'
import { createLive } from './live.ts'
import { startRooms, stopRooms } from './rooms.ts'

export interface Kanpeki {
  readonly url: string
  /** Sets the administrator's password while there is none, otherwise the sign-in page. */
  readonly signInUrl: string
  /** The compatibility listener, if there is one. */
  readonly compatUrl: string | undefined
  /** Where senders reach us, as the snippets say. */
  readonly addresses: () => Addresses
  readonly services: Services
  readonly collecting: Collecting
  readonly declaring: Declaring
  readonly selftest: Selftest
  /** Every mounted route, for the tests that walk them. */
  readonly routes: readonly Route[]
  stop(): Promise<void>
}

export interface ServeOptions {
  /** Folders of cards instead of our own and the user's. */
  readonly cards?: readonly string[]
}

/** Starts everything and answers when work is accepted. */
export async function serve(config: Config, log: Log, { cards }: ServeOptions = {}): Promise<Kanpeki> {
  // What may not be served is refused before anything is touched.
  usesTls(config.values)
  const live = createLive()
  const reached: Reached = { url: '', syslog: undefined }
  const rooms = await startRooms(config, log, { cards, live, url: () => reached.url })
  let stopping = false
  let doors: Doors | undefined
  try {
    doors = await openDoors({ rooms, live, reached, stopping: () => stopping })
    const { services, collecting, declaring, selftest } = rooms
    await collecting.manager.startAll()
    doors.announce()
    const { state, clock } = services
    const setup = await createSetupLink(state.tables<AccessTables>(), DEFAULT_SCOPE, clock.now())
    const { routes, close } = doors
    return {
      url: reached.url,
      signInUrl: setup === undefined ? `${reached.url}/sign-in` : `${reached.url}/setup?token=${setup}`,
      compatUrl: reached.compat,
      addresses: () => ({ ...reached }),
      services,
      collecting,
      declaring,
      selftest,
      routes,
      async stop() {
        stopping = true
        services.stopSoon()
        await close()
        await stopRooms(rooms)
      },
    }
  } catch (error) {
    await doors?.close()
    await stopRooms(rooms)
    throw error
  }
}
