import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { messageOf } from '../../kernel/error.ts'
import { prepared } from '../../platform/prepared.ts'
import { placeholdersIn } from './render.ts'
import { type ScenarioFile, scenarioFile } from './schema.ts'

export interface Scenario extends ScenarioFile {
  /** SHA-256 of the file's bytes, hexadecimal. */
  readonly sha256: string
  readonly text: string
}

export interface Scenarios {
  readonly scenarios: readonly Scenario[]
  /** Files that are no scenario: they prove nothing, and are named. */
  readonly refused: readonly { readonly file: string; readonly reason: string }[]
}

/** Reads every `.yml` and `.yaml` of these folders, in name order; a later folder's stands in for an earlier one of the same id. */
export function loadScenarios(folders: readonly string[], shown: (file: string) => string = (file) => file): Scenarios {
  const scenarios = new Map<string, Scenario>()
  const refused: { file: string; reason: string }[] = []
  for (const folder of folders) {
    if (!existsSync(folder)) continue
    for (const name of readdirSync(folder).sort()) {
      if (!/\.ya?ml$/.test(name)) continue
      const file = join(folder, name)
      const read = readScenario(readFileSync(file, 'utf8'), name.replace(/\.ya?ml$/, ''))
      if (typeof read === 'string') refused.push({ file: shown(file), reason: read })
      else scenarios.set(read.id, read)
    }
  }
  return { scenarios: [...scenarios.values()], refused }
}

/** What the text says as YAML, without aliases. */
export function scenarioValue(text: string): unknown {
  return parse(text, { maxAliasCount: 0 })
}

/** A scenario, or why the text is none. */
export function readScenario(text: string, name: string): Scenario | string {
  let value: unknown
  try {
    value = prepared('scenarios', text) ?? scenarioValue(text)
  } catch (error) {
    return messageOf(error).split('\n', 1)[0]!
  }
  const parsed = scenarioFile.safeParse(value)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!
    return `${issue.path.join('.')}: ${issue.message}`
  }
  const scenario = parsed.data
  if (scenario.id !== name) return `id: the file is called ${name}`
  const steps = [...scenario.attack, ...scenario.nearMisses.flatMap(({ send }) => send)]
  const stray = steps.flatMap(({ raw }) => placeholdersIn(raw)).find(({ known }) => !known)
  if (stray !== undefined) return `raw: nothing is known of <<${stray.name}>>`
  return { ...scenario, sha256: createHash('sha256').update(text).digest('hex'), text }
}
