import { lookup } from 'node:dns/promises'
import { join } from 'node:path'
import { messageOf } from '../../kernel/error.ts'
import type { Settings } from '../settings.ts'
import { snapshotOf } from '../snapshot.ts'
import { accountResponders } from './account.ts'
import { type Blocks, createBlocks } from './blocks.ts'
import { collectResponder } from './collect.ts'
import { createIsolator, type IsolationOptions, type Isolator } from './isolation.ts'
import { killResponder } from './kill.ts'
import type { PacketRing } from './packets.ts'
import { quarantineResponders } from './quarantine.ts'
import { queryResponder } from './query.ts'
import type { Responders } from './responder.ts'

export interface HandOptions extends Omit<IsolationOptions, 'deadManSeconds'> {
  readonly settings: () => Settings
  readonly ring: PacketRing
}

/** Everything that an agent can do on its host when it is told to. */
export interface Hand {
  readonly responders: Responders
  readonly isolator: Isolator
  readonly blocks: Blocks
}

/** Takes up what held before a restart, too. */
export async function openHand(options: HandOptions): Promise<Hand> {
  const { folder, url, settings, ring, warn } = options
  const isolator = createIsolator({ ...options, deadManSeconds: () => settings().deadManSeconds })
  const { hostname } = new URL(url)
  const server = async (): Promise<readonly string[]> =>
    isolator.addresses() ?? (await lookup(hostname.replaceAll(/[[\]]/g, ''), { all: true })).map(({ address }) => address)
  const blocks = createBlocks(folder, server)
  const largestFile = (): number => settings().respond.largestFile
  const largestStore = (): number => settings().respond.largestStore
  const store = join(folder, 'quarantine')
  const quarantine = quarantineResponders({ store, largestFile, largestStore, own: [join(folder, '..')] })
  const snapshot = snapshotOf('/')
  for (const one of [isolator, blocks, quarantine]) {
    try {
      await one.resume()
    } catch (error) {
      warn(`what held before the restart could not be set again: ${messageOf(error)}`)
    }
  }
  const { respond } = settings()
  const account = accountResponders({ root: '/', never: respond.neverDisable })
  return {
    isolator,
    blocks,
    responders: {
      kill: killResponder({ root: '/proc', never: respond.neverKill }),
      isolate: isolator.isolate,
      release: isolator.release,
      'block-address': ({ address }) => blocks.block(address),
      'unblock-address': ({ address }) => blocks.unblock(address),
      'disable-account': account.disable,
      'enable-account': account.enable,
      quarantine: quarantine.quarantine,
      restore: quarantine.restore,
      collect: collectResponder({ snapshot, ring, largestFile, largestStore }),
      query: queryResponder(snapshot, largestFile),
    },
  }
}
