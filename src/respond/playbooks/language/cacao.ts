import { createHash } from 'node:crypto'
import type { JsonObject, JsonValue } from '../../../kernel/json.ts'
import { EXTENSION, EXTENSION_KEY, type Playbook, type Step } from './form.ts'

const IDENTIFIER = /^[a-z][a-z0-9-]+[a-z0-9]--[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i
const MAKER = 'identity--0b1f6a52-4a0f-4d0c-8f4e-3d5d7f6c2a91'
const AGENT = 'organization--8d6d1b0e-2f5e-4c5b-9c77-1f0f5a6b7e21'
/** Where nobody wrote when. */
const UNDATED = '2026-01-01T00:00:00.000Z'

/**
 * The playbook as CACAO 2.0 JSON that other tools take: identifiers instead of short names, our extension where CACAO keeps extensions,
 * and for each action of ours a manual command that says the same to people.
 */
export function toCacao(playbook: Playbook): JsonObject {
  const { [EXTENSION_KEY]: own, tests: _, workflow, workflow_start, workflow_exception, playbook_variables, ...rest } = playbook
  const id = (kind: string, name: string): string =>
    IDENTIFIER.test(name) ? name : `${kind}--${uuidOf(`${playbook.id}/${name}`)}`
  const stepId = (name: string): string => id(workflow[name]?.type ?? 'action', name)
  const steps = Object.entries(workflow).map(([name, step]) => [stepId(name), stepOf(name, step, stepId, playbookId)])
  return clean({
    ...rest,
    id: playbookId(playbook.id),
    created_by: playbook.created_by ?? MAKER,
    created: playbook.created ?? UNDATED,
    modified: playbook.modified ?? playbook.created ?? UNDATED,
    playbook_variables: Object.keys(playbook_variables).length === 0 ? undefined : playbook_variables,
    workflow_start: stepId(workflow_start),
    workflow_exception: workflow_exception === undefined ? undefined : stepId(workflow_exception),
    workflow: Object.fromEntries(steps),
    playbook_extensions: { ...playbook.playbook_extensions, [EXTENSION]: { ...own, key: own.key ?? playbook.id } },
    agent_definitions: { [AGENT]: { type: 'organization', name: 'Kanpeki' }, ...playbook.agent_definitions },
    extension_definitions: {
      ...playbook.extension_definitions,
      [EXTENSION]: {
        type: 'extension-definition',
        name: 'Kanpeki',
        description: 'Triggers, guard rails and calls of response actions.',
        created_by: MAKER,
        schema: 'docs/playbooks.md',
        version: '1.0.0',
      },
    },
  } as JsonObject)
}

/** The CACAO identifier of a playbook that has a short name. */
export function playbookId(name: string): string {
  return IDENTIFIER.test(name) ? name : `playbook--${uuidOf(name)}`
}

function stepOf(name: string, step: Step, stepId: (name: string) => string, idOfPlaybook: (name: string) => string): JsonObject {
  const { [EXTENSION_KEY]: own, on_completion, on_success, on_failure, ...rest } = step
  const to = (next: string | undefined): string | undefined => (next === undefined ? undefined : stepId(next))
  const extensions = { ...step.step_extensions, [EXTENSION]: { ...own, key: own?.key ?? name } }
  const ways = {
    on_completion: to(on_completion),
    on_success: to(on_success),
    on_failure: to(on_failure),
    step_extensions: extensions,
  }
  const form = { ...rest, ...ways } as JsonObject
  switch (step.type) {
    case 'action': {
      const commands = step.commands ?? [
        { type: 'manual', command: step.description ?? step.name ?? `Do ${own?.action ?? name}.` },
      ]
      return { ...form, commands: commands as unknown as JsonValue, agent: step.agent ?? AGENT }
    }
    case 'playbook-action':
      return { ...form, playbook_id: idOfPlaybook(step.playbook_id) }
    case 'parallel':
      return { ...form, next_steps: step.next_steps.map(stepId) }
    case 'if-condition':
      return {
        ...form,
        on_true: stepId(step.on_true),
        ...(step.on_false === undefined ? {} : { on_false: stepId(step.on_false) }),
      }
    case 'while-condition':
      return { ...form, on_true: stepId(step.on_true) }
    case 'switch-condition':
      return { ...form, cases: Object.fromEntries(Object.entries(step.cases).map(([value, next]) => [value, stepId(next)])) }
    default:
      return form
  }
}

/** A UUID made of a name (RFC 9562 version 5 in its shape, over SHA-256). */
function uuidOf(name: string): string {
  const hex = createHash('sha256').update(`kanpeki playbook ${name}`).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

function clean(value: JsonObject): JsonObject {
  return JSON.parse(JSON.stringify(value)) as JsonObject
}
