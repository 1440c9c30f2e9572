import { randomUUID } from 'node:crypto'
import type { AgentCommand, AgentCommands, AgentPlan, AgentReceipt } from '../kernel/agent-command.ts'
import type { Clock } from '../kernel/clock.ts'
import { KanpekiError } from '../kernel/error.ts'
import type { JsonObject } from '../kernel/json.ts'
import { jsonText, readJson } from '../platform/state/columns.ts'
import { recordEvidence } from '../platform/state/outbox.ts'
import type { State } from '../platform/state/state.ts'
import { createWaiters } from '../platform/waiters.ts'
import type { CommandKey } from './command-key.ts'
import { commandEvidence, receiptOf, textOf } from './command-row.ts'
import {
  commandById,
  commandByKey,
  forgetAnswers,
  insertCommand,
  keepStatus,
  leaveKey,
  moveCommand,
  openCommands,
  otherHostsSince,
  overdueCommands,
  statusesOf,
} from './queries.ts'
import { type AgentStatus, type Deed, PARAMS, type ReceiptMessage, type Signed, type WireKind } from './schema.ts'
import type { CommandsTable, HostTables } from './tables.ts'

/** An enrolled agent that is not revoked. */
export interface KnownAgent {
  readonly id: string
  readonly scope: string
  readonly name: string
  readonly lastSeen: number | null
}

export interface Actor {
  readonly id: string
  readonly name: string
}

export interface CommandsDeps {
  readonly state: State
  readonly clock: Clock
  readonly key: CommandKey
  readonly agents: (scope: string) => Promise<readonly KnownAgent[]>
  /** Something was recorded. */
  readonly changed: () => void
}

export interface Asked {
  readonly kind: WireKind
  readonly params: unknown
  readonly key?: string | undefined
  readonly reason?: string | undefined
}

/** The server's side of what agents are told to do: a durable queue for each, and what came of it. */
export interface Commands extends AgentCommands {
  /** Leaves a command for an agent. @throws KanpekiError `not_found`, `agent_refuses`, `agent_params`, `agent_limit`. */
  readonly ask: (scope: string, host: string, asked: Asked, by: Actor) => Promise<CommandsTable>
  /** The command once it is answered, or as it stands when `signal` ends. */
  readonly answered: (scope: string, id: string, signal: AbortSignal) => Promise<CommandsTable>
  readonly withdraw: (scope: string, id: string, by: Actor) => Promise<CommandsTable>
  /** What an agent is to do now; waits until there is something or `signal` ends. Only ever its own. */
  readonly take: (
    agent: KnownAgent,
    status: AgentStatus,
    busy: readonly string[],
    signal: AbortSignal,
  ) => Promise<readonly Signed[]>
  /** Something else waits for an agent: its request comes back now. */
  readonly wake: () => void
  /** @throws KanpekiError `not_found` for a command of another agent. */
  readonly receive: (agent: KnownAgent, message: ReceiptMessage) => Promise<void>
  /** Takes down what an agent did by itself: a command that was never asked for, with its receipt. Twice the same is one. */
  readonly report: (agent: KnownAgent, deed: Deed) => Promise<void>
  /** Marks those that ran out of time, and forgets answers to questions. */
  readonly sweep: () => Promise<void>
}

const LIFE_MS: Readonly<Partial<Record<WireKind, number>>> = { query: 60_000 }
const USUAL_LIFE_MS = 3_600_000
const ANSWERS_KEPT_MS = 86_400_000
const MOST_AT_ONCE = 20
const STATUS_EVERY_MS = 60_000
/** However they came to be asked for: no fault of a playbook or a stolen session cuts off a whole company. */
export const MOST_HOSTS_AN_HOUR = 50
const HOUR_MS = 3_600_000
/** What is counted; what takes something back never waits. */
const LIMITED: readonly WireKind[] = ['kill', 'quarantine', 'isolate', 'block-address', 'disable-account', 'update']

/** How a command ends that did nothing, as far as anybody knows. */
const WITHOUT_RECEIPT: readonly CommandsTable['state'][] = ['failed', 'expired', 'withdrawn']

/** A host's clock can say anything. */
const timeOf = (ms: number): string => new Date(Math.min(Math.max(ms, 0), 8.64e15)).toISOString()

const wasStopped = ({ aborted, reason }: AbortSignal): boolean =>
  aborted && reason instanceof KanpekiError && reason.code === 'stopped'

export function createCommands({ state, clock, key, agents, changed }: CommandsDeps): Commands {
  const db = state.tables<HostTables>()
  /** Woken after anything changed in the queue. */
  const { wake, next: change } = createWaiters()
  const kept = new Map<string, { readonly at: number; readonly text: string }>()

  async function agentFor(
    scope: string,
    host: string,
  ): Promise<{ agent: KnownAgent; status: AgentStatus | undefined; at: number }> {
    const all = await agents(scope)
    const statuses = new Map((await statusesOf(db, scope)).map((row) => [row.agent, row]))
    const statusFor = (id: string): AgentStatus | undefined => {
      const row = statuses.get(id)
      return row === undefined ? undefined : readJson<AgentStatus>(row.status)
    }
    // What an agent says of its host counts last: it may say the name of another.
    const found =
      [
        all.filter(({ id }) => id === host),
        all.filter(({ name }) => name === host),
        all.filter(({ id }) => statusFor(id)?.host === host),
      ].find((some) => some.length > 0) ?? []
    const [agent] = found
    if (agent === undefined || found.length > 1)
      throw new KanpekiError('not_found', found.length > 1 ? `Several agents are called ${host}.` : `No agent runs on ${host}.`, {
        remedy: found.length > 1 ? "Name it by its id: 'kanpeki agents list'." : "Enrol one: 'kanpeki agent enrol'.",
      })
    return { agent, status: statusFor(agent.id), at: statuses.get(agent.id)?.at ?? 0 }
  }

  async function checked(scope: string, host: string, { kind, params }: Asked) {
    const parsed = PARAMS[kind].safeParse(params)
    if (!parsed.success) {
      const [issue] = parsed.error.issues
      throw new KanpekiError('agent_params', `The parameters of ${kind} are wrong: ${issue?.message ?? 'not as expected'}.`, {
        place: { field: ['params', ...(issue?.path ?? [])].join('.') },
      })
    }
    const found = await agentFor(scope, host)
    if (found.status !== undefined && !found.status.kinds.includes(kind))
      throw new KanpekiError('agent_refuses', `The agent on ${found.agent.name} is not allowed to ${kind}.`, {
        remedy: "Its host's own agent.json says so, under respond.kinds.",
      })
    return { ...found, params: parsed.data as JsonObject }
  }

  /** @param anew asks again where the command of this key ended without a receipt; else that one is the answer. */
  async function ask(scope: string, host: string, asked: Asked, by: Actor, anew = false): Promise<CommandsTable> {
    const { agent, params } = await checked(scope, host, asked)
    const now = clock.now()
    const { kind, reason = null } = asked
    const commandKey = asked.key ?? randomUUID()
    const row: CommandsTable = {
      id: randomUUID(),
      scope,
      agent: agent.id,
      kind,
      params: jsonText(params),
      key: commandKey,
      by_id: by.id,
      by_name: by.name,
      reason,
      state: 'waiting',
      created: now,
      expires: now + (LIFE_MS[kind] ?? USUAL_LIFE_MS),
      given: null,
      answered: null,
      receipt: null,
      failed_code: null,
      failed: null,
    }
    const left = await state.transaction<HostTables, CommandsTable>(async (trx) => {
      const before = await commandByKey(trx, scope, commandKey)
      if (before !== undefined) {
        if (before.kind !== kind || before.agent !== agent.id || before.params !== row.params)
          throw new KanpekiError('conflict', 'This key belongs to another command.')
        if (!anew || !WITHOUT_RECEIPT.includes(before.state)) return before
        await leaveKey(trx, before)
      }
      if (LIMITED.includes(kind) && (await otherHostsSince(trx, row, LIMITED, now - HOUR_MS)) >= MOST_HOSTS_AN_HOUR)
        throw new KanpekiError(
          'agent_limit',
          `Commands went to ${MOST_HOSTS_AN_HOUR} hosts within the hour; no more are changed.`,
          {
            remedy: 'Look at what asks for that. It works again when the hour has passed.',
          },
        )
      await insertCommand(trx, row)
      const until = new Date(row.expires).toISOString()
      const said: JsonObject = { name: agent.name, params, until, ...(reason === null ? {} : { reason }) }
      const action = kind === 'query' ? 'agent.query' : 'agent.command'
      await recordEvidence(trx, [commandEvidence(row, now, action, { ...by }, said)], clock)
      return row
    })
    changed()
    wake()
    return left
  }

  async function known(scope: string, id: string): Promise<CommandsTable> {
    const row = await commandById(db, scope, id)
    if (row === undefined) throw new KanpekiError('not_found', `There is no command ${id}.`)
    return row
  }

  async function answered(scope: string, id: string, signal: AbortSignal): Promise<CommandsTable> {
    for (;;) {
      const next = change(signal)
      const row = await known(scope, id)
      if (signal.aborted || (row.state !== 'waiting' && row.state !== 'given')) return row
      await next
    }
  }

  async function withdraw(scope: string, id: string, by: Actor): Promise<CommandsTable> {
    const row = await known(scope, id)
    const now = clock.now()
    await state.transaction<HostTables, void>(async (trx) => {
      if (!(await moveCommand(trx, id, { state: 'withdrawn', answered: now }, ['waiting'])))
        throw new KanpekiError('conflict', 'The agent has it already, or it is over.')
      await recordEvidence(trx, [commandEvidence(row, now, 'agent.withdraw', { ...by }, {})], clock)
    })
    changed()
    wake()
    return await known(scope, id)
  }

  function receiptFrom(row: CommandsTable): AgentReceipt {
    const receipt = receiptOf(row)
    if (receipt !== undefined) return receipt
    if (row.state === 'waiting' || row.state === 'given')
      throw new KanpekiError('agent_silent', 'The agent has not answered yet; the command stays for it until it expires.', {
        remedy: 'Look on the Hosts page whether the host is there.',
      })
    throw new KanpekiError('agent_failed', row.failed ?? `The command is ${row.state}.`)
  }

  return {
    ask,
    answered,
    wake,
    async plan(scope: string, command: AgentCommand): Promise<AgentPlan> {
      const { agent, status, at } = await checked(scope, command.host, command)
      const seen = Math.max(at, agent.lastSeen ?? 0)
      const also = [agent.id, ...(status === undefined || status.host === agent.name ? [] : [status.host])]
      return { agent: agent.id, host: agent.name, also, ...(seen === 0 ? {} : { seen }) }
    },
    async send(scope: string, command: AgentCommand, by: string, signal: AbortSignal): Promise<AgentReceipt> {
      const who = { id: by, name: by }
      const row = await ask(scope, command.host, command, who, true)
      const left = await answered(scope, row.id, signal)
      // Stopped by a person: nothing that was not begun yet happens on the host an hour later.
      if (left.state === 'waiting' && wasStopped(signal)) await withdraw(scope, row.id, who).catch(() => {})
      return receiptFrom(await known(scope, row.id))
    },
    async find(scope: string, commandKey: string): Promise<AgentReceipt | undefined> {
      const row = await commandByKey(db, scope, commandKey)
      return row === undefined ? undefined : receiptOf(row)
    },
    async cancel(scope: string, commandKey: string, by: string): Promise<boolean> {
      const row = await commandByKey(db, scope, commandKey)
      if (row?.state !== 'waiting') return false
      try {
        await withdraw(scope, row.id, { id: by, name: by })
        return true
      } catch (error) {
        // Its agent was quicker.
        if (error instanceof KanpekiError && error.code === 'conflict') return false
        throw error
      }
    },
    withdraw,
    async take(agent, status, busy, signal) {
      const text = jsonText(status)
      const before = kept.get(agent.id)
      const now = clock.now()
      if (before === undefined || before.text !== text || now - before.at > STATUS_EVERY_MS) {
        await keepStatus(db, { agent: agent.id, scope: agent.scope, at: now, status: text })
        kept.set(agent.id, { at: now, text })
      }
      const next = change(signal)
      const idle = async (): Promise<CommandsTable[]> =>
        (await openCommands(db, agent.id, clock.now(), MOST_AT_ONCE + busy.length)).filter(({ id }) => !busy.includes(id))
      let rows = await idle()
      if (rows.length === 0 && !signal.aborted) {
        await next
        rows = await idle()
      }
      for (const { id, state: stands } of rows)
        if (stands === 'waiting') await moveCommand(db, id, { state: 'given', given: clock.now() }, ['waiting'])
      return rows.map((row) => key.sign('command', textOf(row)))
    },
    async receive(agent, { id, result }) {
      const row = await commandById(db, agent.scope, id)
      // Whether there is such a command of another agent is nothing that this one is told.
      if (row === undefined || row.agent !== agent.id)
        throw new KanpekiError('not_found', 'There is no such command for this agent.')
      const now = clock.now()
      const outcome: Partial<CommandsTable> =
        'receipt' in result
          ? { state: 'done', receipt: jsonText(result.receipt) }
          : { state: 'failed', failed_code: result.failed.code, failed: result.failed.message }
      await state.transaction<HostTables, void>(async (trx) => {
        // An answer that comes after its command ran out is what happened all the same.
        if (!(await moveCommand(trx, id, { ...outcome, answered: now }, ['waiting', 'given', 'expired']))) return
        const said: JsonObject =
          'receipt' in result
            ? { outcome: result.receipt.outcome, ...(row.kind === 'query' ? {} : { detail: result.receipt.detail }) }
            : { outcome: 'failed', why: result.failed.message }
        await recordEvidence(
          trx,
          [commandEvidence(row, now, 'agent.receipt', { id: agent.id, name: agent.name }, { name: agent.name, ...said })],
          clock,
        )
      })
      changed()
      wake()
    },
    async report(agent, { id, key: deedKey, kind, params, rule, event, found, done, result }) {
      const parsed = PARAMS[kind].safeParse(params)
      if (!parsed.success) throw new KanpekiError('agent_params', `The parameters of ${kind} are wrong.`)
      const now = clock.now()
      const row: CommandsTable = {
        id,
        scope: agent.scope,
        agent: agent.id,
        kind,
        params: jsonText(parsed.data as JsonObject),
        key: `${agent.id} ${deedKey}`,
        by_id: `rule:${rule.id}`,
        by_name: rule.title,
        reason: `event ${event}`,
        ...('receipt' in result
          ? { state: 'done', receipt: jsonText(result.receipt), failed_code: null, failed: null }
          : { state: 'failed', receipt: null, failed_code: result.failed.code, failed: result.failed.message }),
        created: now,
        expires: now,
        given: now,
        answered: now,
      }
      const said: JsonObject = {
        name: agent.name,
        params,
        rule,
        event,
        found: timeOf(found),
        done: timeOf(done),
        ...('receipt' in result
          ? { outcome: result.receipt.outcome, detail: result.receipt.detail }
          : { outcome: 'failed', why: result.failed.message }),
      }
      const taken = await state.transaction<HostTables, boolean>(async (trx) => {
        if ((await commandByKey(trx, row.scope, row.key)) !== undefined) return false
        await insertCommand(trx, row)
        await recordEvidence(trx, [commandEvidence(row, now, 'agent.stopped', { id: agent.id, name: agent.name }, said)], clock)
        return true
      })
      if (taken) changed()
    },
    async sweep() {
      const now = clock.now()
      await forgetAnswers(db, now - ANSWERS_KEPT_MS)
      const rows = await overdueCommands(db, now)
      if (rows.length === 0) return
      await state.transaction<HostTables, void>(async (trx) => {
        for (const row of rows) {
          if (!(await moveCommand(trx, row.id, { state: 'expired', answered: now }))) continue
          const by = { id: 'kanpeki', name: 'Kanpeki' }
          await recordEvidence(trx, [commandEvidence(row, now, 'agent.expire', by, {})], clock)
        }
      })
      changed()
      wake()
    },
  }
}
