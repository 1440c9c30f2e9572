import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Clock } from '../../kernel/clock.ts'
import type { JsonObject } from '../../kernel/json.ts'
import { connectLake } from '../lake/connect.ts'
import { type EmbeddedLake, startEmbeddedLake } from '../lake/embedded.ts'
import { rowsOf } from '../lake/encode.ts'
import type { Lake, LakeBatch, LakeEvent } from '../lake/lake.ts'

export interface TestLake {
  readonly folder: string
  readonly process: EmbeddedLake
  readonly lake: Lake
  stop(): Promise<void>
}

const MEMORY = 768 * 1024 * 1024

/** A real engine on an empty temporary folder, or on the one given. */
export async function startTestLake(
  options: { readonly folder?: string; readonly clock?: Clock; readonly spareShare?: number } = {},
): Promise<TestLake> {
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'kanpeki-lake-'))
  const process = await startEmbeddedLake({
    folder,
    memory: MEMORY,
    log: () => {},
    ...(options.spareShare === undefined ? {} : { spareShare: options.spareShare }),
  })
  const lake = await connectLake(process.address, {
    sealed: join(folder, 'sealed'),
    ...(options.clock && { clock: options.clock }),
  })
  return {
    folder,
    process,
    lake,
    async stop() {
      await lake.close()
      await process.stop()
      if (options.folder === undefined) rmSync(folder, { recursive: true, force: true })
    },
  }
}

export function testEvent(id: string, doc: JsonObject, more: Partial<LakeEvent> = {}): LakeEvent {
  return {
    id,
    scope: 'default',
    source: 'test',
    parser: 'json',
    observed: 0,
    doc,
    json: JSON.stringify(doc),
    request: '',
    ...more,
  }
}

export type TestBatch = LakeBatch & { readonly events: readonly LakeEvent[] }

export function testBatch(sequence: number, received: number, events: readonly LakeEvent[], writer = 'w'): TestBatch {
  return { writer, sequence, received, salt: `salt-${writer}-${sequence}`, events, rows: rowsOf(events) }
}
