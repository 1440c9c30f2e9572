import { createHash } from 'node:crypto'
import type { PositionStore } from '../../../kernel/plugin.ts'

/** How many bytes before a position tell whether it is still the same file. */
export const CHECK_BYTES = 256

/** How far one file is read and committed. */
export interface FilePosition {
  /** Where it was last seen. */
  readonly path: string
  /** Names one content of one file: new whenever reading begins at 0, and written before the first record leaves. */
  readonly generation: string
  /** Start of the first line that is not committed, bytes. */
  readonly offset: number
  /** The bytes before `offset`: how many, and their SHA-256. */
  readonly checked: number
  readonly check: string
  /** The directives above `offset` that say what the fields of the lines are (IIS, Zeek). */
  readonly header?: string
  /** The file was rotated away and read to its end. */
  readonly done?: true
}

const KEY = 'files'
/** Files that are gone are remembered up to this number, so that the book stays small. */
const MAX_FINISHED = 1000

/** The positions of one source's files by device and inode, kept under one key of the position store. */
export class PositionBook {
  private readonly store: PositionStore
  private readonly files: Map<string, FilePosition>
  /** Whether this source has never run: only then does `startAt: end` skip anything. */
  readonly fresh: boolean

  private constructor(store: PositionStore, files: Map<string, FilePosition>, fresh: boolean) {
    this.store = store
    this.files = files
    this.fresh = fresh
  }

  static async open(store: PositionStore): Promise<PositionBook> {
    const text = await store.get(KEY)
    const files = text === undefined ? {} : (JSON.parse(text) as Record<string, FilePosition>)
    return new PositionBook(store, new Map(Object.entries(files)), text === undefined)
  }

  get(key: string): FilePosition | undefined {
    return this.files.get(key)
  }

  entries(): readonly (readonly [string, FilePosition])[] {
    return [...this.files]
  }

  /** Resolves when it is durable. */
  async set(key: string, position: FilePosition): Promise<void> {
    // Re-inserted, so that the oldest come first when the book is trimmed.
    this.files.delete(key)
    this.files.set(key, position)
    await this.save()
  }

  /** Moves a position on, unless the file has begun anew meanwhile. Resolves when it is durable. */
  async advance(
    key: string,
    generation: string,
    to: Pick<FilePosition, 'offset' | 'checked' | 'check' | 'header'>,
  ): Promise<void> {
    const before = this.files.get(key)
    if (before?.generation === generation) await this.set(key, { ...before, ...to })
  }

  /** The file is gone and was read to its end. */
  async finish(key: string): Promise<void> {
    const position = this.files.get(key)
    if (position !== undefined) await this.set(key, { ...position, done: true })
  }

  async save(): Promise<void> {
    const finished = [...this.files].filter(([, position]) => position.done === true)
    for (const [key] of finished.slice(0, Math.max(0, finished.length - MAX_FINISHED))) this.files.delete(key)
    await this.store.set(KEY, JSON.stringify(Object.fromEntries(this.files)))
  }
}

export function checkOf(bytes: Buffer): Pick<FilePosition, 'checked' | 'check'> {
  return { checked: bytes.length, check: createHash('sha256').update(bytes).digest('hex') }
}
