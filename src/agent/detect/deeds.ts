import { join } from 'node:path'
import { z } from 'zod'
import { type Deed, deedSchema } from '../../hosts/schema.ts'
import { messageOf } from '../../kernel/error.ts'
import { writeFileAtomically } from '../../platform/atomic-file.ts'
import { backoffMs, realWait } from '../../platform/backoff.ts'
import { readIfThere } from '../../platform/read-if-there.ts'
import { createWaiters } from '../../platform/waiters.ts'
import type { Identity } from '../identity.ts'
import { tell } from '../link.ts'

export interface Deeds {
  /** Written down before the hand moves: after a crash in between nobody knows how far it came, and that is told. Durable once it resolves. */
  readonly begin: (deed: Omit<Deed, 'result' | 'done'>) => Promise<void>
  /** What came of it. Durable once it resolves. */
  readonly keep: (deed: Deed) => Promise<void>
  /** Whether the same was done, in this run or lately before. */
  readonly has: (key: string) => boolean
  /** Tells the server, each until it has it, until the signal is aborted. */
  readonly tellAll: (telling: Telling) => Promise<void>
}

interface Telling {
  readonly identity: () => Identity
  readonly addresses: () => readonly string[] | undefined
  readonly signal: AbortSignal
  readonly count: (name: string) => void
  readonly warn: (message: string) => void
}

const fileSchema = z.object({ begun: z.array(deedSchema), waiting: z.array(deedSchema), told: z.array(z.string()) })
/** What is told of a deed that nobody saw the end of. */
const CUT_OFF = { failed: { code: 'agent_failed', message: 'The agent ended while it did this: look at the host.' } }
const MOST_TOLD = 500
/** Beyond this the oldest that wait are given up: their events are in the spool all the same. */
const MOST_WAITING = 1_000
const BACKOFF = { firstMs: 500, maxMs: 10_000 }

/** What the agent did by itself and has yet to tell. */
export async function openDeeds(folder: string): Promise<Deeds> {
  const file = join(folder, 'deeds.json')
  const before = await read(file)
  const kept = createWaiters()
  let begun: Deed[] = []
  let waiting = [...before.waiting, ...before.begun]
  let { told } = before
  let saving: Promise<void> = Promise.resolve()
  const write = (): Promise<void> => writeFileAtomically(file, JSON.stringify({ begun, waiting, told }))
  const save = (): Promise<void> => {
    const done = saving.then(write)
    saving = done.catch(() => {})
    return done
  }
  return {
    has: (key) => told.includes(key) || waiting.some((one) => one.key === key),
    async begin(deed) {
      begun = [...begun, { ...deed, done: deed.found, result: CUT_OFF }]
      await save()
    },
    async keep(deed) {
      begun = begun.filter(({ id }) => id !== deed.id)
      waiting = [...waiting, deed].slice(-MOST_WAITING)
      await save()
      kept.wake()
    },
    async tellAll({ identity, addresses, signal, count, warn }) {
      for (let failures = 0; !signal.aborted; ) {
        const [deed] = waiting
        if (deed === undefined) {
          await kept.next(signal)
          continue
        }
        try {
          const status = await tell({ ...identity(), addresses }, '/api/v1/agent-link/deeds', JSON.stringify(deed), {
            taken: [200, 400],
          })
          // What the server will never take stands before no other.
          if (status === 400) count('deeds.refused')
          waiting = waiting.filter(({ id }) => id !== deed.id)
          told = [...told, deed.key].slice(-MOST_TOLD)
          await save()
          failures = 0
          continue
        } catch (error) {
          if (failures === 0 && !signal.aborted) warn(`what was stopped could not be told yet: ${messageOf(error)}`)
        }
        await realWait(backoffMs(failures, Math.random, BACKOFF), signal)
        failures += 1
      }
    },
  }
}

async function read(file: string): Promise<z.infer<typeof fileSchema>> {
  const text = await readIfThere(file)
  try {
    if (text !== undefined) return fileSchema.parse(JSON.parse(text))
  } catch {
    // Written atomically: this is damage from outside, and what is new counts more.
  }
  return { begun: [], waiting: [], told: [] }
}
