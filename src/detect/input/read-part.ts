import { closeSync, openSync, readSync, statSync } from 'node:fs'
import { KanpekiError } from '../../kernel/error.ts'
import { chunkStart, isEvtx, isLive } from '../../platform/evtx/evtx-reader.ts'
import { magicOf, readHead } from './bytes.ts'
import { EvtxRecords } from './evtx-records.ts'
import { JsonRecords } from './json-records.ts'
import { byLine, type ReadOptions, readRecords } from './read-records.ts'
import type { RecordSink } from './record.ts'

/** A file, or a stretch of a file of JSON lines that begins and ends at a line, or of chunks of a Windows event log. Offsets are bytes. */
export interface FilePart {
  readonly file: string
  readonly from?: number
  readonly to?: number
}

const CHUNK = 1 << 18
const SMALLEST_PART = 16 << 20

/**
 * Cuts a large file of JSON lines or a large Windows event log into parts for threads; any other file stays whole. The parts' records, in order,
 * are the file's.
 */
export function splitFile(file: string, parts: number): FilePart[] {
  if (file === '-' || parts < 2) return [{ file }]
  let size: number
  let isLog: boolean
  try {
    const stat = statSync(file)
    size = stat.isFile() ? stat.size : 0
    if (size < SMALLEST_PART * 2) return [{ file }]
    isLog = isEvtx(readHead(file, 8))
    if (!isLog && !isJsonLines(file)) return [{ file }]
  } catch {
    return [{ file }]
  }
  const count = Math.min(parts, Math.floor(size / SMALLEST_PART))
  const bounds = [0]
  const handle = openSync(file, 'r')
  try {
    for (let index = 1; index < count; index += 1) {
      const near = Math.floor((size * index) / count)
      const bound = isLog ? chunkStart(near) : lineStart(handle, near, size)
      if (bound > bounds.at(-1)! && bound < size) bounds.push(bound)
    }
  } finally {
    closeSync(handle)
  }
  return bounds.map((from, index) => ({ file, from, to: bounds[index + 1] ?? size }))
}

/** The first line is a whole JSON object: so are the others, or they are reported line by line. */
function isJsonLines(file: string): boolean {
  const head = readHead(file, 1 << 16)
  if (magicOf(head) !== 'plain' || head[0] !== 123) return false
  const end = head.indexOf(10)
  if (end < 0) return false
  try {
    JSON.parse(head.subarray(0, end).toString('utf8'))
    return true
  } catch {
    return false
  }
}

/** Offset of the first line that begins at or after `from`. */
function lineStart(handle: number, from: number, size: number): number {
  const buffer = Buffer.alloc(CHUNK)
  for (let at = from; at < size; ) {
    const length = readSync(handle, buffer, 0, CHUNK, at)
    if (length === 0) break
    const end = buffer.subarray(0, length).indexOf(10)
    if (end >= 0) return at + end + 1
    at += length
  }
  return size
}

/** Reads a whole file or one part of it. Line and record numbers count from the part's beginning. */
export async function readPart(
  part: FilePart,
  options: ReadOptions,
  sink: RecordSink,
): Promise<{ lines: number; records: number; bytes: number }> {
  const { file, from, to } = part
  if (from === undefined || to === undefined) return readRecords(file, options, sink)
  let handle: number
  try {
    handle = openSync(file, 'r')
  } catch (error) {
    throw new KanpekiError('input-unreadable', (error as Error).message, { place: { file }, cause: error })
  }
  try {
    const head = Buffer.alloc(128)
    readSync(handle, head, 0, head.length, 0)
    const records = isEvtx(head) ? new EvtxRecords(sink, from, isLive(head)) : byLine(new JsonRecords(sink))
    const buffer = Buffer.allocUnsafeSlow(CHUNK)
    for (let at = from; at < to; ) {
      const length = readSync(handle, buffer, 0, Math.min(CHUNK, to - at), at)
      if (length === 0) break
      records.push(buffer.subarray(0, length))
      at += length
    }
    return { ...records.end(), bytes: to - from }
  } finally {
    closeSync(handle)
  }
}
