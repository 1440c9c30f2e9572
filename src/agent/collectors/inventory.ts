import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { apkPackages } from '../../assess/host/apk.ts'
import { dpkgPackages } from '../../assess/host/dpkg.ts'
import type { JsonObject } from '../../kernel/json.ts'
import { realWait } from '../../platform/backoff.ts'
import type { Collector } from '../collector.ts'
import { type Difference, difference, readKept, writeKept } from '../kept.ts'

interface Inventory {
  readonly id: string
  /** Everything of its kind now, as name → mark; undefined where the host has no such thing. */
  readonly read: () => Promise<Map<string, string> | undefined>
  readonly event: (difference: Difference) => JsonObject
}

/** Compares a list of the host with what it was at the last look, also over restarts; the first list is no change. */
function inventoryCollector({ id, read, event }: Inventory, everyMs: number): Collector {
  return {
    id,
    async run({ emit, count, signal, folder }) {
      const file = join(folder, `${id}.json`)
      let before = await readKept(file)
      while (!signal.aborted) {
        const now = await read()
        if (now === undefined) count(`${id}.absent`)
        else {
          const changes = before === undefined ? [] : difference(before, now)
          for (const change of changes) emit(event(change))
          if (before === undefined || changes.length > 0) await writeKept(file, now)
          before = now
        }
        await realWait(everyMs, signal)
      }
    },
  }
}

const typeOf = ({ before, after }: Difference, words: readonly [string, string, string]): string =>
  before === undefined ? words[0] : after === undefined ? words[1] : words[2]

const byName = (packages: readonly { name: string; version: string; arch: string | undefined }[], noArch: string) =>
  new Map(packages.map(({ name, version, arch = noArch }) => [`${name}:${arch}`, version] as const))

/** What dpkg's `status` says is installed, as `name:architecture` → version. */
export const parseDpkg = (text: string): Map<string, string> => byName(dpkgPackages(text), 'all')

/** `name:architecture` → version; undefined where the host has no package manager that is known. */
export async function readPackages(root: string): Promise<Map<string, string> | undefined> {
  for (const [file, parse] of [
    ['var/lib/dpkg/status', parseDpkg],
    ['lib/apk/db/installed', (text: string) => byName(apkPackages(text), 'noarch')],
  ] as const) {
    try {
      return parse(await readFile(join(root, file), 'utf8'))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }
  return undefined
}

/** Packages that the distribution's manager installs, removes and changes. */
export const packageCollector = (root: string, everyMs: number): Collector =>
  inventoryCollector(
    {
      id: 'packages',
      read: () => readPackages(root),
      event: (change) => {
        const at = change.name.lastIndexOf(':')
        const version = change.after ?? change.before ?? ''
        return {
          event: {
            kind: 'event',
            category: ['package'],
            type: [typeOf(change, ['installation', 'deletion', 'change'])],
            action: typeOf(change, ['package-installed', 'package-removed', 'package-changed']),
          },
          package: { name: change.name.slice(0, at), architecture: change.name.slice(at + 1), version },
          ...(change.before === undefined || change.after === undefined
            ? {}
            : { kanpeki_agent: { package: { previous: change.before } } }),
        }
      },
    },
    everyMs,
  )

async function readModules(root: string): Promise<Map<string, string> | undefined> {
  try {
    const lines = (await readFile(`${root}/modules`, 'utf8')).split('\n').filter((line) => line !== '')
    return new Map(lines.map((line) => [line.split(' ')[0]!, line.split(' ')[1]!] as const))
  } catch {
    return undefined
  }
}

/** Kernel modules loaded and unloaded. */
export const moduleCollector = (root: string, everyMs: number): Collector =>
  inventoryCollector(
    {
      id: 'modules',
      read: () => readModules(root),
      event: (change) => ({
        event: {
          kind: 'event',
          category: ['driver'],
          type: [change.after === undefined ? 'end' : 'start'],
          action: change.after === undefined ? 'module-unloaded' : 'module-loaded',
        },
        file: { name: change.name },
      }),
    },
    everyMs,
  )
