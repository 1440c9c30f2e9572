import { lstat } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import type { RuleMatch } from '../../detect/rule-program.ts'
import { HOST_MATCHES, YARA_ACTION } from '../../detect/yara/host-matches.ts'
import { yaraRuleInfo } from '../../detect/yara/rule-info.ts'
import { KanpekiError, messageOf } from '../../kernel/error.ts'
import { getPath, type JsonObject } from '../../kernel/json.ts'
import { backoffMs, realWait } from '../../platform/backoff.ts'
import type { Collector, CollectorContext } from '../collector.ts'
import { bootTime, startedAt } from '../collectors/boot-time.ts'
import { filesBelow } from '../collectors/files-below.ts'
import { processIds, readProcess } from '../collectors/proc.ts'
import { createTouches } from '../collectors/touches.ts'
import { watchFolders } from '../collectors/watch-folders.ts'
import { type Download, forgetParts, havePartsOf, type NamedRules } from './parts.ts'
import { type Candidate, createScans, type Matched } from './scans.ts'

export interface HostYara {
  /** The rules that the policy names; undefined for none. */
  readonly load: (rules: NamedRules | undefined) => void
  /** Looks at an event of the agent's own: what it names may be scanned. */
  readonly saw: (event: JsonObject) => void
  readonly consider: (candidate: Candidate) => void
  /** Watches folders besides, fetches what is needed, scans. */
  readonly collector: (folders: readonly string[]) => Collector
  /** What YARA found in an event that it made itself, as rules that may stop something. */
  readonly stopsIn: (event: JsonObject) => readonly Pick<RuleMatch, 'info'>[]
}

interface HostYaraOptions {
  /** The agent's own folder: what it writes is not scanned. */
  readonly own: string
  readonly folder: string
  readonly download: Download
  readonly count: (name: string, by?: number) => void
  readonly warn: (message: string) => void
}

/** A file is left alone for so long after its last change. */
const SETTLE_MS = 200
const LOOK_MS = 60_000
const BACKOFF = { firstMs: 2_000, maxMs: 120_000 }
const MOST_SHOWN = 10
const MOST_TOLD = 1_000

/** A file by its path, as events tell of it. */
export const fileCandidate = (path: string, read = path): Candidate => ({
  read,
  follow: false,
  path,
  about: { file: { path, name: basename(path), directory: dirname(path) } },
})

function programCandidate(process: JsonObject): Candidate | undefined {
  const { pid, executable } = process
  if (typeof pid !== 'number') return undefined
  const kept = ['pid', 'entity_id', 'name', 'executable', 'start', 'parent'] as const
  const path = typeof executable === 'string' ? executable : `/proc/${pid}/exe`
  return {
    // The running program itself, also where its file is gone or lies in a container.
    read: `/proc/${pid}/exe`,
    follow: true,
    path,
    about: {
      file: { path, name: basename(path), directory: dirname(path) },
      process: Object.fromEntries(kept.flatMap((key) => (process[key] === undefined ? [] : [[key, process[key]]]))),
    },
  }
}

/** The server's YARA rules over files that come or change, and over programs that are started. */
export function createHostYara({ own, folder, download, count, warn }: HostYaraOptions): HostYara {
  let wanted: NamedRules | undefined
  let ready = false
  /** Of the rules that are in the folder, and were looked at since the start. */
  let had: string | undefined
  let next = new AbortController()
  /** Aborted once there were rules: without any nothing is watched. */
  const begun = new AbortController()
  let emit: CollectorContext['emit'] = () => false
  /** Contents that matched lately: what is quarantined because of a match is not told a second time. */
  const told = new Set<string>()
  const found = (matched: Matched): void => {
    const { candidate, sha256 } = matched
    const inStore = !candidate.follow && candidate.read !== candidate.path
    if (inStore && told.has(sha256)) return
    if (told.size >= MOST_TOLD) told.clear()
    told.add(sha256)
    emit(eventOf(matched, wanted?.sha256 ?? ''))
  }
  const scans = createScans({ folder, count, warn, found })
  const consider = (candidate: Candidate): void => {
    if (wanted === undefined) return
    if (ready) scans.consider(candidate)
    // What runs is looked at once the rules are there.
    else if (!candidate.follow) count('yara.notYet')
  }

  /** Once there are new rules, all that runs is looked at. */
  const considerRunning = (): void => {
    const boot = bootTime('/proc')
    for (const pid of processIds('/proc')) {
      const entry = readProcess('/proc', pid)
      if (entry?.executable === undefined) continue
      const { name, executable, started } = entry
      const found = programCandidate({ pid, name, executable, start: new Date(startedAt(boot, started)).toISOString() })
      if (found !== undefined) consider(found)
    }
  }

  async function keepParts(signal: AbortSignal): Promise<void> {
    for (let failures = 0; !signal.aborted; ) {
      next = new AbortController()
      const until = AbortSignal.any([signal, next.signal])
      const rules = wanted
      if (rules?.sha256 !== had) {
        ready = false
        try {
          if (rules === undefined) await forgetParts(folder)
          else await havePartsOf(rules, folder, download)
          had = rules?.sha256
          failures = 0
          if (rules !== wanted) continue
          ready = rules !== undefined
          scans.renewed()
          if (ready) considerRunning()
        } catch (error) {
          const lacking = error instanceof KanpekiError && error.code === 'yara_unavailable'
          if (lacking) count('yara.absent')
          if (failures === 0) warn(`files are not scanned with YARA yet: ${messageOf(error)}`)
          await realWait(backoffMs(failures, Math.random, BACKOFF), until)
          failures += 1
          continue
        }
      }
      await aborted(until)
    }
  }

  return {
    load(rules) {
      if (rules?.sha256 === wanted?.sha256) return
      wanted = rules
      next.abort()
      if (rules !== undefined) begun.abort()
    },
    consider,
    saw(event) {
      if (wanted === undefined) return
      const categories = getPath(event, 'event.category')
      const [type] = (getPath(event, 'event.type') ?? []) as readonly string[]
      if (!Array.isArray(categories) || getPath(event, 'event.action') === YARA_ACTION) return
      if (categories.includes('process') && type !== 'end') {
        const found = programCandidate((event['process'] ?? {}) as JsonObject)
        if (found !== undefined) consider(found)
      } else if (categories.includes('file') && (type === 'creation' || type === 'change')) {
        const path = getPath(event, 'file.path')
        if (typeof path === 'string' && path.startsWith('/') && !path.startsWith(`${own}/`)) consider(fileCandidate(path))
      }
    },
    stopsIn(event) {
      if (getPath(event, 'event.action') !== YARA_ACTION) return []
      const found = getPath(event, `${HOST_MATCHES}.matches`) as unknown as Matched['matches']
      return found.map(({ rule, meta }) => ({ info: yaraRuleInfo({ name: rule, file: '' }, meta) }))
    },
    collector: (folders) => ({
      id: 'yara',
      async run(context) {
        const { signal } = context
        emit = context.emit
        const work = Promise.all([scans.run(signal), keepParts(signal)])
        // A fault in them ends the watch, too: the agent starts all of it again.
        const ended = new AbortController()
        work.catch(() => ended.abort())
        const until = AbortSignal.any([signal, ended.signal])
        await aborted(AbortSignal.any([until, begun.signal]))
        await watchAndConsider(folders, own, consider, { ...context, signal: until })
        await work
      },
    }),
  }
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })

async function watchAndConsider(
  folders: readonly string[],
  own: string,
  consider: (candidate: Candidate) => void,
  { signal, count }: CollectorContext,
): Promise<void> {
  const touches = createTouches<null>(signal)
  const watched = watchFolders({
    touched: (path) => {
      if (!path.startsWith(`${own}/`)) touches.add(path, null)
    },
    failed: () => count('yara.watchFailed'),
    ignored: (path) => path === own,
    overflowed: () => count('yara.watchOverflow'),
  })
  const missing = new Set(folders)
  const begin = async (): Promise<void> => {
    for (const folder of missing) {
      if ((await lstat(folder).catch(() => undefined))?.isDirectory() !== true) continue
      missing.delete(folder)
      await watched.root(folder)
    }
  }
  try {
    await begin()
    while (!signal.aborted) {
      const touched = await touches.next(SETTLE_MS, LOOK_MS)
      if (missing.size > 0) await begin()
      for (const path of touched.keys()) {
        const entry = await lstat(path).catch(() => undefined)
        if (entry?.isFile() === true) consider(fileCandidate(path))
        if (entry?.isDirectory() !== true) continue
        await watched.root(path)
        for await (const below of filesBelow(path)) consider(fileCandidate(below))
      }
    }
  } finally {
    watched.close()
  }
}

/** One event for all that matches in one file. */
function eventOf({ candidate: { about, path }, matches, sha256, bytes }: Matched, rules: string): JsonObject {
  const file = about['file'] as JsonObject
  return {
    event: { kind: 'event', category: ['file'], type: ['info'], action: YARA_ACTION },
    message: `YARA: ${matches.map(({ rule }) => rule).join(', ')} in ${path}`,
    ...about,
    file: { ...file, size: bytes, hash: { sha256 } },
    rule: { name: matches.map(({ rule }) => rule) },
    kanpeki_agent: {
      yara: {
        rules,
        matches: matches.map(({ rule, tags, meta, places }) => ({
          rule,
          tags: [...tags],
          meta: { ...meta },
          places: places.slice(0, MOST_SHOWN).map((place) => ({ ...place })),
        })),
      },
    },
  }
}
