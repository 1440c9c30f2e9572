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
  /** Ends what an account of Kanpeki itself is signed in with. Undefined where there is no such account in this scope. */
  readonly endSessions?: (scope: string, account: string, by: string) => Promise<number | undefined>
  readonly countSessions?: (scope: string, account: string) => Promise<number | undefined>
  readonly evidence?: EvidenceKeeper
  readonly known?: KnownFacts
}

export interface EvidenceKeeper {
  /** The events and the alert of an alert's id, as they would be kept; undefined where there is none. */
  readonly describe: (scope: string, alert: string) => Promise<{ readonly events: number } | undefined>
  /** Keeps them as one artefact; the same key keeps nothing twice. */
  readonly keep: (
    scope: string,
    alert: string,
    by: string,
    key: string,
  ) => Promise<{ readonly id: string; readonly sha256: string; readonly bytes: number }>
}

/** What this server knows by itself of an address, a name or a hash. */
export interface KnownFacts {
  readonly indicators: (scope: string, value: string) => Promise<readonly JsonObject[]>
  readonly place: (address: string) => JsonObject | undefined
}
