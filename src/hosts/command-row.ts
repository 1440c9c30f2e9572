import type { AgentReceipt } from '../kernel/agent-command.ts'
import type { Evidence } from '../kernel/evidence.ts'
import type { JsonObject } from '../kernel/json.ts'
import { readJson } from '../platform/state/columns.ts'
import type { CommandText, CommandView } from './schema.ts'
import type { CommandsTable } from './tables.ts'

const time = (ms: number): string => new Date(ms).toISOString()
const orNull = (ms: number | null): string | null => (ms === null ? null : time(ms))

/** What is signed for the agent; the same each time it is handed out. */
export function textOf(row: CommandsTable): string {
  const text: CommandText = {
    v: 1,
    id: row.id,
    agent: row.agent,
    kind: row.kind,
    params: readJson<JsonObject>(row.params),
    key: row.key,
    issued: row.created,
    expires: row.expires,
  }
  return JSON.stringify(text)
}

export const receiptOf = (row: CommandsTable): AgentReceipt | undefined =>
  row.receipt === null ? undefined : readJson<AgentReceipt>(row.receipt)

export function viewOf(row: CommandsTable): CommandView {
  const receipt = receiptOf(row)
  return {
    id: row.id,
    agent: row.agent,
    kind: row.kind,
    params: readJson<JsonObject>(row.params),
    key: row.key,
    by: row.by_name,
    reason: row.reason,
    state: row.state,
    created: time(row.created),
    given: orNull(row.given),
    answered: orNull(row.answered),
    expires: time(row.expires),
    receipt: receipt === undefined ? null : { ...receipt },
    failed: row.failed,
  }
}

/** One entry for each command, and one for what came of it. What a question brought is not in the ledger: who asked is. */
export function commandEvidence(row: CommandsTable, now: number, action: string, by: JsonObject, more: JsonObject): Evidence {
  const { id, agent, kind } = row
  return {
    type: 'admin',
    scope: row.scope,
    observed: now,
    received: now,
    body: { action, by, command: id, agent, kind, ...more },
  }
}
