import { KanpekiError } from '../../kernel/error.ts'

/** One action as written, its name in lower case; `value` is the text after the colon, its quotes taken off. */
export interface Action {
  readonly name: string
  readonly value?: string
}

/** Reads actions parted by commas. Throws `KanpekiError` where an action has no name or a quote does not end. */
export function parseActions(text: string): Action[] {
  const actions: Action[] = []
  let at = 0
  for (;;) {
    while (at < text.length && /[\s,]/.test(text[at]!)) at += 1
    if (at >= text.length) return actions
    const name = /^!?[A-Za-z][A-Za-z0-9_]*/.exec(text.slice(at, at + 64))?.[0]
    if (name === undefined) throw new KanpekiError('seclang-actions', `an action has no name near "${text.slice(at, at + 40)}"`)
    at += name.length
    while (text[at] === ' ') at += 1
    if (text[at] !== ':') {
      if (at < text.length && text[at] !== ',') {
        throw new KanpekiError('seclang-actions', `unexpected text after the action ${name}: "${text.slice(at, at + 40)}"`)
      }
      actions.push({ name: name.toLowerCase() })
      continue
    }
    at += 1
    while (text[at] === ' ') at += 1
    const { value, end } = text[at] === "'" ? readQuoted(text, at + 1, name) : readBare(text, at)
    actions.push({ name: name.toLowerCase(), value })
    at = end
  }
}

function readQuoted(text: string, from: number, name: string): { value: string; end: number } {
  for (let at = from; at < text.length; at++) {
    if (text[at] === '\\') at += 1
    else if (text[at] === "'") return { value: text.slice(from, at).replaceAll("\\'", "'"), end: at + 1 }
  }
  throw new KanpekiError('seclang-actions', `the quote of the action ${name} does not end`)
}

function readBare(text: string, from: number): { value: string; end: number } {
  const comma = text.indexOf(',', from)
  const end = comma < 0 ? text.length : comma
  return { value: text.slice(from, end).trim(), end }
}

/** What was wrong and what to do, without the place, which a refusal has beside it. */
export function reasonOf(error: KanpekiError): string {
  return error.remedy === undefined ? error.message : `${error.message}. ${error.remedy}`.replace('.. ', '. ')
}

export function valuesOf(actions: readonly Action[], name: string): string[] {
  return actions.filter((action) => action.name === name).map((action) => action.value ?? '')
}

const PHASES: Readonly<Record<string, number>> = { request: 2, response: 4, logging: 5 }

export function phaseOf(actions: readonly Action[]): number {
  const written = valuesOf(actions, 'phase').at(-1)
  if (written === undefined) return 2
  const phase = PHASES[written.toLowerCase()] ?? Number(written)
  if (!Number.isInteger(phase) || phase < 1 || phase > 5) throw new KanpekiError('seclang-phase', `"${written}" is no phase`)
  return phase
}
