import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { KanpekiError } from '../../kernel/error.ts'
import { writeFileAtomically } from '../../platform/atomic-file.ts'
import type { DataDir } from '../../platform/data-dir.ts'
import { snapshotState } from '../../platform/state/snapshot.ts'
import type { StatePlace } from '../../platform/state/state.ts'
import { parseCheckpoint } from '../../prove/verify/checkpoint.ts'

const NOTE = 'kept.json'
const STATE = 'state'
/** Of each reason. */
const KEPT = 3

const note = z.object({
  /** Version of the program that kept it: for `pre`, the one that was about to change the schema. */
  by: z.string(),
  made: z.iso.datetime(),
  kind: z.enum(['sqlite', 'rows']),
  steps: z.array(z.string()),
  /** Entries in the ledger at that moment. */
  ledgerSize: z.number().int().nonnegative(),
  /** Whether the ledger's key was sealed: version 0.1 reads it only plain. */
  keySealed: z.boolean(),
})
type Note = z.infer<typeof note>

/** The state store as it was before an upgrade (`pre`), or before going back from one (`after`). */
export interface KeptState extends Note {
  readonly name: string
  /** The snapshot's folder. */
  readonly folder: string
}

/** Copies the state store into the data folder's `backups/`, and lets go of all but the last three of its kind. */
export async function keepState(
  dir: DataDir,
  place: StatePlace,
  why: 'pre' | 'after',
  by: string,
  now: number,
  keySealed: boolean,
): Promise<KeptState> {
  const name = `${why}-${by}-${new Date(now).toISOString().replaceAll(/[-:]|\.\d+/g, '')}`
  const home = join(dir.root, 'backups', name)
  await rm(home, { recursive: true, force: true })
  await mkdir(home, { recursive: true, mode: 0o700 })
  const { kind, steps } = await snapshotState(place, join(home, STATE))
  const ledgerSize = await ledgerSizeOf(dir)
  const kept: Note = { by, made: new Date(now).toISOString(), kind, steps: [...steps], ledgerSize, keySealed }
  // The note is written last: without it the folder counts for nothing.
  await writeFileAtomically(join(home, NOTE), JSON.stringify(kept))
  for (const old of (await keptStates(dir, why)).slice(KEPT))
    await rm(join(dir.root, 'backups', old.name), { recursive: true, force: true })
  return { ...kept, name, folder: join(home, STATE) }
}

/** Newest first. */
export async function keptStates(dir: DataDir, why: 'pre' | 'after'): Promise<readonly KeptState[]> {
  const folder = join(dir.root, 'backups')
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.startsWith(`${why}-`))
  const found = await Promise.all(
    names.map(async (name): Promise<KeptState[]> => {
      const text = await readFile(join(folder, name, NOTE), 'utf8').catch(() => undefined)
      const parsed = text === undefined ? undefined : note.safeParse(JSON.parse(text))
      return parsed?.success === true ? [{ ...parsed.data, name, folder: join(folder, name, STATE) }] : []
    }),
  )
  return found.flat().sort((a, b) => (a.made < b.made ? 1 : a.made > b.made ? -1 : 0))
}

async function ledgerSizeOf(dir: DataDir): Promise<number> {
  const bytes = await readFile(join(dir.ledger, 'checkpoint')).catch(() => undefined)
  if (bytes === undefined) return 0
  const checkpoint = parseCheckpoint(bytes)
  if (checkpoint !== undefined) return checkpoint.size
  throw new KanpekiError('ledger_damaged', 'The ledger has no readable checkpoint.', { remedy: 'Run kanpeki verify.' })
}
