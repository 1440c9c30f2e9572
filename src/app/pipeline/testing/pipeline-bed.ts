import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { IngestBody } from '../../../collect/sources/http/body.ts'
import { loadRuleSet } from '../../../detect/rule-set.ts'
import type { DetectTables } from '../../../detect/tables.ts'
import { DEFAULT_SCOPE } from '../../../kernel/event.ts'
import type { JsonObject } from '../../../kernel/json.ts'
import type { EmbeddedLake } from '../../../platform/lake/embedded.ts'
import type { Lake } from '../../../platform/lake/lake.ts'
import { openState, type State } from '../../../platform/state/state.ts'
import { startTestLake } from '../../../platform/testing/lakes.ts'
import { migrations } from '../../migrations.ts'
import { type KnownSettings, openKnown } from '../known.ts'
import { rulesOf } from '../rules.ts'
import { type Stages, startStages } from '../stages.ts'
import { takeBody } from '../take-body.ts'

const RULES = fileURLToPath(new URL('../../../../content/detections/', import.meta.url))
export const WRITER = 'w1'

export interface PipelineBed {
  readonly lake: Lake
  readonly state: State
  readonly engine: EmbeddedLake
  /** Both stages over the bed's stores, or over what `faults` makes of them, with our own rules freshly loaded. */
  start(
    faults?: { readonly state?: (state: State) => State; readonly lake?: (lake: Lake) => Lake },
    settings?: Partial<KnownSettings>,
  ): Promise<Run>
  /** Rule, entity, detections and events of every alert, sorted. */
  alerts(): Promise<string[]>
  stop(): Promise<void>
}

export interface Run extends Stages {
  /** Sends documents as one bulk request; resolves when they are acknowledged. */
  send(documents: readonly JsonObject[], source?: string): Promise<BulkReply>
  /** Errors of which the detector told that it tries again. */
  readonly failures: unknown[]
  /** As a crash would: nothing more is done. */
  drop(): void
}

export interface BulkReply {
  readonly errors: boolean
  readonly items: readonly Readonly<Record<string, { readonly status: number; readonly result?: string }>>[]
}

/** A real engine and a real SQLite store in a temporary folder. */
export async function startPipelineBed(): Promise<PipelineBed> {
  const folder = mkdtempSync(join(tmpdir(), 'kanpeki-pipeline-'))
  const bed = await startTestLake()
  const state = await openState({ path: join(folder, 'state.db') }, migrations)
  const clock = { now: () => Date.now() }
  return {
    lake: bed.lake,
    state,
    engine: bed.process,
    async start(faults = {}, settings = {}) {
      const failures: unknown[] = []
      const known = await openKnown(state, {
        geoip: [],
        masking: { rules: [], key: new Uint8Array(32) },
        zoneMinutes: 0,
        ...settings,
      })
      const stages = await startStages({
        state: faults.state?.(state) ?? state,
        lake: faults.lake?.(bed.lake) ?? bed.lake,
        clock,
        writer: WRITER,
        rules: rulesOf(loadRuleSet([RULES])),
        known,
        zoneMinutes: 0,
        recordQuarantined: async () => {},
        progressed: () => {},
        failed: (error) => failures.push(error),
      })
      return {
        ...stages,
        failures,
        send: async (documents, source = 'http:test') =>
          JSON.parse(Buffer.from((await takeBody(stages.writer, bulk(documents, source))).body).toString('utf8')) as BulkReply,
        drop: () => stages.detector.stop(),
      }
    },
    async alerts() {
      const rows = await state.tables<DetectTables>().selectFrom('detect_alerts').selectAll().execute()
      return rows.map((row) => `${row.title} ${row.entity_name} ${row.count} ${row.event_count} ${row.first_observed}`).sort()
    },
    async stop() {
      await bed.stop()
      await state.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** A member `_id` goes into the action. */
function bulk(documents: readonly JsonObject[], source: string): IngestBody {
  const lines = documents.map(({ _id, ...rest }) => {
    const action = { create: _id === undefined ? {} : { _id } }
    return `${JSON.stringify(action)}\n${JSON.stringify(rest)}\n`
  })
  const body = Buffer.from(lines.join(''))
  const digest = createHash('sha256').update(body).digest('hex')
  return {
    source,
    scope: DEFAULT_SCOPE,
    tokenId: 't1',
    format: 'bulk',
    index: undefined,
    body,
    digest,
    origin: '192.0.2.1',
    received: 0,
  }
}
