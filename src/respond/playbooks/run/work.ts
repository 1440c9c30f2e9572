import type { Action } from '../../../kernel/action.ts'
import { KanpekiError } from '../../../kernel/error.ts'
import type { JsonObject, JsonValue } from '../../../kernel/json.ts'
import { isJsonObject } from '../../../kernel/json.ts'
import { httpInput } from '../commands/http-input.ts'
import { targetsOf } from '../language/check.ts'
import { type ActionStep, type Command, EXTENSION_KEY, type Playbook } from '../language/form.ts'
import { resolve, type Variables } from '../language/values.ts'

/** What a command of a step comes to: an action with its input, or something that a person does. */
export type Work =
  | { readonly kind: 'action'; readonly action: Action; readonly input: JsonValue }
  | { readonly kind: 'manual'; readonly text: string }

/** Actions by their ids, and those behind CACAO's own commands; a command that is absent here is refused. */
export interface Doers {
  readonly actions: ReadonlyMap<string, Action>
  readonly commands: Partial<Readonly<Record<'http-api' | 'bash' | 'ssh' | 'sigma' | 'yara', Action>>>
}

/**
 * What a step does, one for each of its commands, with its variables put in.
 * @throws KanpekiError `variable`, `unknown_action`, `not_run_here`.
 */
export function worksOf(step: ActionStep, playbook: Playbook, variables: Variables, doers: Doers): readonly Work[] {
  const extension = step[EXTENSION_KEY]
  if (extension?.action !== undefined) {
    const action = doers.actions.get(extension.action)
    if (action === undefined)
      throw new KanpekiError('unknown_action', `There is no action ${extension.action}.`, {
        remedy: 'Set it up, or change the playbook.',
      })
    return [{ kind: 'action', action, input: resolve((extension.input ?? {}) as JsonValue, variables) }]
  }
  return (step.commands ?? []).map((command) => workOf(command, step, playbook, variables, doers))
}

function workOf(command: Command, step: ActionStep, playbook: Playbook, variables: Variables, doers: Doers): Work {
  switch (command.type) {
    case 'manual':
      return { kind: 'manual', text: String(resolve(commandText(command), variables)) }
    case 'http-api':
    case 'openc2-http': {
      const input = httpInput(command, step, playbook, variables)
      const action = needed(doers.commands['http-api'], command.type)
      const repeats = step[EXTENSION_KEY]?.repeats ?? (isSafe(input) ? 'repeat' : 'once')
      return { kind: 'action', action: { ...action, id: command.type, repeats }, input }
    }
    case 'bash':
      // Words are split before values are put in, so that a value can never be more than one word.
      return {
        kind: 'action',
        action: needed(doers.commands.bash, 'bash'),
        input: { argv: wordsOf(commandText(command)).map((word) => argument(word, variables)) },
      }
    case 'ssh': {
      const action = needed(doers.commands.ssh, 'ssh')
      const repeats = step[EXTENSION_KEY]?.repeats ?? action.repeats
      const argv = wordsOf(commandText(command)).map((word) => argument(word, variables))
      return { kind: 'action', action: { ...action, repeats }, input: { argv, on: hostsOf(playbook, step, variables) } }
    }
    case 'sigma':
    case 'yara': {
      const rule = decoded(command.command_b64)
      return { kind: 'action', action: needed(doers.commands[command.type], command.type), input: { rule } }
    }
  }
}

/** What the step's targets of type ssh are called by: their names and addresses. */
function hostsOf(playbook: Playbook, step: ActionStep, variables: Variables): string[] {
  return targetsOf(playbook, step).flatMap((target) => {
    if (!isJsonObject(target) || target['type'] !== 'ssh') return []
    const address = isJsonObject(target['address'] ?? null) ? (target['address'] as JsonObject) : {}
    const all = [target['name'], address['dname'], address['ipv4'], address['ipv6']].flat()
    return all.flatMap((one) => (typeof one === 'string' && one !== '' ? [String(resolve(one, variables))] : []))
  })
}

function needed(action: Action | undefined, command: string): Action {
  if (action === undefined) throw notRun(command)
  return action
}

function notRun(command: string): KanpekiError {
  return new KanpekiError('not_run_here', `Commands of type ${command} are not run by this server.`, {
    remedy:
      command === 'bash'
        ? 'Name the program in the setting respond-programs, or use an action.'
        : 'Use an action, or a manual command that says what a person does.',
  })
}

/** GET, HEAD, PUT and DELETE may be repeated (RFC 9110 § 9.2.2). */
function isSafe(input: JsonObject): boolean {
  return ['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS'].includes(String(input['method']))
}

function commandText(command: { readonly command?: string | undefined; readonly command_b64?: string | undefined }): string {
  return command.command ?? decoded(command.command_b64 ?? '')
}

function decoded(base64: string): string {
  return Buffer.from(base64, 'base64').toString('utf8')
}

/** Words of a command line; quotes keep white space together and nothing else has a meaning. */
function wordsOf(text: string): string[] {
  return [...text.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map((match) => match[1] ?? match[2] ?? match[3] ?? '')
}

/** A value at the beginning of a word may not turn it into an option. */
function argument(word: string, variables: Variables): string {
  const value = String(resolve(word, variables))
  if (!word.startsWith('-') && value.startsWith('-'))
    throw new KanpekiError('variable', `${value.slice(0, 40)} would be taken for an option.`, {
      remedy: 'Put -- before it, or a path.',
    })
  return value
}

/** The part of a receipt that a dotted path names. */
export function partOf(detail: JsonObject, path: string): JsonValue | undefined {
  let here: JsonValue | undefined = detail
  for (const key of path.split('.')) {
    if (!isJsonObject(here) || !Object.hasOwn(here, key)) return undefined
    here = here[key]
  }
  return here
}
