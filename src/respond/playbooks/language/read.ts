import { type Document, isNode, LineCounter, parseDocument } from 'yaml'
import { isJsonObject, type JsonObject, type JsonValue } from '../../../kernel/json.ts'
import { prepared } from '../../../platform/prepared.ts'
import { checkGraph } from './check.ts'
import { EXTENSION, EXTENSION_KEY, type Playbook, playbookForm } from './form.ts'

/** What is wrong with a playbook, where, and what to do. `line` and `column` are 1-based. */
export interface Problem {
  readonly code: string
  readonly field: string
  readonly line: number
  readonly column: number
  readonly message: string
  readonly remedy: string
}

export interface ReadPlaybook {
  /** Undefined where it cannot be run. */
  readonly playbook: Playbook | undefined
  readonly problems: readonly Problem[]
}

/** Reading takes some ten milliseconds a thousand characters; ours have some thousand. */
const LONGEST = 100_000

/**
 * Reads a playbook from JSON or YAML and says everything that is wrong with it.
 * @param actions ids of the actions there are; where absent, what a step calls is not looked at.
 */
export function readPlaybook(text: string, actions?: ReadonlySet<string>): ReadPlaybook {
  if (text.length > LONGEST)
    return refused(
      'too_long',
      `A playbook has at most ${LONGEST} characters.`,
      'Split it and call the parts with playbook-action.',
    )
  const known = prepared('playbooks', text)
  if (isJsonObject(known)) {
    const parsed = playbookForm.safeParse(withExtensions(known).value)
    if (parsed.success && checkGraph(parsed.data, actions).length === 0) return { playbook: parsed.data, problems: [] }
  }
  const lines = new LineCounter()
  const doc = playbookDocument(text, lines)
  const placed = (offset: number) => {
    const { line, col } = lines.linePos(offset)
    return { line: Math.max(line, 1), column: Math.max(col, 1) }
  }
  const [broken] = doc.errors
  if (broken !== undefined)
    return {
      playbook: undefined,
      problems: [
        {
          code: 'syntax',
          field: '',
          ...placed(broken.pos[0]),
          // Where it is stands beside it.
          message: broken.message.split('\n', 1)[0]!.replace(/ at line \d+, column \d+:$/, '.'),
          remedy: 'Write JSON or YAML.',
        },
      ],
    }
  let plain: unknown
  try {
    plain = plainOf(doc)
  } catch {
    return refused('syntax', 'The text holds too many references to itself.', 'Write the parts out.')
  }
  if (!isJsonObject(plain)) return refused('syntax', 'A playbook is an object.', 'Begin with `id:` and `name:`.')
  const { value, moved } = withExtensions(plain)
  const where = (path: readonly PropertyKey[]) => {
    for (let length = path.length; length >= 0; length--) {
      const part = path.slice(0, length)
      const real = part.flatMap((key): PropertyKey[] =>
        key === EXTENSION_KEY && moved.has(part.slice(0, part.indexOf(key)).join('.')) ? [] : [key],
      )
      const node = length === 0 ? doc.contents : doc.getIn(real, true)
      if (isNode(node) && node.range) return placed(node.range[0])
    }
    return { line: 1, column: 1 }
  }
  const parsed = playbookForm.safeParse(value)
  if (!parsed.success)
    return {
      playbook: undefined,
      problems: parsed.error.issues.slice(0, 100).map((issue) => ({
        code: issue.code === 'unrecognized_keys' ? 'unknown_field' : 'field',
        field: issue.path.join('.'),
        ...where(issue.path),
        message: issue.message,
        remedy:
          issue.code === 'unrecognized_keys'
            ? 'Take it out; our own fields stand under x-kanpeki.'
            : 'See docs/playbooks.md for what stands here.',
      })),
    }
  const problems = checkGraph(parsed.data, actions).map(({ path, ...rest }) => ({
    ...rest,
    field: path.join('.'),
    ...where(path),
  }))
  return { playbook: problems.length === 0 ? parsed.data : undefined, problems }
}

function playbookDocument(text: string, lineCounter: LineCounter): Document {
  return parseDocument(text, { lineCounter, uniqueKeys: true, schema: 'core' })
}

/** @throws where the text repeats itself too often. */
function plainOf(doc: Document): unknown {
  return doc.toJS({ maxAliasCount: 50 })
}

/** What a text without a fault of YAML says, or undefined. */
export function playbookValue(text: string): unknown {
  const doc = playbookDocument(text, new LineCounter())
  return doc.errors.length === 0 ? plainOf(doc) : undefined
}

/** Takes our extension out of where CACAO keeps extensions, so that both ways of writing are one. */
function withExtensions(plain: JsonObject): { readonly value: JsonObject; readonly moved: ReadonlySet<string> } {
  const moved = new Set<string>()
  const lift = (object: JsonObject, holder: string, at: string): JsonObject => {
    const extensions = object[holder]
    if (!isJsonObject(extensions) || extensions[EXTENSION] === undefined || object[EXTENSION_KEY] !== undefined) return object
    const { [EXTENSION]: ours, ...others } = extensions
    const { [holder]: _, ...rest } = object
    moved.add(at)
    return { ...rest, ...(Object.keys(others).length === 0 ? {} : { [holder]: others }), [EXTENSION_KEY]: ours as JsonValue }
  }
  const top = lift(plain, 'playbook_extensions', '')
  const { workflow } = top
  if (!isJsonObject(workflow)) return { value: top, moved }
  const steps = Object.entries(workflow).map(([id, step]) => [
    id,
    isJsonObject(step) ? lift(step, 'step_extensions', `workflow.${id}`) : step,
  ])
  return { value: { ...top, workflow: Object.fromEntries(steps) as JsonObject }, moved }
}

function refused(code: string, message: string, remedy: string): ReadPlaybook {
  return { playbook: undefined, problems: [{ code, field: '', line: 1, column: 1, message, remedy }] }
}
