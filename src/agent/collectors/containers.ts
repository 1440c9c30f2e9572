import { readFileSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import type { Collector } from '../collector.ts'
import { type ContainerInfo, containerFields, containersByEngine } from './container-info.ts'
import { inventoryCollector, typeOf } from './inventory.ts'
import { containerOf, processIds } from './proc.ts'

interface Options {
  /** `/proc`, but in tests. */
  readonly proc: string
  /** Sockets of engines that answer Docker's API; where nothing listens, what processes say is all there is. */
  readonly sockets: readonly string[]
  readonly containers: (id: string) => ContainerInfo | undefined
  readonly everyMs: number
}

/** After so many processes everything else has its turn. */
const A_TURN = 500

/** Containers in which something runs: the control groups of processes, and what an engine says of them. */
async function running({ proc, sockets, containers }: Options): Promise<Map<string, string>> {
  const found = new Map<string, ContainerInfo>()
  for (const [i, pid] of processIds(proc).entries()) {
    if (i % A_TURN === A_TURN - 1) await setImmediate()
    let id: string | undefined
    try {
      id = containerOf(readFileSync(`${proc}/${pid}/cgroup`, 'utf8'))
    } catch {
      // It ended meanwhile.
    }
    if (id !== undefined && !found.has(id)) found.set(id, containers(id) ?? { id })
  }
  for (const socket of sockets)
    for (const told of (await containersByEngine(socket)) ?? []) found.set(told.id, { ...found.get(told.id), ...told })
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
