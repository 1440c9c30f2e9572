import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '../../kernel/clock.ts'
import { scopedTo } from '../../platform/state/scope.ts'
import type { State } from '../../platform/state/state.ts'
import type { Playbook } from './language/form.ts'
import { type Problem, readPlaybook } from './language/read.ts'
import type { PlaybookTables } from './tables.ts'
import { saveVersion } from './write.ts'

export interface LibraryPlaybook {
  readonly file: string
  readonly source: string
  readonly playbook: Playbook
}

export interface Library {
  readonly playbooks: readonly LibraryPlaybook[]
  readonly refused: readonly { readonly file: string; readonly problem: Problem }[]
}

/** Reads every playbook of a folder; one that cannot be run is named with its first problem. */
export function loadLibrary(folder: string, actions: ReadonlySet<string>): Library {
  const files = namesIn(folder).filter((name) => /\.(ya?ml|json)$/.test(name))
  const playbooks: LibraryPlaybook[] = []
  const refused: { file: string; problem: Problem }[] = []
  for (const file of files.sort()) {
    const source = readFileSync(join(folder, file), 'utf8')
    const { playbook, problems } = readPlaybook(source, actions)
    if (playbook === undefined) refused.push({ file, problem: problems[0]! })
    else playbooks.push({ file, source, playbook })
  }
  return { playbooks, refused }
}

/** Offers the library to scopes that do not have it, or have an older text of it. @returns how many versions were kept. */
export async function offerLibrary(state: State, clock: Clock, library: Library, scopes: readonly string[]): Promise<number> {
  const by = { id: 'kanpeki', name: 'kanpeki', account: null }
  let kept = 0
  for (const scope of scopes)
    await state.transaction<PlaybookTables, void>(async (trx) => {
      for (const { file, source, playbook } of library.playbooks) {
        const { version } = await saveVersion(scopedTo(trx, scope), scope, source, playbook, by, {
          note: '',
          file,
          now: clock.now(),
        })
        if (version !== undefined) kept++
      }
    })
  return kept
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
