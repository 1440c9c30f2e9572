import { readFile } from 'node:fs/promises'
import { KanpekiError, messageOf } from '../kernel/error.ts'
import { writeFileAtomically } from '../platform/atomic-file.ts'

/** What a collector knew when it last ran, as `name → mark`; undefined at the first run. */
export async function readKept(file: string): Promise<Map<string, string> | undefined> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  try {
    return new Map(JSON.parse(text) as [string, string][])
  } catch (error) {
    throw new KanpekiError('agent_state', `What was kept cannot be read: ${messageOf(error)}.`, {
      place: { file },
      remedy: 'Remove the file: the next run takes what it finds as the beginning.',
    })
  }
}

export const writeKept = async (file: string, kept: ReadonlyMap<string, string>): Promise<void> =>
  await writeFileAtomically(file, JSON.stringify([...kept]))

export interface Difference {
  readonly name: string
  readonly before: string | undefined
  readonly after: string | undefined
}

/** What came, went and changed. */
export function difference(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): Difference[] {
  const found: Difference[] = []
  for (const [name, mark] of after) if (before.get(name) !== mark) found.push({ name, before: before.get(name), after: mark })
  for (const [name, mark] of before) if (!after.has(name)) found.push({ name, before: mark, after: undefined })
  return found
}
