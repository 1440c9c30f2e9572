import type { Kysely } from 'kysely'
import type { DetectTables } from '../detect/tables.ts'
import { type Body, bodiesOf, bodyDetection } from '../detect/yara/bodies.ts'
import { yaraRuleInfo } from '../detect/yara/rule-info.ts'
import { openYara, type YaraScanner } from '../detect/yara/scanner.ts'
import type { Detection, Refusal, RuleInfo } from '../kernel/detection.ts'
import { KanpekiError, messageOf } from '../kernel/error.ts'
import type { StoredEvent } from '../kernel/event.ts'
import type { Lake, StoredBatch } from '../platform/lake/lake.ts'
import type { Log } from '../platform/log.ts'
import { jsonText, readJson } from '../platform/state/columns.ts'
import type { State } from '../platform/state/state.ts'
import type { StateTables } from '../platform/state/tables.ts'
import { raiseAlerts } from './alerts-raised.ts'
import { repeatEvery } from './repeat.ts'

const LOOK_EVERY_MS = 5_000
const EVENTS_A_READ = 4_000
const LONGEST_BODY = 4 * 1024 * 1024
const SCAN_TIMEOUT_MS = 10_000
/** So many bodies in a row that a scan does not get through: some rule is no use here. */
const MOST_FAILURES = 5
const KEY = 'yara-bodies'

export interface YaraBodies {
  readonly rules: readonly RuleInfo[]
  readonly refused: readonly Refusal[]
  /** All rules as one text; undefined where there are none. */
  readonly source?: string
  /** Names of the rules that match. @throws KanpekiError `yara_timeout`, `yara_died`, `yara_failed`. */
  readonly scan?: (data: Uint8Array) => Promise<readonly string[]>
  stop(): Promise<void>
}

export interface YaraBodiesDeps {
  readonly state: State
  readonly lake: Pick<Lake, 'readFrom' | 'lastSequence'>
  readonly clock: { now(): number }
  readonly log: Log
  /** The writer whose batches are read. */
  readonly writer: string
  /** Folder of the user's YARA rules. */
  readonly folder: string
  /** Alerts were raised. */
  readonly raised: () => void
}

/**
 * Runs the user's YARA rules over bodies of events, behind ingest and apart from it: batches are read from the lake where the last
 * round ended, scanned in a process of its own, and marked in the transaction that raises the alerts. Without rules it does nothing.
 */
export async function startYaraBodies(deps: YaraBodiesDeps): Promise<YaraBodies> {
  const yara = await opened(deps)
  if (yara === undefined || yara.rules.length === 0) {
    await yara?.close()
    return { rules: [], refused: yara?.refused ?? [], stop: async () => {} }
  }
  const { state, lake, log, writer } = deps
  const rules = new Map(yara.rules.map((rule) => [rule.name, rule]))
  let stopping = false
  let failures = 0

  async function scanBody(event: StoredEvent, body: Body): Promise<readonly Detection[]> {
    try {
      const matches = await yara!.scan({ data: body.data })
      failures = 0
      return matches.map((match) => bodyDetection(event, body, match, rules.get(match.rule)))
    } catch (error) {
      failures += 1
      log.warn('a body could not be scanned with YARA', { event: event.id, field: body.path, reason: messageOf(error) })
      return []
    }
  }

  async function round(): Promise<void> {
    for (let after = await place(state, () => lake.lastSequence(writer)); !stopping && failures < MOST_FAILURES; ) {
      const batches = await lake.readFrom(writer, after, EVENTS_A_READ)
      const last = batches.at(-1)
      if (last === undefined) return
      await scanBatches(batches)
      after = last.sequence
    }
  }

  async function scanBatches(batches: readonly StoredBatch[]): Promise<void> {
    for (const { events, sequence } of batches) {
      const detections: Detection[] = []
      for (const event of events) {
        for (const body of bodiesOf(event, LONGEST_BODY)) {
          if (stopping) return
          detections.push(...(await scanBody(event, body)))
          if (failures < MOST_FAILURES) continue
          log.error('YARA is off for bodies until Kanpeki is started again: one scan after the other failed', {
            rules: rules.size,
          })
          return
        }
      }
      await state.transaction<DetectTables & StateTables, void>(async (trx) => {
        await raiseAlerts(trx, detections, deps.clock.now(), (id) => events.find((event) => event.id === id)?.doc)
        await writePlace(trx as unknown as Kysely<StateTables>, sequence)
      })
      if (detections.length > 0) deps.raised()
    }
  }

  const repeating = repeatEvery(LOOK_EVERY_MS, round, (error) =>
    log.warn('bodies are scanned with YARA again later', { reason: messageOf(error) }),
  )
  return {
    rules: yara.rules.map((rule) => yaraRuleInfo(rule)),
    refused: yara.refused,
    source: yara.source,
    scan: async (data) => (await yara.scan({ data })).map(({ rule }) => rule),
    async stop() {
      stopping = true
      await repeating.stop()
      await yara.close()
    },
  }
}

async function opened({ folder, log }: YaraBodiesDeps): Promise<YaraScanner | undefined> {
  try {
    return await openYara([folder], { timeout: SCAN_TIMEOUT_MS })
  } catch (error) {
    if (!(error instanceof KanpekiError)) throw error
    log.warn('YARA does not run', { reason: error.message })
    return undefined
  }
}

/** The sequence up to which bodies were scanned; the first time what is stored is left as it is. */
async function place(state: State, first: () => Promise<number>): Promise<number> {
  const row = await state.tables<StateTables>().selectFrom('settings').select('value').where('key', '=', KEY).executeTakeFirst()
  if (row !== undefined) return readJson<number>(row.value)
  const now = await first()
  await state.transaction<StateTables, void>((trx) => writePlace(trx, now))
  return now
}

async function writePlace(trx: Kysely<StateTables>, sequence: number): Promise<void> {
  const value = jsonText(sequence)
  await trx
    .insertInto('settings')
    .values({ key: KEY, value })
    .onConflict((conflict) => conflict.column('key').doUpdateSet({ value }))
    .execute()
}
