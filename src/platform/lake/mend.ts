import { existsSync } from 'node:fs'
import { chmod, mkdir, readdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import type { JsonObject } from '../../kernel/json.ts'
import { type ConnectOptions, clientOf, type LakeAddress } from './connect.ts'
import { RowBlock } from './encode.ts'
import { Engine } from './engine-calls.ts'
import { PART } from './freeze.ts'
import { insertByFile } from './insert.ts'
import * as queries from './queries.ts'
import { prepareTable } from './upgrade.ts'

const PATIENCE_MS = 60_000
const ROWS_A_READ = 20_000

export interface BrokenPart {
  readonly name: string
  readonly reason: string
}

/** What mends an embedded lake on which no server runs. */
export interface LakeMender {
  /** Reads every byte of every part. */
  brokenParts(): Promise<readonly BrokenPart[]>
  /** Takes a part out of the lake; its files stay in the engine's folder `detached`. */
  setAside(part: string): Promise<void>
  /** Events by received hour, of batches up to these sequence numbers by writer. @throws KanpekiError `lake_damaged`. */
  counted(upto: ReadonlyMap<string, number>): Promise<ReadonlyMap<number, number>>
  /** Events of an hour by `writer/sequence`. */
  batchesOf(hour: number): Promise<ReadonlyMap<string, number>>
  /** Replaces an hour's events by those of its sealed file. Run again after a crash it ends the same. @returns how many. */
  refill(hour: number, file: string): Promise<number>
  /** As that of the lake. */
  endPatience(afterMs: number): void
  close(): Promise<void>
}

type Embedded = Extract<LakeAddress, { kind: 'embedded' }>

export async function openMender(address: Embedded, options: Pick<ConnectOptions, 'patienceMs'> = {}): Promise<LakeMender> {
  const engine = new Engine(clientOf(address), options.patienceMs ?? PATIENCE_MS)
  await prepareTable(engine).catch(async (error: unknown) => {
    await engine.close()
    throw error
  })
  return {
    async brokenParts() {
      const rows = await engine.rows<{ part_path: string; is_passed: number; message: string }>(queries.CHECK_PARTS)
      return rows.filter((row) => row.is_passed === 0).map((row) => ({ name: row.part_path, reason: row.message }))
    },
    setAside: (part) => engine.command(queries.detachPart(part)),
    async counted(upto) {
      const { sql, params } = queries.countedByHour(upto)
      const rows = await engine.rows<{ hour: number; events: string }>(sql, params)
      return new Map(rows.map(({ hour, events }) => [Number(hour) * 1000, Number(events)]))
    },
    async batchesOf(hour) {
      const rows = await engine.rows<{ writer: string; number: string; events: number }>(queries.hourBatches(hour))
      return new Map(rows.map(({ writer, number, events }) => [`${writer}/${number}`, events]))
    },
    refill: (hour, file) => refill(engine, address.folder, hour, file),
    endPatience: (afterMs) => engine.endPatience(afterMs),
    close: () => engine.close(),
  }
}

interface SealedRow {
  readonly [column: string]: unknown
  readonly writer: string
  readonly number: string
  readonly ix: number
  readonly id: string
  readonly scope: string
  readonly source: string
  readonly parser: string
  readonly observedMs: string
  readonly request: string
  readonly doc: string
}

/** Columns that the sealed file does not have are computed from the documents, as at the first time. */
async function refill(engine: Engine, folder: string, hour: number, file: string): Promise<number> {
  const insertRows = insertByFile(engine, folder)
  await engine.command(queries.dropHour(hour))
  const block = new RowBlock()
  let done = 0
  for (let after: queries.SealedPlace | undefined; ; ) {
    const { sql, params } = queries.sealedRows(file, after, ROWS_A_READ)
    const rows = await engine.rows<SealedRow>(sql, params)
    if (rows.length === 0) return done
    block.add(
      rows.map(({ id, scope, source, parser, observedMs, request, doc }) => {
        const parsed = JSON.parse(doc) as JsonObject
        return { id, scope, source, parser, observed: Number(observedMs), doc: parsed, json: doc, request }
      }),
    )
    const from = after
    await insertRows(
      (native) => queries.refillEvents(native!, file, from, ROWS_A_READ),
      block.bytes(),
      (insert) => insert(),
    )
    block.clear()
    done += rows.length
    const { writer, number, ix } = rows.at(-1)!
    after = { writer, sequence: number, index: ix }
  }
}

/**
 * Parts of an engine's folder that it keeps beside its table: what it found broken when it started, or what was set aside.
 * By name, with the bytes unread: the engine need not run.
 */
export async function partsAside(lakeFolder: string): Promise<readonly string[]> {
  const found: string[] = []
  for (const table of await tableFolders(join(lakeFolder, 'engine')))
    for (const name of await namesIn(join(table, 'detached'))) found.push(join(table, 'detached', name))
  return found.sort()
}

/**
 * Puts an engine's folder aside that the engine cannot open any more, and collects its parts for a new one.
 * @returns a folder with the parts, for `attachParts`.
 */
export async function leaveEngine(lakeFolder: string, name: string): Promise<{ readonly old: string; readonly parts: string }> {
  const old = join(lakeFolder, name)
  const parts = join(old, 'parts')
  if (existsSync(join(lakeFolder, 'engine'))) await rename(join(lakeFolder, 'engine'), old)
  await mkdir(parts, { recursive: true, mode: 0o700 })
  for (const table of await tableFolders(old))
    for (const part of await namesIn(table)) if (PART.test(part)) await rename(join(table, part), join(parts, part))
  return { old, parts }
}

/**
 * Gives what is left of another engine to a running, empty one: of parts that hold the same rows the one that was merged of
 * the others, or these where the engine does not take it. @returns those that it took none of.
 */
export async function attachSurvivors(address: Embedded, folder: string): Promise<readonly string[]> {
  const engine = new Engine(clientOf(address), PATIENCE_MS)
  try {
    const { path } = await engine.one<{ path: string }>(queries.TABLE_FOLDER)
    await mkdir(join(path, 'detached'), { recursive: true })
    const refused: string[] = []
    const attach = async (part: Part): Promise<void> => {
      await chmod(join(folder, part.name), 0o755)
      await rename(join(folder, part.name), join(path, 'detached', part.name))
      try {
        await engine.command(queries.attachPart(part.name))
      } catch {
        const sources = part.covers.sort(byBlock)
        if (sources.length === 0) refused.push(part.name)
        for (const source of sources) await attach(source)
      }
    }
    for (const part of nested((await readdir(folder)).filter((name) => PART.test(name)).map(partOf)).sort(byBlock))
      await attach(part)
    return refused
  } finally {
    await engine.close()
  }
}

/** `PARTITION_FROM_TO_LEVEL`, and the mutation that made it. */
interface Part {
  readonly name: string
  readonly partition: string
  readonly from: number
  readonly to: number
  readonly level: number
  readonly mutation: number
  readonly covers: Part[]
}

function partOf(name: string): Part {
  const [partition = '', from, to, level, mutation = 0] = name.split('_')
  return { name, partition, from: Number(from), to: Number(to), level: Number(level), mutation: Number(mutation), covers: [] }
}

/** Puts each part below the next larger one that holds its rows too. @returns those that none covers. */
function nested(parts: readonly Part[]): Part[] {
  const tops: Part[] = []
  const sorted = parts.toSorted((a, b) => b.to - b.from - (a.to - a.from) || b.level - a.level || b.mutation - a.mutation)
  for (const part of sorted) {
    let among = tops
    for (let over = among.find((one) => isOver(one, part)); over !== undefined; over = among.find((one) => isOver(one, part)))
      among = over.covers
    among.push(part)
  }
  return tops
}

function isOver(large: Part, small: Part): boolean {
  return large.partition === small.partition && large.from <= small.from && large.to >= small.to
}

/** Attached parts get new block numbers in the order in which they come: the old order is kept. */
function byBlock(a: Part, b: Part): number {
  return a.from - b.from
}

/** `store/XXX/UUID` of the table with the events: the one that has parts, or had some. */
async function tableFolders(engine: string): Promise<readonly string[]> {
  const found: string[] = []
  const store = join(engine, 'store')
  for (const first of await namesIn(store))
    for (const table of await namesIn(join(store, first))) {
      const folder = join(store, first, table)
      if ((await namesIn(folder)).includes('detached')) found.push(folder)
    }
  return found
}

function namesIn(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return []
    throw error
  })
}
