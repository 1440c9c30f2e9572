import { readFileSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import type { Collector } from '../collector.ts'
import { type ContainerBook, type ContainerInfo, containerFields } from './container-info.ts'
import { containersOf, type Engine } from './engines.ts'
import { inventoryCollector, typeOf } from './inventory.ts'
import { containerOf, processIds } from './proc.ts'

interface Options {
  /** `/proc`, but in tests. */
  readonly proc: string
  /** Where nothing listens, what processes and the disk say is all there is. */
  readonly engines: readonly Engine[]
  readonly containers: ContainerBook
  readonly everyMs: number
}

/** After so many processes everything else has its turn. */
const A_TURN = 500

/** Containers in which something runs: the control groups of processes, and what an engine says of them. */
async function running({ proc, engines, containers }: Options): Promise<Map<string, string>> {
  const found = new Map<string, ContainerInfo>()
  for (const [i, pid] of processIds(proc).entries()) {
    if (i % A_TURN === A_TURN - 1) await setImmediate()
    let id: string | undefined
    try {
      id = containerOf(readFileSync(`${proc}/${pid}/cgroup`, 'utf8'))
    } catch {
      // It ended meanwhile.
    }
    if (id !== undefined && !found.has(id)) found.set(id, containers.find(id) ?? { id })
  }
  for (const engine of engines)
    for (const told of (await containersOf(engine)) ?? []) {
      containers.learn(told)
      // Docker lists what runs; the others list what has ended, too.
      if (found.has(told.id) || engine.speaks === 'docker') found.set(told.id, containers.find(told.id) ?? told)
    }
  return new Map([...found].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([id, info]) => [id, JSON.stringify(info)] as const))
}

/** Containers that start and stop, with image and pod. */
export const containerCollector = (options: Options): Collector =>
  inventoryCollector(
    {
      id: 'containers',
      read: () => running(options),
      event: (change) => ({
        event: {
          kind: 'event',
          category: ['process'],
          type: [typeOf(change, ['start', 'end', 'change'])],
          action: typeOf(change, ['container-started', 'container-stopped', 'container-changed']),
        },
        ...containerFields(JSON.parse(change.after ?? change.before ?? '{}') as ContainerInfo),
      }),
    },
    options.everyMs,
  )
