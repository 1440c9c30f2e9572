import type { ParamsOf, WireKind } from '../../hosts/schema.ts'
import type { AgentReceipt } from '../../kernel/agent-command.ts'
import type { JsonObject } from '../../kernel/json.ts'

/** What a responder is given. */
export interface RespondContext {
  /** The command's id and key. */
  readonly id: string
  readonly key: string
  /** A folder that only the agent's user can enter. */
  readonly folder: string
  /** Ends with the agent. */
  readonly signal: AbortSignal
  readonly count: (name: string, by?: number) => void
  readonly warn: (message: string) => void
  /** Sends a capture to the server; answers what it became there. */
  readonly upload: (file: string) => Promise<JsonObject>
  /** Takes a file from the server, no longer than `most` bytes. */
  readonly download: (path: string, file: string, most: number) => Promise<void>
  /** The agent's own events of the last minutes, oldest first. */
  readonly recent: (seconds: number) => readonly string[]
}

/**
 * One thing that an agent does when it is told to. Parameters are checked by their schema before; a responder checks what
 * is true on the host, and refuses what it must not touch. Doing the same again must change nothing more, for an agent may
 * be killed between the deed and its receipt.
 * @throws KanpekiError with a reason that people read.
 */
export type Responders = { readonly [K in WireKind]?: (params: ParamsOf<K>, context: RespondContext) => Promise<AgentReceipt> }
