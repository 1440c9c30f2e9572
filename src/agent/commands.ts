import { join } from 'node:path'
import { isSigned, successorOf } from '../hosts/command-key.ts'
import {
  type AgentStatus,
  type CommandText,
  commandTextSchema,
  PARAMS,
  type PollReply,
  pollReplySchema,
  type ReceiptMessage,
  type Signed,
} from '../hosts/schema.ts'
import type { AgentReceipt } from '../kernel/agent-command.ts'
import { KanpekiError, messageOf } from '../kernel/error.ts'
import { backoffMs, realWait } from '../platform/backoff.ts'
import type { Log } from '../platform/log.ts'
import type { Identity } from './identity.ts'
import { readKept, writeKept } from './kept.ts'
import { type Link, openLink } from './link.ts'
import { anyPolicyTextSchema, type Policy } from './policy.ts'
import type { RespondContext, Responders } from './respond/responder.ts'
import { forgetPending, readPending } from './update/pending.ts'

export interface Following {
  readonly folder: string
  readonly identity: () => Identity
  /** Takes the server's key for commands: the first one, or the one that the known one named. */
  readonly pin: (key: string) => Promise<void>
  readonly status: () => AgentStatus
  readonly responders: Responders
  readonly policy: (policy: Policy | undefined) => Promise<void>
  /** Tells of something as an event. */
  readonly tell: (action: string, reason: string) => void
  /** The server answered. */
  readonly reached: () => Promise<void>
  /** Longest time between two requests, milliseconds: what an isolation's switch needs. */
  readonly patience: () => number
  readonly addresses: () => readonly string[] | undefined
  readonly recent: RespondContext['recent']
  /** This is a new version that is only tried: the update it came by is somebody else's to answer. */
  readonly trial: boolean
  readonly count: (name: string, by?: number) => void
  readonly signal: AbortSignal
  readonly log: Log
}

type Result = ReceiptMessage['result']
interface Done {
  readonly id: string
  readonly at: number
  readonly sent: boolean
  readonly result: Result
}

const BACKOFF = { firstMs: 500, maxMs: 10_000 }
const KEPT_MS = 7 * 86_400_000
const MOST_KEPT = 500
/** After a command that nobody vouches for: it stays in the queue, and must not become a loop. */
const REFUSED_PAUSE_MS = 5_000
const LONG: ReadonlySet<CommandText['kind']> = new Set(['collect', 'query', 'update'])

/**
 * Takes commands from the server until the signal ends. What is taken must be signed by the key that was learnt at the first
 * contact, name this agent, and not have run out by the server's clock. Its result is durable before it is told, and what
 * was carried out is never carried out again by a command of the same key.
 */
export async function followCommands(following: Following): Promise<void> {
  const { folder, identity, signal, log, count, patience } = following
  const file = join(folder, 'commands.json')
  const done = await readDone(file)
  const working = new Map<string, Promise<void>>()
  let line: Promise<void> = Promise.resolve()
  let shown = identity()
  const open = (): Link => openLink({ ...shown, addresses: following.addresses })
  let link = open()

  const held: string[] = []
  const told = { unknownKey: false }
  let reached = false
  const keep = async (key: string, entry: Done): Promise<void> => {
    done.set(key, entry)
    for (const [old, { at, sent }] of done) if ((sent && Date.now() - at > KEPT_MS) || done.size > MOST_KEPT) done.delete(old)
    await writeKept(file, new Map([...done].map(([name, value]) => [name, JSON.stringify(value)])))
  }
  /** What came of an update that was begun before this start. */
  const takeUp = async (): Promise<void> => {
    const pending = await readPending(folder)
    if (pending === undefined) return
    if (following.trial) return void held.push(pending.id)
    const lost = { failed: { code: 'agent_failed', message: 'The agent ended while the new version was tried.' } }
    await keep(pending.key, { id: pending.id, at: Date.now(), sent: false, result: pending.result ?? lost })
    await forgetPending(folder)
  }
  const tell = async (key: string, entry: Done): Promise<void> => {
    const message: ReceiptMessage = { id: entry.id, result: entry.result }
    const { status, text } = await link.post('/api/v1/agent-link/receipts', JSON.stringify(message), JSON_BODY)
    // The server does not know it any more: nobody waits for it.
    if (status !== 200 && status !== 404) throw new Error(`the server answers ${status}: ${text.slice(0, 200)}`)
    // While it was told the same may have been tried again: what came of that is not forgotten for this.
    if (!entry.sent && done.get(key)?.result === entry.result)
      await keep(key, { ...entry, sent: true, result: remembered(entry.result) })
  }
  const carryOut = async (command: CommandText): Promise<void> => {
    const result = await resultOf(command, following, link)
    count('receipt' in result ? 'commands.done' : 'commands.failed')
    const entry: Done = { id: command.id, at: Date.now(), sent: false, result }
    await keep(command.key, entry)
    await tell(command.key, entry)
  }
  const start = (command: CommandText): void => {
    const last = done.get(command.key)
    // What could not be done is tried again where it is asked for again; what was done never is.
    const before = last !== undefined && ('receipt' in last.result || last.id === command.id) ? last : undefined
    const work = async (): Promise<void> => {
      try {
        await (before === undefined ? carryOut(command) : tell(command.key, { ...before, id: command.id }))
      } catch (error) {
        log.warn(`the receipt of a command could not be told yet: ${messageOf(error)}`)
      } finally {
        working.delete(command.id)
      }
    }
    if (LONG.has(command.kind)) working.set(command.id, work())
    else {
      line = line.then(work)
      working.set(command.id, line)
    }
  }
  const take = async (): Promise<void> => {
    // The first is answered at once: a version that is tried waits for it, and so does what was done before a restart.
    const wait = reached ? Math.min(25, Math.max(0, patience() / 1_000)) : 0
    const body = JSON.stringify({ status: following.status(), wait, busy: [...held, ...working.keys()] })
    const { status, text } = await link.post('/api/v1/agent-link/poll', body, JSON_BODY)
    if (status !== 200) throw new Error(`the server answers ${status}: ${text.slice(0, 200)}`)
    reached = true
    await following.reached()
    const reply = pollReplySchema.parse(JSON.parse(text))
    const key = await keyIn(reply, following, told)
    if (reply.policy !== null) await takePolicy(reply.policy, key, following)
    for (const signed of reply.commands) {
      const command = commandIn(signed, key, identity().id, reply.now)
      if (typeof command === 'string') {
        count('commands.refused')
        log.warn(`a command is refused: ${command}`)
        await realWait(REFUSED_PAUSE_MS, signal)
      } else if (!working.has(command.id)) start(command)
    }
    for (const [commandKey, entry] of done) if (!entry.sent && !working.has(entry.id)) await tell(commandKey, entry)
  }

  // A request that the server keeps open must not keep the agent from ending.
  signal.addEventListener('abort', () => link.close())
  await takeUp()
  for (let failures = 0; !signal.aborted; ) {
    if (identity() !== shown) {
      link.close()
      shown = identity()
      link = open()
    }
    try {
      await take()
      failures = 0
      continue
    } catch (error) {
      if (failures === 0 && !signal.aborted) log.warn(`commands: ${messageOf(error)}`)
    }
    await realWait(Math.min(backoffMs(failures, Math.random, BACKOFF), patience()), signal)
    failures += 1
  }
  link.close()
}

/** What is kept of a result that was told: that it was, where it is long (an answer to a question). */
function remembered(result: Result): Result {
  if (!('receipt' in result) || JSON.stringify(result).length < 10_000) return result
  return { receipt: { outcome: result.receipt.outcome, detail: {} } }
}

/** The key that commands must be signed with. What the known one has named is taken for good: then nothing of the old one counts any more. */
async function keyIn(
  { key: shown, successions = [] }: PollReply,
  { identity, pin, count, log, tell }: Following,
  told: { unknownKey: boolean },
): Promise<string> {
  const known = identity().commandKey
  const key = known === undefined ? shown : successorOf(known, successions)
  if (key !== known) {
    await pin(key)
    if (known !== undefined) log.info('the server signs commands with a new key, which the old one named')
  }
  if (key !== shown) {
    count('commands.unknownKey')
    // Once: it asks again and again.
    if (!told.unknownKey) {
      log.warn(UNKNOWN_KEY)
      tell('agent-command-key-unknown', UNKNOWN_KEY)
    }
  }
  told.unknownKey = key !== shown
  return key
}

const UNKNOWN_KEY = 'The server shows a key for commands that the known one did not name: none of its commands is carried out.'

const JSON_BODY = { 'content-type': 'application/json' }

/** The command, or why it is none for us. */
function commandIn(signed: Signed, key: string, agent: string, now: number): CommandText | string {
  if (!isSigned('command', signed, key)) return 'its signature is not of the server that this agent enrolled with'
  const { data } = commandTextSchema.safeParse(JSON.parse(signed.text))
  if (data === undefined) return 'it cannot be read'
  if (data.agent !== agent) return 'it is for another agent'
  return data.expires <= now ? 'its time is over' : data
}

async function takePolicy(signed: Signed, key: string, { policy, identity, count, log }: Following): Promise<void> {
  const { data } = isSigned('policy', signed, key) ? anyPolicyTextSchema.safeParse(JSON.parse(signed.text)) : { data: undefined }
  if (data === undefined || data.agent !== identity().id) {
    count('policies.refused')
    log.warn('a policy is refused: it is not signed for this agent, or cannot be read')
    return
  }
  await policy(data.policy === '' ? undefined : data)
}

async function resultOf(command: CommandText, following: Following, link: Link): Promise<Result> {
  const { folder, responders, signal, count, log, recent, status } = following
  try {
    const responder = responders[command.kind] as
      | ((params: unknown, context: RespondContext) => Promise<AgentReceipt>)
      | undefined
    if (responder === undefined || !status().kinds.includes(command.kind))
      throw new KanpekiError('agent_refuses', `This host's settings do not allow ${command.kind}.`)
    const params: unknown = PARAMS[command.kind].parse(command.params)
    const context: RespondContext = {
      id: command.id,
      key: command.key,
      folder,
      signal,
      count,
      warn: (message) => log.warn(message),
      recent,
      download: link.download,
      upload: async (path) => await link.upload(`/api/v1/agent-link/captures/${command.id}`, path),
    }
    const { outcome, detail, undo } = await responder(params, context)
    return { receipt: { outcome, detail, ...(undo === undefined ? {} : { undo }) } }
  } catch (error) {
    const code = error instanceof KanpekiError ? error.code : 'agent_failed'
    return { failed: { code, message: messageOf(error).slice(0, 2_000) } }
  }
}

async function readDone(file: string): Promise<Map<string, Done>> {
  const kept = (await readKept(file)) ?? new Map<string, string>()
  return new Map([...kept].map(([key, text]) => [key, JSON.parse(text) as Done]))
}
