import { readFile } from 'node:fs/promises'
import type { Clock } from '../../kernel/clock.ts'
import type { Lake } from '../../platform/lake/lake.ts'
import { createMetrics } from '../../platform/metrics.ts'
import { settingsOf } from '../../platform/state/settings.ts'
import type { State } from '../../platform/state/state.ts'
import type { Anchoring } from '../../prove/anchor/anchoring.ts'
import type { Drainer } from '../../prove/drain.ts'
import type { Ledger } from '../../prove/ledger.ts'
import type { Cosigning } from '../../prove/witness/ask.ts'
import type { Pipeline } from '../pipeline/client.ts'
import type { PipelineStatus } from '../pipeline/messages.ts'
import { retentionStatus } from '../retention/run.ts'
import { LAST_BACKUP, type LastBackup } from './make-backup.ts'
import { alertCounts, type Db, liveSessions, sourceCounts, waitingEvidence } from './queries.ts'
import { freeBytes } from './readiness.ts'

export interface OwnMetricsDeps {
  readonly version: string
  readonly root: string
  readonly state: State
  readonly lake: Pick<Lake, 'stats'>
  readonly ledger: Ledger
  readonly cosigning: Pick<Cosigning, 'states'>
  readonly anchoring: Pick<Anchoring, 'states'>
  readonly drainer: Drainer
  readonly pipeline: Pick<Pipeline, 'ask'>
  readonly lakePid: () => number | undefined
  readonly clock: Clock
  readonly startedAt: number
}

/** What happened to a request, told once it is answered. `route` is a template, never a path that somebody made up. */
export interface Answered {
  readonly method: string
  readonly route: string
  readonly status: number
}

export interface OwnMetrics {
  answered(request: Answered): void
  /** Prometheus text format 0.0.4; what the stores count is read now. */
  text(): Promise<string>
}

const COUNTS = ['received', 'parsed', 'unknown', 'stored', 'repeated', 'dropped', 'gaps', 'bytes'] as const

/** What Kanpeki says about itself. Counters of events and alerts come from the state store: a restart does not reset them. */
export function createOwnMetrics(deps: OwnMetricsDeps): OwnMetrics {
  const metrics = createMetrics()
  metrics.gauge('kanpeki_build_info', 'Version that runs; the value is always 1.').set(1, {
    version: deps.version,
    node: process.versions.node,
  })
  metrics.gauge('kanpeki_start_time_seconds', 'When the server started, seconds since 1970.').set(deps.startedAt / 1000)
  const requests = metrics.counter('kanpeki_http_requests_total', 'Requests answered, by route template and status.')
  const events = COUNTS.map(
    (kind) =>
      [
        kind,
        metrics.tally(
          kind === 'bytes' ? 'kanpeki_received_bytes_total' : `kanpeki_events_${kind}_total`,
          kind === 'bytes' ? 'Bytes received, by source.' : `Events ${kind}, by source, since the source was first seen.`,
        ),
      ] as const,
  )
  const silent = metrics.gauge('kanpeki_source_last_event_seconds', 'When the last event of a source came, seconds since 1970.')
  const alerts = metrics.gauge('kanpeki_alerts', 'Alerts by state.')
  const sessions = metrics.gauge('kanpeki_sessions', 'Sessions of people that have not expired.')
  const waiting = metrics.gauge('kanpeki_rules_waiting_events', 'Events stored and not yet seen by the rules.')
  const catchingUp = metrics.gauge('kanpeki_catching_up', '1 while events from before a crash are read back.')
  const rules = metrics.gauge('kanpeki_rules', 'Rules by whether they run.')
  const correlated = metrics.tally(
    'kanpeki_correlation_total',
    'What correlations left out or had to forget since the start: events without a group key or a value, events that stand at their received time, and events and groups over a bound.',
  )
  const ledgerSize = metrics.gauge('kanpeki_ledger_entries', 'Entries under the signed checkpoint.')
  const outbox = metrics.gauge('kanpeki_ledger_waiting_entries', 'Evidence recorded and not yet in the ledger.')
  const outboxAge = metrics.gauge('kanpeki_ledger_waiting_seconds', 'Age of the oldest evidence not yet in the ledger.')
  const ledgerFault = metrics.gauge('kanpeki_ledger_stopped', '1 while the ledger cannot grow.')
  const copies = metrics.tally('kanpeki_witness_failures_total', 'Checkpoints that a witness could not be given.')
  const unstamped = metrics.gauge('kanpeki_timestamps_waiting', 'Checkpoints that an authority has not yet time-stamped.')
  const stored = metrics.gauge('kanpeki_lake_events', 'Events in the lake.')
  const lakeBytes = metrics.gauge('kanpeki_lake_bytes', 'Bytes of the lake on disk.')
  const kept = metrics.gauge('kanpeki_store_bytes', 'Bytes on disk of the lake and its sealed files, as retention last saw them.')
  const quota = metrics.gauge('kanpeki_store_quota_bytes', 'What retention-size allows them.')
  const quotaState = metrics.gauge('kanpeki_store_state', '1 for the state that the quota is in: fine, near, early or over.')
  const heldHours = metrics.gauge('kanpeki_retention_held_hours', 'Hours with events that only a legal hold still keeps.')
  const dropped = metrics.gauge('kanpeki_retention_dropped_events', 'Events that retention dropped in the last day.')
  const memory = metrics.gauge('kanpeki_resident_memory_bytes', 'Resident memory, by process.')
  const cpu = metrics.tally('kanpeki_cpu_seconds_total', 'Processor time of the server process.')
  const disk = metrics.gauge('kanpeki_disk_free_bytes', 'What may still be written below the data folder.')
  const lastBackup = metrics.gauge('kanpeki_last_backup_seconds', 'The moment that the last backup shows, seconds since 1970.')

  const refresh = async (): Promise<void> => {
    const db: Db = deps.state.tables()
    const now = deps.clock.now()
    const [sources, states, live, evidence, status, lake, free, lakeRss, backup, retention] = await Promise.all([
      sourceCounts(db),
      alertCounts(db),
      liveSessions(db, now),
      waitingEvidence(db),
      deps.pipeline.ask({ kind: 'status' }),
      deps.lake.stats(),
      freeBytes(deps.root),
      residentBytes(deps.lakePid()),
      settingsOf(deps.state).get(LAST_BACKUP),
      retentionStatus(deps.state),
    ])
    for (const source of sources) {
      const labels = { source: source.id, scope: source.scope }
      for (const [kind, tally] of events) tally.set(source[kind], labels)
      if (source.last_event !== null) silent.set(source.last_event / 1000, labels)
    }
    for (const state of ['open', 'closed']) alerts.set(0, { state, scope: 'default' })
    for (const row of states) alerts.set(Number(row.alerts), { state: row.state, scope: row.scope })
    sessions.set(live)
    waiting.set(status.waitingEvents)
    catchingUp.set(status.catchingUp ? 1 : 0)
    rules.set(status.rules.loaded.length, { state: 'loaded' })
    const quarantined = status.rules.refused.filter(({ code }) => code === 'quarantined').length
    rules.set(status.rules.refused.length - quarantined, { state: 'refused' })
    rules.set(quarantined, { state: 'quarantined' })
    for (const [what, figure] of correlationFigures(status.correlations)) correlated.set(figure, { what })
    ledgerSize.set(deps.ledger.head.size)
    outbox.set(evidence.entries)
    outboxAge.set(evidence.oldest === null ? 0 : Math.max(0, now - evidence.oldest) / 1000)
    ledgerFault.set(deps.drainer.fault === undefined ? 0 : 1)
    for (const { place, failures } of deps.ledger.copies.states) copies.set(failures, { place })
    for (const { url, failures } of deps.cosigning.states) copies.set(failures, { place: url })
    for (const { url, waiting } of deps.anchoring.states) unstamped.set(waiting, { place: url })
    stored.set(lake.events)
    lakeBytes.set(lake.bytes)
    if (retention !== undefined) {
      kept.set(retention.used)
      if (retention.limit !== null) quota.set(retention.limit)
      for (const state of ['fine', 'near', 'early', 'over']) quotaState.set(retention.state === state ? 1 : 0, { state })
      heldHours.set(retention.heldHours)
      dropped.set(retention.droppedEvents)
    }
    memory.set(process.memoryUsage.rss(), { process: 'server' })
    if (lakeRss !== undefined) memory.set(lakeRss, { process: 'lake' })
    const { user, system } = process.cpuUsage()
    cpu.set((user + system) / 1e6)
    disk.set(free)
    if (backup !== undefined) lastBackup.set((JSON.parse(backup) as LastBackup).made / 1000)
  }

  return {
    answered: ({ method, route, status }) => requests.add({ method, route, status: String(status) }),
    async text() {
      await refresh()
      return metrics.text()
    },
  }
}

function correlationFigures({ rules, byReceivedTime }: PipelineStatus['correlations']): readonly (readonly [string, number])[] {
  const sum = (read: (rule: (typeof rules)[number]) => number): number => rules.reduce((all, rule) => all + read(rule), 0)
  return [
    ['without_group', sum((rule) => rule.withoutGroup)],
    ['without_value', sum((rule) => rule.withoutValue)],
    ['forgotten_events', sum((rule) => rule.evictedEvents)],
    ['forgotten_groups', sum((rule) => rule.evictedGroups)],
    ['at_received_time', byReceivedTime],
  ]
}

/** Linux says what another process has in memory (proc_pid_status(5)); elsewhere it is not known. */
async function residentBytes(pid: number | undefined): Promise<number | undefined> {
  if (pid === undefined) return undefined
  const text = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(text)?.[1]
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024
}
