import type { AgentReceipt } from '../kernel/agent-command.ts'
import { readJson } from '../platform/state/columns.ts'
import type { KnownAgent } from './commands.ts'
import { baselinesOf, type HostDb, integritiesOf, integrityOf } from './queries.ts'
import type { Drift, IntegrityReport, IntegrityView } from './schema.ts'
import type { CommandsTable, IntegrityTable } from './tables.ts'

/** What an agent said longer ago proves nothing of now; it says so each minute. */
export const INTEGRITY_STALE_MS = 900_000

/** One agent's last report; undefined where it made none. */
export async function integrityView(
  db: HostDb,
  scope: string,
  { id, name }: Pick<KnownAgent, 'id' | 'name'>,
  now: number,
): Promise<IntegrityView | undefined> {
  const row = await integrityOf(db, scope, id)
  if (row === undefined) return undefined
  const [accepted] = await baselinesOf(db, scope, [baselineOf(row)])
  return { ...viewOf(row, name, accepted, now), report: { ...reportOf(row), changes: readJson<Drift[]>(row.changes) } }
}

/** Of every agent, without the list of what changed. */
export async function integrityViews(
  db: HostDb,
  scope: string,
  agents: readonly Pick<KnownAgent, 'id' | 'name'>[],
  now: number,
): Promise<readonly IntegrityView[]> {
  const rows = new Map((await integritiesOf(db, scope)).map((row) => [row.agent, row]))
  const accepted = new Map((await baselinesOf(db, scope, [...rows.values()].map(baselineOf))).map((row) => [row.id, row]))
  return agents.flatMap(({ id, name }) => {
    const row = rows.get(id)
    return row === undefined ? [] : [viewOf(row, name, accepted.get(baselineOf(row)), now)]
  })
}

type Said = Omit<IntegrityTable, 'changes'>

const reportOf = (row: Said): IntegrityReport => ({ ...readJson<IntegrityReport>(row.report), changes: [] })
const baselineOf = (row: Said): string => reportOf(row).baseline?.command ?? ''

function viewOf(row: Said, name: string, command: CommandsTable | undefined, now: number): IntegrityView {
  const report = reportOf(row)
  return {
    agent: row.agent,
    name,
    at: new Date(row.at).toISOString(),
    stale: now - row.at > INTEGRITY_STALE_MS,
    accepted: acceptedAs(row.agent, report, command),
    report,
  }
}

/** The acceptance that the host's baseline is from: asked for here, answered by this agent with this digest. A host's word alone is none. */
function acceptedAs(agent: string, { baseline }: IntegrityReport, row: CommandsTable | undefined): IntegrityView['accepted'] {
  if (baseline === null || row === undefined || row.id !== baseline.command || row.agent !== agent) return null
  if (row.kind !== 'baseline' || row.state !== 'done' || row.receipt === null) return null
  const { digest } = readJson<AgentReceipt>(row.receipt).detail
  if (digest !== baseline.digest) return null
  return { by: row.by_name, at: new Date(row.answered ?? row.created).toISOString(), reason: row.reason, digest }
}
