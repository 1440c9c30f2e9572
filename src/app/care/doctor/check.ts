import type { Config } from '../../../platform/config.ts'
import type { DataDir, RunningServer } from '../../../platform/data-dir.ts'

/** `unknown` is an answer of its own: it is shown, and never taken for a pass. `mended` was wrong until a moment ago. */
export type Verdict = 'pass' | 'fail' | 'unknown' | 'mended'

export interface Words {
  readonly en: string
  readonly ja: string
}

export interface Finding {
  readonly verdict: Verdict
  readonly says: Words
  /** What to do about it; absent only where nothing is to do. */
  readonly remedy?: Words
}

export interface DoctorContext {
  readonly config: Config
  readonly dir: DataDir
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly now: number
  /** The server that runs on the folder, if one does. */
  readonly server: RunningServer | undefined
  /** Asks that server something public; undefined if it does not answer. */
  readonly ask: (server: RunningServer, path: string) => Promise<string | undefined>
  /** Whether the folder was ever started on. */
  readonly started: boolean
}

export interface DoctorCheck {
  readonly id: string
  readonly title: Words
  run(context: DoctorContext): Promise<Finding>
}

export function pass(en: string, ja: string): Finding {
  return { verdict: 'pass', says: { en, ja } }
}

export function fail(says: Words, remedy: Words): Finding {
  return { verdict: 'fail', says, remedy }
}

export function unknown(says: Words, remedy: Words): Finding {
  return { verdict: 'unknown', says, remedy }
}

export const NOT_STARTED: Finding = unknown(
  { en: 'The folder has not been started on yet.', ja: 'このフォルダーではまだ一度も起動していません。' },
  { en: 'Start it with: kanpeki up', ja: 'kanpeki up で起動してください。' },
)
