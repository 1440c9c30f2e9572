import type { Item } from './item.ts'
import type { Macro } from './macro.ts'
import type { Run } from './program.ts'
import { stateVariables } from './state-variables.ts'
import { variables } from './variables.ts'

/** The members of a variable as they are now. */
export function itemsOf(run: Run, variable: string): readonly Item[] {
  if (variable === 'XML') return run.xml('/*')
  const state = stateVariables[variable]
  return state === undefined ? (variables[variable]?.items(run.facts) ?? []) : state(run)
}

/** The first value of a variable, or of its member (its key in lower case); an empty text where there is none. */
export function readVariable(run: Run, variable: string, key: string | undefined): string {
  if (variable === 'TX' && key !== undefined) return run.tx.get(key)?.value ?? ''
  for (const item of itemsOf(run, variable)) if (key === undefined || item.lower === key) return item.value.text
  return ''
}

export function expand(run: Run, macro: Macro): string {
  if (typeof macro === 'string') return macro
  let text = ''
  for (const part of macro.parts) text += typeof part === 'string' ? part : readVariable(run, part.variable, part.key)
  return text
}
