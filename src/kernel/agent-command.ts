import type { JsonObject } from './json.ts'

/** What an agent may be told to do on its host. Each that changes something has its way back in `AGENT_UNDO`. */
export const AGENT_COMMAND_KINDS = [
  'kill',
  'quarantine',
  'restore',
  'isolate',
  'release',
  'block-address',
  'unblock-address',
  'disable-account',
  'enable-account',
  'collect',
] as const
export type AgentCommandKind = (typeof AGENT_COMMAND_KINDS)[number]

/** Which command takes another back; what is not here cannot be taken back. */
export const AGENT_UNDO: Partial<Readonly<Record<AgentCommandKind, AgentCommandKind>>> = {
  quarantine: 'restore',
  isolate: 'release',
  'block-address': 'unblock-address',
  'disable-account': 'enable-account',
}

/** What each command takes. All of it may come out of an alert: the agent checks it again and gives it to no shell. */
export interface AgentCommandParams {
  /**
   * `started` (milliseconds UTC, as the process's event said) keeps a number that was given to another process since from
   * being killed; `name` is compared with what runs, where given.
   */
  readonly kill: { readonly pid: number; readonly started?: number; readonly name?: string }
  /** `path` is absolute; with `sha256` (lower-case hex) only a file of that content is moved. */
  readonly quarantine: { readonly path: string; readonly sha256?: string }
  /** `item` as the receipt of `quarantine` named it in `detail.item`. */
  readonly restore: { readonly item: string }
  /**
   * What stays reachable besides the server, as networks (`10.1.0.0/16`, `2001:db8::/32`) or addresses; `dns` keeps the
   * resolvers of the host too. `deadManSeconds` is how long the server may be lost before the isolation undoes itself
   * (the agent's default where absent).
   */
  readonly isolate: { readonly allow: readonly string[]; readonly dns?: boolean; readonly deadManSeconds?: number }
  readonly release: Readonly<Record<string, never>>
  /** One address, without a network's length. */
  readonly 'block-address': { readonly address: string }
  readonly 'unblock-address': { readonly address: string }
  /** A local account's name. */
  readonly 'disable-account': { readonly account: string }
  /** `expiry` is the day that the account had in `/etc/shadow` before (days since 1970; empty for none), from the receipt's `undo`. */
  readonly 'enable-account': { readonly account: string; readonly expiry?: string }
  /**
   * `paths` are absolute; `processes` adds the list of processes with their connections and open files. `packetSeconds`
   * records traffic for so long where `tcpdump` is installed; `beforeSeconds` and `afterSeconds` take the agent's own
   * events around the moment. What is sent becomes one artefact, `detail.artefact`.
   */
  readonly collect: {
    readonly paths: readonly string[]
    readonly processes: boolean
    readonly packetSeconds?: number
    readonly beforeSeconds?: number
    readonly afterSeconds?: number
  }
}

/** One command for one host. */
export type AgentCommand = {
  [Kind in AgentCommandKind]: {
    readonly kind: Kind
    /** The agent's id, or the name of the host that it runs on where only one agent of the scope has it. */
    readonly host: string
    readonly params: AgentCommandParams[Kind]
    /** Idempotency: an agent that carried out a command of this key answers with that receipt and does nothing again; one that could not tries again. */
    readonly key: string
  }
}[AgentCommandKind]

/** What the agent did; never a secret in it. */
export interface AgentReceipt {
  /** `already`: it was so before, so that there is nothing to undo. */
  readonly outcome: 'done' | 'already'
  readonly detail: JsonObject
  /** The parameters of the command that takes it back; absent where nothing does. */
  readonly undo?: JsonObject
}

/** What the server knows of the host before anything is sent. */
export interface AgentPlan {
  readonly agent: string
  readonly host: string
  /** What else the host goes by: the name it says of itself, its agent's id. */
  readonly also?: readonly string[]
  /** Milliseconds UTC of the last sign of life; undefined if there was none. */
  readonly seen?: number
}

/** The commands of a scope's agents. Given to actions by src/app; src/agent and the server's queue carry it out. */
export interface AgentCommands {
  /** @throws KanpekiError `not_found` (no agent there, or several of this name), `agent_refuses` (this kind is not allowed to it). */
  plan(scope: string, command: AgentCommand): Promise<AgentPlan>
  /**
   * Leaves the command for the agent, durably, and waits for its receipt until `signal` ends. Repeating it with the same
   * key leaves nothing twice and answers with the first one's receipt; where that ended without one (it failed, ran out, was
   * withdrawn) it is asked for anew. A signal that ends by a stop (`stopped`) takes back what the agent has not fetched yet.
   * @throws KanpekiError as `plan`, `agent_failed` (it tried and could not, with its words), `agent_silent` (it has not answered by
   *   then; what was left stays for it).
   */
  send(scope: string, command: AgentCommand, by: string, signal: AbortSignal): Promise<AgentReceipt>
  /** The receipt of a command of this key, if its agent answered. */
  find(scope: string, key: string): Promise<AgentReceipt | undefined>
  /** Takes back the command of this key where its agent has not fetched it yet. @returns whether there was one. */
  cancel(scope: string, key: string, by: string): Promise<boolean>
}
