import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'yaml'
import { bodiesOf } from '../detect/yara/bodies.ts'
import { openYara } from '../detect/yara/scanner.ts'
import { KanpekiError } from '../kernel/error.ts'
import type { JsonObject } from '../kernel/json.ts'
import type { Look } from '../respond/playbooks/commands/look.ts'
import { pipelineFolders } from './places.ts'
import { replayRule } from './replay/routes.ts'
import type { Services } from './services.ts'

const SIGMA_DAYS = 7
const YARA_HOURS = 24
const HOUR_MS = 3_600_000
/** The newest events that may carry something. */
const YARA_EVENTS = 5_000
const LONGEST_BODY = 1024 * 1024
const SCAN_TIMEOUT_MS = 10_000
const LISTED = 20

type Needs = Pick<Services, 'lake' | 'lakeAddress' | 'dir' | 'config' | 'clock'>

/** How playbooks search what is stored: one search at a time, with a rule that lies in a folder of its own while it runs. */
export function playbookSearches({ lake, lakeAddress, dir, config, clock }: Needs): {
  readonly sigma: Look
  readonly yara: Look
} {
  let turn: Promise<unknown> = Promise.resolve()
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const next = turn.then(work, work)
    turn = next.catch(() => undefined)
    return next
  }
  const withRule = async <T>(name: string, text: string, work: (file: string) => Promise<T>): Promise<T> => {
    const folder = await mkdtemp(join(tmpdir(), 'kanpeki-rule-'))
    try {
      await writeFile(join(folder, name), text, { mode: 0o600 })
      return await work(join(folder, name))
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }
  return {
    sigma: (scope, rule, signal) =>
      inTurn(() =>
        withRule('rule.yml', rule, async (file): Promise<JsonObject> => {
          const task = {
            lake: lakeAddress,
            sealed: dir.sealed,
            rules: [file],
            pipelines: pipelineFolders(config),
            days: SIGMA_DAYS,
          }
          const found = await replayRule({ ...task, rule: idOf(rule), scope, now: clock.now() }, signal)
          return {
            days: SIGMA_DAYS,
            events: found.events,
            detections: found.detections,
            entities: found.list.slice(0, LISTED).map(({ entity }) => entity.name),
          }
        }),
      ),
    yara: (scope, rule, signal) =>
      inTurn(() =>
        withRule('rule.yar', rule, async (file): Promise<JsonObject> => {
          const scanner = await openYara([file], { timeout: SCAN_TIMEOUT_MS })
          try {
            const [refused] = scanner.refused
            if (refused !== undefined) throw new KanpekiError('invalid_input', `The YARA rule is refused: ${refused.reason}`)
            const range = { from: clock.now() - YARA_HOURS * HOUR_MS, to: clock.now() + HOUR_MS }
            const { events } = await lake.search({
              scope,
              query: { kind: 'all' },
              range,
              limit: YARA_EVENTS,
              order: 'newest',
              signal,
            })
            const matches: JsonObject[] = []
            let bodies = 0
            for (const event of events)
              for (const body of bodiesOf(event, LONGEST_BODY)) {
                signal.throwIfAborted()
                bodies++
                for (const match of await scanner.scan({ data: body.data }))
                  matches.push({ event: event.id, rule: match.rule, field: body.path })
              }
            return {
              hours: YARA_HOURS,
              events: events.length,
              bodies,
              detections: matches.length,
              matches: matches.slice(0, LISTED),
            }
          } finally {
            await scanner.close()
          }
        }),
      ),
  }
}

/** @throws KanpekiError `invalid_input`. */
function idOf(rule: string): string {
  let parsed: unknown
  try {
    parsed = parse(rule)
  } catch {
    parsed = undefined
  }
  const id = typeof parsed === 'object' && parsed !== null && 'id' in parsed ? parsed.id : undefined
  if (typeof id === 'string' && id !== '') return id
  throw new KanpekiError('invalid_input', 'A Sigma rule in a playbook is YAML with an `id`.')
}
