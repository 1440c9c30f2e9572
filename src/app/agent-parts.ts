import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { createRequire } from 'node:module'
import { ENGINE_FILES } from '../detect/yara/engine-files.ts'
import type { AgentPart } from '../hosts/link-routes.ts'
import type { Log } from '../platform/log.ts'

const require = createRequire(import.meta.url)

/** What agents fetch by its hash: the YARA rules, and the engine for their platform as far as it is installed here. */
export function agentParts(yaraSource: string | undefined, log: Log) {
  const rules = yaraSource === undefined ? undefined : Buffer.from(yaraSource)
  const sha256 = rules === undefined ? undefined : createHash('sha256').update(rules).digest('hex')
  const engines = new Map<string, string>()
  for (const { name, sha256: engine } of Object.values(ENGINE_FILES)) {
    try {
      engines.set(engine, require.resolve(name))
    } catch {
      log.info('the YARA engine of this package is not installed here: agents of its platform do without', { package: name })
    }
  }
  return {
    /** Goes along with the signed policy; undefined where there are no YARA rules. */
    yara: rules === undefined || sha256 === undefined ? undefined : { sha256, bytes: rules.length },
    part(wanted: string): AgentPart | undefined {
      if (rules !== undefined && wanted === sha256) return { bytes: rules.length, content: rules }
      const file = engines.get(wanted)
      const known = Object.values(ENGINE_FILES).find((one) => one.sha256 === wanted)
      return file === undefined || known === undefined ? undefined : { bytes: known.bytes, content: createReadStream(file) }
    },
  }
}
