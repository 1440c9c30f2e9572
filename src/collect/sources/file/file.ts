import { randomBytes } from 'node:crypto'
import { KanpekiError, messageOf } from '../../../kernel/error.ts'
import type { Source, SourceBatch, SourceContext } from '../../../kernel/plugin.ts'
import { realWait } from '../../../platform/backoff.ts'
import { checkOf, PositionBook } from './book.ts'
import { binaryForm, endOfLines, type FoundFile, findFiles, findRenamed, guardAt, headerOf, openFile } from './discover.ts'
import type { FileConfig } from './schema.ts'
import { FileTail, type Lines } from './tail.ts'

/**
 * Follows log files by looking at them every `pollMs`: renamed, replaced, cut and deleted ones, found again after a
 * restart by inode and by the bytes before the position. A line leaves when its line feed is there; its id is
 * `file:GENERATION:OFFSET`, so that a line offered again after a crash is known.
 */
export const fileSource: Source<FileConfig> = {
  id: 'file',
  async *open(config, context): AsyncGenerator<SourceBatch> {
    const watch = new Watch(config, context, await PositionBook.open(context.positions))
    try {
      yield* watch.resumeRotated()
      while (!context.signal.aborted) {
        await watch.look()
        for await (const batch of watch.round()) {
          yield batch
          if (context.signal.aborted) return
        }
        if (watch.idle) await realWait(config.pollMs, context.signal)
      }
    } finally {
      await watch.close()
    }
  },
}

class Watch {
  private readonly config: FileConfig
  private readonly context: SourceContext
  private readonly book: PositionBook
  private readonly tails = new Map<string, FileTail>()
  private readonly quietReads: number
  /** Paths that have named a file since the source was opened. */
  private readonly named = new Set<string>()
  /** Files that have no lines, by key: where each was when that was seen, for its inode may name another one later. */
  private readonly compressed = new Map<string, string>()
  private firstLook = true
  /** The last round found nothing new anywhere. */
  idle = true

  constructor(config: FileConfig, context: SourceContext, book: PositionBook) {
    this.config = config
    this.context = context
    this.book = book
    this.quietReads = Math.max(2, Math.ceil(config.rotatedMs / config.pollMs))
  }

  /** Files that were rotated away while we were not running: what they still hold is read; one that vanished is a gap. */
  async *resumeRotated(): AsyncGenerator<SourceBatch> {
    const { files: found } = await findFiles(this.config.paths)
    const vanished: string[] = []
    for (const [key, position] of this.book.entries()) {
      if (position.done === true || found.has(key)) continue
      const file = await findRenamed(key, position.path)
      const tail = file === undefined ? undefined : await this.resume(file)
      if (tail === undefined) {
        vanished.push(key)
        this.context.log('a file vanished while nobody read it; lines may be missing', {
          path: position.path,
          readUpTo: position.offset,
        })
        await this.book.finish(key)
      } else tail.gone = true
    }
    if (vanished.length === 0) return
    const acknowledge = async (): Promise<void> => {
      for (const key of vanished) await this.book.finish(key)
    }
    yield { records: [], bytes: 0, gaps: vanished.length, acknowledge }
  }

  /** Compares the files there are with those that are open. */
  async look(): Promise<void> {
    const { files: found, absent } = await findFiles(this.config.paths)
    this.tellAbsent(absent)
    for (const tail of this.tails.values()) {
      const file = found.get(tail.key)
      if (file !== undefined) tail.path = file.path
      tail.gone = file === undefined
    }
    for (const file of found.values()) {
      if (this.tails.has(file.key) || this.compressed.get(file.key) === file.path) continue
      try {
        const refusal = await this.context.refusal?.(file.path)
        if (refusal !== undefined) throw new KanpekiError('source_refused', refusal)
        if ((await this.resume(file)) === undefined) await this.begin(file)
        this.context.problem?.(file.path, undefined)
      } catch (error) {
        this.context.problem?.(file.path, { code: 'file_unreadable', text: `${file.path} cannot be read: ${messageOf(error)}` })
      }
    }
    this.tellCompressed(found)
    if (this.book.fresh && this.firstLook) await this.book.save()
    this.firstLook = false
  }

  /** Paths that never named a file are most likely wrong; one that did may name none while its file is rotated. */
  private tellAbsent(absent: readonly string[]): void {
    for (const path of this.config.paths) {
      if (this.named.has(path)) continue
      if (absent.includes(path)) {
        const text = `No file is called ${path} yet. Is the path right, and may Kanpeki look into the folder? A file is read from its beginning once it is there.`
        this.context.problem?.(path, { code: 'file_missing', text })
      } else {
        this.named.add(path)
        this.context.problem?.(path, undefined)
      }
    }
  }

  /** Rotated logs that a glob names too; what they hold was read before they were compressed, if we were there. */
  private tellCompressed(found: ReadonlyMap<string, FoundFile>): void {
    for (const [key, path] of this.compressed) if (found.get(key)?.path !== path) this.compressed.delete(key)
    const [first] = this.compressed.values()
    if (first === undefined) {
      this.context.problem?.('compressed', undefined)
      return
    }
    const others = this.compressed.size === 1 ? '' : ` and ${this.compressed.size - 1} more`
    const text = `${first}${others} cannot be followed: compressed files have no lines. Narrow the path, or give them to an import if nobody read them before.`
    this.context.problem?.('compressed', { code: 'file_compressed', text })
  }

  /** One piece of each file that has something new. */
  async *round(): AsyncGenerator<SourceBatch> {
    this.idle = true
    for (const tail of [...this.tails.values()]) {
      const result = await tail.read()
      if (result === 'end') {
        if (tail.gone && ++tail.quietReads >= this.quietReads) yield* this.finish(tail)
        continue
      }
      this.idle = false
      tail.quietReads = 0
      if (result === 'replaced') yield* this.restart(tail)
      else if (result !== 'more') yield this.batch(tail, result)
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.tails.values()].map((tail) => tail.close()))
  }

  /** Goes on where a known file was left; undefined where it is not known or holds something else now. */
  private async resume(file: FoundFile): Promise<FileTail | undefined> {
    const position = this.book.get(file.key)
    if (position === undefined) return undefined
    const handle = await openFile(file.path)
    const guard = await guardAt(handle, position)
    if (guard === undefined) {
      await handle.close()
      return undefined
    }
    const { generation, offset } = position
    return this.follow(file, { handle, generation, offset, guard, header: position.header ?? (await headerOf(handle)) })
  }

  /** Reads a file from its beginning, or from its end where the settings say so and it was there before us. */
  private async begin(file: FoundFile): Promise<void> {
    const handle = await openFile(file.path)
    const form = await binaryForm(handle)
    if (form !== undefined) await handle.close()
    if (form === 'compressed') {
      this.compressed.set(file.key, file.path)
      return
    }
    if (form === 'event log') {
      throw new KanpekiError('source_refused', 'it is a Windows event log (EVTX), which has no lines to follow.', {
        remedy: 'Give it to an import.',
      })
    }
    const skip = this.book.fresh && this.firstLook && this.config.startAt === 'end'
    const { offset, guard } = skip ? await endOfLines(handle) : { offset: 0, guard: Buffer.alloc(0) }
    const generation = randomBytes(8).toString('hex')
    await this.book.set(file.key, { path: file.path, generation, offset, ...checkOf(guard) })
    this.follow(file, { handle, generation, offset, guard, header: skip ? await headerOf(handle) : undefined })
  }

  private follow(
    file: FoundFile,
    at: Pick<ConstructorParameters<typeof FileTail>[0], 'handle' | 'generation' | 'offset' | 'guard' | 'header'>,
  ): FileTail {
    const tail = new FileTail({ ...file, ...at, maxLineBytes: this.config.maxLineBytes })
    this.tails.set(file.key, tail)
    return tail
  }

  /** The file was cut or written anew in place: what is held of the old content leaves, the new one begins at 0. */
  private async *restart(tail: FileTail): AsyncGenerator<SourceBatch> {
    const rest = tail.rest()
    this.tails.delete(tail.key)
    await tail.close()
    if (rest !== undefined || tail.behind)
      yield { records: rest?.records ?? [], bytes: rest?.bytes ?? 0, gaps: tail.behind ? 1 : 0, acknowledge: () => {} }
    const now = (await findFiles([tail.path])).files.get(tail.key)
    if (now !== undefined) await this.begin(now)
  }

  /** A rotated file that stays quiet: its last line may lack a line feed. It is done once all of it is acknowledged. */
  private async *finish(tail: FileTail): AsyncGenerator<SourceBatch> {
    const rest = tail.rest()
    if (rest !== undefined) yield this.batch(tail, rest)
    else if (this.book.get(tail.key)?.offset === tail.offset) {
      this.tails.delete(tail.key)
      await tail.close()
      await this.book.finish(tail.key)
    }
  }

  private batch(tail: FileTail, { records, bytes, position }: Lines): SourceBatch {
    return { records, bytes, acknowledge: () => this.book.advance(tail.key, tail.generation, position) }
  }
}
