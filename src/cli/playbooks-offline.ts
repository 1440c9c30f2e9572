import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { KanpekiError, messageOf } from '../kernel/error.ts'
import { createOutgoing } from '../platform/outgoing/outgoing.ts'
import { actions } from '../respond/actions/registry.ts'
import type { Playbook } from '../respond/playbooks/language/form.ts'
import { type ReadPlaybook, readPlaybook } from '../respond/playbooks/language/read.ts'
import { runTests, type TestResult } from '../respond/playbooks/run/try-out.ts'
import { terminalLog } from './terminal-log.ts'

export interface ReadFile extends ReadPlaybook {
  readonly file: string
}

/** Reads files, and the playbooks of folders. @throws KanpekiError `usage` for what cannot be read. */
export function readPlaybookFiles(paths: readonly string[]): readonly ReadFile[] {
  const known = knownActions()
  return paths.flatMap(filesOf).map((file) => ({ file, ...readPlaybook(textOf(file), known) }))
}

/** Runs the tests of one; playbooks that it calls are looked for among the files. */
export async function testsOf(playbook: Playbook, files: readonly ReadFile[]): Promise<readonly TestResult[]> {
  const others = new Map(files.flatMap((one) => (one.playbook === undefined ? [] : [[one.playbook.id, one.playbook] as const])))
  return await runTests(playbook, (id) => others.get(id))
}

/** Ids only: nothing of what the actions are given is called. */
function knownActions(): ReadonlySet<string> {
  const outgoing = createOutgoing({ allow: [], log: terminalLog() })
  return new Set(actions({ connections: { of: async () => [] }, outgoing, wafFolder: '' }).keys())
}

function filesOf(path: string): readonly string[] {
  try {
    if (!statSync(path).isDirectory()) return [path]
    return readdirSync(path)
      .filter((name) => /\.(ya?ml|json)$/.test(name))
      .sort()
      .map((name) => join(path, name))
  } catch (error) {
    throw new KanpekiError('usage', `${path} cannot be read: ${messageOf(error)}.`)
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new KanpekiError('usage', `${file} cannot be read: ${messageOf(error)}.`)
  }
}
