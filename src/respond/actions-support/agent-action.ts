import { z } from 'zod'
import type { Action, ActionPlan, ActionReceipt, ActionTarget } from '../../kernel/action.ts'
import {
  AGENT_UNDO,
  type AgentCommand,
  type AgentCommandKind,
  type AgentCommandParams,
  type AgentCommands,
  type AgentReceipt,
} from '../../kernel/agent-command.ts'
import { KanpekiError } from '../../kernel/error.ts'
import type { JsonObject } from '../../kernel/json.ts'
import type { ActionDeps } from './deps.ts'
import { oneLine } from './plain-text.ts'

/** An agent's id or the name of its host. */
export const hostInput = z
  .string()
  .trim()
  .min(1)
  .max(253)
  .refine((text) => oneLine(text, 253) === text, { error: 'This is no name of a host.' })

/** An absolute path of a host; what it may mean there is the agent's to judge. */
export const pathInput = z
  .string()
  .min(1)
  .max(4096)
  .refine((text) => text.startsWith('/') && !text.includes('\0'), { error: 'A path begins with /.' })

interface AgentActionSpec<K extends AgentCommandKind, Input extends { readonly host: string }> {
  readonly id: string
  readonly title: Action['title']
  readonly kind: K
  readonly input: z.ZodType<Input>
  readonly params: (input: Input) => AgentCommandParams[K]
  readonly targets: (input: Input, host: string) => readonly ActionTarget[]
  readonly summary: (input: Input, host: string) => ActionPlan['summary']
}

/** An action that an agent carries out on its host; the step's key keeps the agent from doing it twice. */
export function agentAction<K extends AgentCommandKind, Input extends { readonly host: string }>(
  { agents }: ActionDeps,
  { id, title, kind, input, params, targets, summary }: AgentActionSpec<K, Input>,
): Action<Input> {
  const known = (): AgentCommands => {
    if (agents !== undefined) return agents
    throw new KanpekiError('no_connection', 'No agent can be reached from here.', { remedy: 'Enrol an agent on the host.' })
  }
  const way = AGENT_UNDO[kind]
  const command = (asked: Input, key: string): AgentCommand =>
    ({ kind, host: asked.host, params: params(asked), key }) as unknown as AgentCommand
  return {
    id,
    title,
    input,
    repeats: 'key',
    async plan(asked, { scope, key }) {
      const { host, also = [] } = await known().plan(scope, command(asked, key))
      const { en, ja } = summary(asked, host)
      // Names of files and processes may hold anything.
      const said = { en: oneLine(en, 500), ja: oneLine(ja, 500) }
      const on = [...new Set([host, asked.host, ...also])]
      return {
        summary: said,
        targets: targets(asked, host).map((target) => (target.kind === 'nothing' ? target : { ...target, on })),
        reversible: way !== undefined,
      }
    },
    async run(asked, { scope, key, by, signal }) {
      return receiptOf(asked.host, await known().send(scope, command(asked, key), by, signal))
    },
    async find(asked, { scope, key }) {
      const found = await known().find(scope, key)
      return found === undefined ? undefined : receiptOf(asked.host, found)
    },
    ...(way === undefined
      ? {}
      : {
          async undo(receipt: ActionReceipt, { scope, key, by, signal }) {
            const kept = receipt.undo as { readonly host: string; readonly params: JsonObject }
            const back = { kind: way, host: kept.host, params: kept.params, key: `${key}-undo` } as unknown as AgentCommand
            const { outcome, detail } = await known().send(scope, back, by, signal)
            return { outcome, detail }
          },
        }),
  }
}

function receiptOf(host: string, { outcome, detail, undo }: AgentReceipt): ActionReceipt {
  return {
    outcome,
    detail: { host, ...detail },
    ...(undo === undefined || outcome === 'already' ? {} : { undo: { host, params: undo } }),
  }
}
