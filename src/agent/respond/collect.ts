import { constants, existsSync } from 'node:fs'
import { lstat, open, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { ParamsOf } from '../../hosts/schema.ts'
import type { AgentReceipt } from '../../kernel/agent-command.ts'
import { messageOf } from '../../kernel/error.ts'
import type { JsonObject } from '../../kernel/json.ts'
import { realWait } from '../../platform/backoff.ts'
import type { Snapshot } from '../snapshot.ts'
import { type CaptureFile, openCaptureFile } from './capture-file.ts'
import { type PacketRing, recordPackets } from './packets.ts'
import type { RespondContext } from './responder.ts'

export interface CollectOptions {
  readonly snapshot: Snapshot
  readonly ring?: Pick<PacketRing, 'files' | 'lacking'>
  readonly largestFile: () => number
  readonly largestStore: () => number
}

/** Files of one capture, folders below those asked for included. */
const MOST_FILES = 2_000
const MOST_TOLD = 200

interface Problem {
  readonly what: string
  readonly why: string
}

/**
 * Captures what the host is like: processes, connections and open files, chosen files, traffic, and the agent's own events
 * before and after. What cannot be had is said in the manifest and the receipt; the rest is sent all the same.
 */
export function collectResponder({ snapshot, ring, largestFile, largestStore }: CollectOptions) {
  return async (params: ParamsOf<'collect'>, context: RespondContext): Promise<AgentReceipt> => {
    const { paths, processes, packetSeconds = 0, beforeSeconds = 300, afterSeconds = 0 } = params
    const { id, folder, signal, recent, upload } = context
    const file = join(folder, `capture-${id}.tar.gz`)
    const packets = join(folder, `capture-${id}.pcap`)
    const problems: Problem[] = []
    const began = new Date()
    const beganAt = performance.now()
    try {
      const capture = openCaptureFile(file, largestStore())
      // Begun before the ring is read: nothing falls between them.
      const traffic = packetSeconds > 0 ? recordPackets(packets, packetSeconds, signal) : undefined
      // What changes by itself comes first.
      if (processes) {
        await capture.add('processes.jsonl', jsonLines(snapshot.processes()))
        await capture.add('sockets.jsonl', jsonLines(snapshot.sockets()))
        await capture.add('open-files.jsonl', jsonLines(snapshot.openFiles()))
      }
      if (beforeSeconds > 0) await capture.add('events-before.jsonl', Buffer.from(asLines(recent(beforeSeconds))))
      for (const [i, name] of ((await ring?.files()) ?? []).entries())
        await addFile(capture, `packets-before-${i}.pcap`, name, Infinity, problems)
      const lacking = ring?.lacking()
      if (lacking !== undefined) problems.push({ what: 'packets before', why: lacking })
      await addPaths(capture, paths, largestFile(), problems)
      const why = await traffic
      if (why !== undefined) problems.push({ what: 'packets', why })
      if (existsSync(packets)) await addFile(capture, 'packets.pcap', packets, Infinity, problems)
      const left = afterSeconds - (performance.now() - beganAt) / 1_000
      if (left > 0) await realWait(left * 1_000, signal)
      if (afterSeconds > 0) {
        const since = (performance.now() - beganAt) / 1_000
        await capture.add('events-after.jsonl', Buffer.from(asLines(recent(since))))
      }
      const about = { command: id, began: began.toISOString(), ended: new Date().toISOString(), problems: told(problems) }
      await capture.finish(about)
      const { id: artefact, sha256, bytes } = await upload(file)
      const entries = capture.entries.slice(0, MOST_TOLD).map((entry) => ({ ...entry }))
      const said: JsonObject = { artefact: artefact!, sha256: sha256!, bytes: bytes!, entries, count: capture.entries.length }
      return { outcome: 'done', detail: { ...said, problems: told(problems) } }
    } finally {
      await rm(file, { force: true })
      await rm(packets, { force: true })
    }
  }
}

const jsonLines = (rows: readonly JsonObject[]): Buffer => Buffer.from(asLines(rows.map((row) => JSON.stringify(row))))
const asLines = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('')
const told = (problems: readonly Problem[]): JsonObject[] => problems.slice(0, MOST_TOLD).map((one) => ({ ...one }))

/** Plain files, and those of folders below; links are told, not followed. */
async function addPaths(capture: CaptureFile, paths: readonly string[], most: number, problems: Problem[]): Promise<void> {
  const waiting = [...paths]
  let number = 0
  for (let path = waiting.shift(); path !== undefined; path = waiting.shift()) {
    if (number >= MOST_FILES) {
      problems.push({
        what: path,
        why: `no more than ${MOST_FILES} files are captured at once; ${waiting.length + 1} are left out`,
      })
      return
    }
    try {
      const found = await lstat(path)
      if (found.isDirectory()) {
        waiting.push(...(await readdir(path)).map((name) => join(path!, name)))
        continue
      }
      number += 1
      await addFile(capture, `files/${String(number).padStart(4, '0')}`, path, most, problems)
    } catch (error) {
      problems.push({ what: path, why: (error as NodeJS.ErrnoException).code ?? messageOf(error) })
    }
  }
}

async function addFile(capture: CaptureFile, name: string, path: string, most: number, problems: Problem[]): Promise<void> {
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    try {
      const found = await file.stat()
      if (!found.isFile()) problems.push({ what: path, why: 'no plain file' })
      else if (found.size > most) problems.push({ what: path, why: `larger than ${most} bytes` })
      else await capture.addFile(name, path, file)
    } finally {
      await file.close()
    }
  } catch (error) {
    problems.push({ what: path, why: (error as NodeJS.ErrnoException).code ?? messageOf(error) })
  }
}
