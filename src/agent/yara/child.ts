import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { ENGINE_FILES, enginePlatform } from '../../detect/yara/engine-files.ts'
import { serveScans, type YaraEngine } from '../../detect/yara/serve-scans.ts'
import { KanpekiError, messageOf } from '../../kernel/error.ts'
import { engineIn } from './parts.ts'

/** The agent's process for YARA, as short as there is something to scan: `agent scan`, with a channel to the agent. */
export function serveAgentScans(folder: string): void {
  serveScans(async () => {
    const file = engineIn(folder)
    const known = ENGINE_FILES[enginePlatform()]
    try {
      // What lies on the disk may be another file than the one that was fetched.
      if (createHash('sha256').update(readFileSync(file)).digest('hex') !== known?.sha256)
        throw new Error('the engine on the disk is not the one that this agent knows')
      const module = { exports: {} }
      process.dlopen(module, file)
      return module.exports as YaraEngine
    } catch (error) {
      throw new KanpekiError('yara_unavailable', `The YARA engine does not run here: ${messageOf(error)}.`, { cause: error })
    }
  })
}
