import { join } from 'node:path'
import { messageOf } from '../../kernel/error.ts'
import type { JsonObject } from '../../kernel/json.ts'
import { backoffMs, realWait, type Wait } from '../../platform/backoff.ts'
import type { CollectorContext } from '../collector.ts'
import { readKept, writeKept } from '../kept.ts'
import type { Asked, ClusterApi } from './api.ts'
import { markOf, objectFields } from './describe.ts'
import { type Kind, pathOf } from './kinds.ts'
import { objectAt, objectsAt, textAt } from './read.ts'

export interface Following {
  readonly kind: Kind
  readonly api: ClusterApi
  readonly context: CollectorContext
  /** Objects a page. */
  readonly page?: number
  readonly wait?: Wait
  readonly random?: () => number
}

type Did = 'seen' | 'created' | 'changed' | 'removed'

const TYPES = { seen: 'info', created: 'creation', changed: 'change', removed: 'deletion' } as const
const PAGE = 500
const BACKOFF = { firstMs: 1_000, maxMs: 60_000 } as const
/** A right that was refused is seldom given the next minute. */
const FORBIDDEN_MS = 300_000
/** Servers end a watch between five and ten minutes after it began; so do we, each kind at a moment of its own. */
const WATCH_SECONDS = 300
const SLACK_MS = 30_000
const SAVE_MS = 2_000

/** The list is not what it was: everything is to be listed again. */
class Gone extends Error {}
/** An answer that is no list; `status` says why. */
class Unanswered extends Error {
  readonly asked: Asked
  constructor(asked: Asked) {
    super(textAt(asked.body, 'message') ?? `status ${asked.status}`)
    this.asked = asked
  }
}

/**
 * Lists a kind and follows it until the signal ends, as kubernetes.io says ("Efficient detection of changes"): a list in pages, a watch
 * from where the list stood, moved on by bookmarks; where the server has forgotten that place (410), a list again. What was there
 * is kept over restarts, so that what came and went meanwhile is told.
 */
export async function followKind({
  kind,
  api,
  context,
  page = PAGE,
  wait = realWait,
  random = Math.random,
}: Following): Promise<void> {
  const { signal, count, folder, emit, room, warn } = context
  const file = join(folder, `kubernetes-${kind.resource}.json`)
  const path = pathOf(kind)
  let known = await readKept(file)
  let dirty = false
  let saved = performance.now()
  let blind = false

  const tell = async (did: Did, object: JsonObject): Promise<void> => {
    const event = {
      event: {
        kind: did === 'seen' ? 'state' : 'event',
        category: ['configuration'],
        type: [TYPES[did]],
        action: `kubernetes-object-${did}`,
        dataset: 'kubernetes.object',
      },
      ...objectFields(kind, object, api),
    }
    while (!emit(event) && !signal.aborted) await room()
  }
  const keyOf = (object: JsonObject): string => {
    const metadata = objectAt(object, 'metadata')
    return `${textAt(metadata, 'namespace') ?? ''}/${textAt(metadata, 'name') ?? ''}`
  }
  /** What is known of an object that is gone, where only its absence says so. */
  const ghost = (key: string, mark: string): JsonObject => {
    const at = key.indexOf('/')
    const [uid = ''] = mark.split(' ')
    return {
      metadata: { name: key.slice(at + 1), ...(at === 0 ? {} : { namespace: key.slice(0, at) }), ...(uid === '' ? {} : { uid }) },
    }
  }
  const take = async (now: Map<string, string>, object: JsonObject): Promise<void> => {
    const key = keyOf(object)
    const before = known?.get(key)
    const mark = markOf(kind, object)
    now.set(key, mark)
    if (before === mark) return
    dirty = true
    if (before === undefined) return await tell(known === undefined ? 'seen' : 'created', object)
    if (before.split(' ')[0] === mark.split(' ')[0]) return await tell('changed', object)
    await tell('removed', ghost(key, before))
    await tell('created', object)
  }
  const save = async (): Promise<void> => {
    if (!dirty || known === undefined) return
    dirty = false
    saved = performance.now()
    await writeKept(file, known)
  }

  /** @returns the version that a watch begins at. */
  const list = async (): Promise<string> => {
    const now = new Map<string, string>()
    let next = ''
    do {
      const asked = await api.get(`${path}?limit=${page}${next === '' ? '' : `&continue=${encodeURIComponent(next)}`}`, signal)
      if (asked.status === 410) throw new Gone()
      if (asked.status !== 200) throw new Unanswered(asked)
      for (const object of objectsAt(asked.body, 'items')) await take(now, object)
      const metadata = objectAt(asked.body, 'metadata')
      next = textAt(metadata, 'continue') ?? ''
      if (next === '') {
        for (const [key, mark] of known ?? [])
          if (!now.has(key)) {
            dirty = true
            await tell('removed', ghost(key, mark))
          }
        dirty ||= known === undefined
        known = now
        await save()
        count('kubernetes.lists')
        return textAt(metadata, 'resourceVersion') ?? ''
      }
    } while (!signal.aborted)
    return ''
  }

  /** Follows from a version on; @returns where it stood when the server ended it. */
  const watch = async (from: string): Promise<string> => {
    let version = from
    const seconds = Math.round(WATCH_SECONDS * (1 + random()))
    const asked = await api.watch(
      `${path}?watch=1&allowWatchBookmarks=true&timeoutSeconds=${seconds}&resourceVersion=${encodeURIComponent(from)}`,
      async (event) => {
        const object = objectAt(event, 'object')
        const type = textAt(event, 'type')
        if (object === undefined) return count('kubernetes.unread')
        if (type === 'ERROR') {
          if (object['code'] === 410) throw new Gone()
          throw new Unanswered({ status: Number(object['code'] ?? 0), body: object, waitMs: undefined })
        }
        const now = known ?? new Map<string, string>()
        known = now
        if (type === 'ADDED' || type === 'MODIFIED') await take(now, object)
        else if (type === 'DELETED') {
          if (now.delete(keyOf(object))) {
            dirty = true
            await tell('removed', object)
          }
        } else if (type !== 'BOOKMARK') return count('kubernetes.unread')
        version = textAt(objectAt(object, 'metadata'), 'resourceVersion') ?? version
        if (performance.now() - saved > SAVE_MS) await save()
      },
      seconds * 1_000 + SLACK_MS,
      signal,
    )
    if (asked.status === 410) throw new Gone()
    if (asked.status !== 200) throw new Unanswered(asked)
    return version
  }

  /** Says once when a kind goes out of sight, and once when it is back. */
  const sight = async (reason: string | undefined): Promise<void> => {
    if (blind === (reason !== undefined)) return
    blind = reason !== undefined
    await context.emit({
      event: {
        kind: 'state',
        category: ['configuration'],
        type: ['info'],
        action: blind ? 'kubernetes-kind-unseen' : 'kubernetes-kind-seen-again',
        outcome: blind ? 'failure' : 'success',
        dataset: 'kubernetes.object',
        ...(reason === undefined ? {} : { reason: reason.slice(0, 1_000) }),
      },
      orchestrator: { type: 'kubernetes', api_version: kind.version, resource: { type: kind.type } },
    })
  }

  let failures = 0
  try {
    while (!signal.aborted) {
      let pause: number
      try {
        let version = await list()
        failures = 0
        await sight(undefined)
        while (!signal.aborted) {
          const began = performance.now()
          version = await watch(version)
          await save()
          // A server that ends each watch at once is asked again a little later.
          if (performance.now() - began < BACKOFF.firstMs) await wait(backoffMs(failures++, random, BACKOFF), signal)
          else failures = 0
        }
        return
      } catch (error) {
        if (signal.aborted) return
        if (error instanceof Gone) {
          count('kubernetes.expired')
          pause = failures === 0 ? 0 : backoffMs(failures, random, BACKOFF)
        } else if (error instanceof Unanswered && (error.asked.status === 403 || error.asked.status === 404)) {
          const what = error.asked.status === 403 ? 'forbidden' : 'absent'
          count(`kubernetes.${what}`)
          count(`kubernetes.${what}_${kind.resource}`)
          if (what === 'forbidden') await sight(error.message)
          pause = FORBIDDEN_MS
        } else {
          count(error instanceof Unanswered && error.asked.status === 401 ? 'kubernetes.unauthorized' : 'kubernetes.unreachable')
          if (failures === 0) warn(`${kind.resource} cannot be followed: ${messageOf(error)}`)
          if (failures >= 3) await sight(messageOf(error))
          pause = (error instanceof Unanswered ? error.asked.waitMs : undefined) ?? backoffMs(failures, random, BACKOFF)
        }
        failures += 1
      }
      await wait(pause, signal)
    }
  } finally {
    await save()
  }
}
