import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { type PreparedDocuments, parseDocuments } from '../src/detect/engines/sigma/load/documents.ts'
import { scenarioValue } from '../src/detect/scenarios/load.ts'
import { type PreparedKind, type PreparedTexts, preparedKey } from '../src/platform/prepared.ts'
import { playbookValue } from '../src/respond/playbooks/language/read.ts'

interface Prepared {
  readonly folders: readonly string[]
  /** What the text says, or undefined where it has to be read at each start. */
  readonly read: (text: string) => unknown
}

export const PREPARED: Readonly<Record<PreparedKind, Prepared>> = {
  documents: { folders: ['content/detections', 'content/pipelines'], read: documentsOf },
  playbooks: { folders: ['content/playbooks'], read: playbookValue },
  scenarios: { folders: ['content/scenarios'], read: scenarioValue },
}

/** By kind, what every text that ships says; texts whose values JSON would change are left out. */
export function preparedContent(): Readonly<Record<PreparedKind, PreparedTexts>> {
  const all: Record<PreparedKind, Record<string, unknown>> = { documents: {}, playbooks: {}, scenarios: {} }
  for (const [kind, { folders, read }] of Object.entries(PREPARED) as [PreparedKind, Prepared][])
    for (const text of folders.flatMap(textsBelow)) {
      const value = read(text)
      if (value !== undefined && isDeepStrictEqual(JSON.parse(JSON.stringify(value)), value)) all[kind][preparedKey(text)] = value
    }
  return all
}

export function textsBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(ya?ml|json)$/.test(name))
    .map((name) => readFileSync(join(folder, name), 'utf8'))
}

function documentsOf(text: string): PreparedDocuments | undefined {
  const { documents, faults } = parseDocuments(text)
  return faults.length > 0 ? undefined : documents.map(({ value, line }) => ({ value, line }))
}
