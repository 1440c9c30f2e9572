import type { AgentCommands } from '../../kernel/agent-command.ts'
import type { JsonObject } from '../../kernel/json.ts'
import type { Outgoing } from '../../platform/outgoing/outgoing.ts'
import type { Connections } from '../connections/connections.ts'

/** What response actions are given. What is undefined is not to be had here, and the action says so when it is planned. */
export interface ActionDeps {
  readonly connections: Connections
  readonly outgoing: Outgoing
  /** Where lists for `kanpeki waf --deny-list` lie. */
  readonly wafFolder: string
  readonly agents?: AgentCommands
  /** Sends through the mail server that is set up; `id` becomes the Message-ID. */
  readonly mail?: (
    mail: { readonly to: readonly string[]; readonly subject: string; readonly text: string },
    id: string,
  ) => Promise<void>
  /** Of accounts of Kanpeki itself; undefined for a name that is none of this scope. */
  readonly sessions?: {
    readonly count: (scope: string, account: string) => Promise<number | undefined>
    readonly end: (scope: string, account: string, by: string) => Promise<number | undefined>
  }
  readonly evidence?: EvidenceKeeper
  readonly known?: KnownFacts
  /** Name servers to ask; the system's where absent. */
  readonly nameServers?: readonly string[]
}

export interface EvidenceKeeper {
  /** How many events an alert names; undefined where there is no such alert. */
  readonly look: (scope: string, alert: string) => Promise<{ readonly events: number } | undefined>
  /** Keeps the alert and its events as one artefact. */
  readonly keep: (scope: string, alert: string, name: string, by: string) => Promise<KeptEvidence>
  /** The artefact of this name, if there is one. */
  readonly find: (scope: string, name: string) => Promise<KeptEvidence | undefined>
}

export interface KeptEvidence {
  readonly id: string
  readonly sha256: string
  readonly bytes: number
}

/** What this server knows by itself of an address, a name or a hash. */
export interface KnownFacts {
  readonly indicators: (scope: string, value: string) => Promise<readonly JsonObject[]>
  readonly place: (address: string) => JsonObject | undefined
}
