import { randomUUID } from 'node:crypto'
import type { RuleMatch } from '../../detect/rule-program.ts'
import { type Deed, PARAMS } from '../../hosts/schema.ts'
import { KanpekiError, messageOf } from '../../kernel/error.ts'
import { getPath, type JsonObject } from '../../kernel/json.ts'
import type { RespondContext, Responders } from '../respond/responder.ts'
import type { Settings } from '../settings.ts'
import type { Deeds } from './deeds.ts'

export interface StopperOptions {
  readonly settings: () => Pick<Settings, 'stop' | 'respond'>
  readonly responders: Responders
  readonly deeds: Pick<Deeds, 'begin' | 'keep' | 'has'>
  readonly context: Omit<RespondContext, 'id' | 'key'>
  /** Tells of it as an event. */
  readonly emit: (event: JsonObject) => boolean
  readonly now?: () => number
  /** Milliseconds of a clock that nobody sets: the limit of an hour hangs on it. */
  readonly elapsed?: () => number
}

/** A rule that is wrong must not take a host apart. */
const MOST_AN_HOUR = 30
const HOUR_MS = 3_600_000

type Stop = Pick<Deed, 'kind' | 'key' | 'params'>

/** What a rule asks to be stopped in an event; undefined where the event does not name it. */
export function stopOf(kind: Deed['kind'], event: JsonObject): Stop | undefined {
  const at = (path: string) => getPath(event, path)
  const params =
    kind === 'kill'
      ? { pid: at('process.pid'), started: Date.parse(String(at('process.start'))), name: at('process.name') }
      : { path: at('file.path'), sha256: at('file.hash.sha256') }
  const parsed = PARAMS[kind].safeParse(params)
  // A number without its start, a path without its content, may be another's by now.
  if (!parsed.success || (kind === 'quarantine' && at('file.hash.sha256') === undefined)) return undefined
  const found = parsed.data as JsonObject
  return {
    kind,
    params: found,
    key:
      kind === 'kill'
        ? `kill ${found['pid']} ${found['started']}`
        : `quarantine ${found['sha256']} ${found['path']}`.slice(0, 200),
  }
}

/**
 * Stops what a rule found, at once and without being told to: only where the rule says how, the policy names it, and the host's
 * own settings allow that kind. The same process or file is stopped once, and no more than a number of them an hour.
 */
export function createStopper({
  settings,
  responders,
  deeds,
  context,
  emit,
  now = Date.now,
  elapsed = () => performance.now(),
}: StopperOptions) {
  const { count, warn } = context
  let times: number[] = []
  let line: Promise<void> = Promise.resolve()
  const begun = new Set<string>()

  const allowed = ({ info: { id, stop } }: Pick<RuleMatch, 'info'>): boolean => {
    const { stop: named, respond } = settings()
    return stop !== undefined && respond.kinds.includes(stop) && (named.includes('*') || named.includes(id))
  }

  async function carryOut(stop: Stop, { info }: Pick<RuleMatch, 'info'>, event: string, found: number): Promise<void> {
    const responder = responders[stop.kind] as
      | ((params: unknown, context: RespondContext) => ReturnType<Exclude<Responders['kill'], undefined>>)
      | undefined
    const id = randomUUID()
    const rule = { id: info.id, version: info.version, title: info.title.slice(0, 500) }
    const deed = { id, ...stop, rule, event, found }
    await deeds.begin(deed)
    let result: Deed['result']
    try {
      if (responder === undefined) throw new KanpekiError('agent_refuses', `This agent cannot ${stop.kind}.`)
      const { outcome, detail, undo } = await responder(stop.params, { ...context, id, key: stop.key })
      result = { receipt: { outcome, detail, ...(undo === undefined ? {} : { undo }) } }
      count('detect.stopped')
    } catch (error) {
      const code = error instanceof KanpekiError ? error.code : 'agent_failed'
      result = { failed: { code, message: messageOf(error).slice(0, 2_000) } }
      count('detect.notStopped')
      warn(`${info.title}: ${stop.kind} failed: ${messageOf(error)}`)
    }
    const done = now()
    await deeds.keep({ ...deed, done, result })
    emit({
      event: {
        kind: 'event',
        category: ['host'],
        type: ['change'],
        action: 'receipt' in result ? 'agent-stopped' : 'agent-could-not-stop',
        outcome: 'receipt' in result ? 'success' : 'failure',
        dataset: 'kanpeki.agent',
      },
      rule: { id: rule.id, version: rule.version, name: rule.title },
      message: `${stop.kind} because of ${rule.title}`,
      kanpeki_agent: { stop: { kind: stop.kind, params: stop.params, event, took_ms: done - found } },
    })
  }

  return {
    /** Called with each event in which rules found something. Resolves when all that was to be stopped is. */
    consider(event: JsonObject, id: string, matches: readonly Pick<RuleMatch, 'info'>[]): Promise<void> {
      for (const match of matches) {
        if (!allowed(match)) continue
        const found = now()
        const stop = stopOf(match.info.stop!, event)
        if (stop === undefined) {
          count('detect.nothingToStop')
          continue
        }
        if (begun.has(stop.key) || deeds.has(stop.key)) continue
        const moment = elapsed()
        times = times.filter((at) => moment - at < HOUR_MS)
        if (times.length >= MOST_AN_HOUR) {
          count('detect.overLimit')
          warn(`${match.info.title}: ${MOST_AN_HOUR} things were stopped within the hour; no more are`)
          continue
        }
        times.push(moment)
        begun.add(stop.key)
        line = line
          .then(() => carryOut(stop, match, id, found))
          .catch((error: unknown) => warn(`what was stopped could not be written down: ${messageOf(error)}`))
          .finally(() => begun.delete(stop.key))
      }
      return line
    },
  }
}
