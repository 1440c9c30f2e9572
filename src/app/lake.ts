import type { Config } from '../platform/config.ts'
import type { DataDir } from '../platform/data-dir.ts'
import { connectLake, type LakeAddress } from '../platform/lake/connect.ts'
import { startEmbeddedLake } from '../platform/lake/embedded.ts'
import type { Lake } from '../platform/lake/lake.ts'
import type { Log } from '../platform/log.ts'

export interface OpenLake {
  readonly lake: Lake
  /** For other threads of this process. */
  readonly address: LakeAddress
  /** Of the embedded engine's process, while one runs. */
  readonly pid: () => number | undefined
  close(): Promise<void>
}

/** The embedded engine in its own process, or a cluster by URL: the same client either way. */
export async function openLake(config: Config, dir: DataDir, log: Log): Promise<OpenLake> {
  const { sealed } = dir
  if (config.values.lake !== null) {
    const address: LakeAddress = { kind: 'cluster', url: config.values.lake }
    const lake = await connectLake(address, { sealed })
    return { lake, address, pid: () => undefined, close: () => lake.close() }
  }
  const engine = await startEmbeddedLake({
    folder: dir.lake,
    memory: config.values.memory,
    log: (message, detail) => log.warn(message, detail),
  })
  try {
    const lake = await connectLake(engine.address, { sealed })
    return {
      lake,
      address: engine.address,
      pid: () => engine.pid(),
      close: async () => {
        await lake.close()
        await engine.stop()
      },
    }
  } catch (error) {
    await engine.stop()
    throw error
  }
}
