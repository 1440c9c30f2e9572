import { existsSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Config } from '../platform/config.ts'
import { dataDir } from '../platform/data-dir.ts'
import { type FileGuard, fileGuard } from '../platform/file-guard.ts'
import type { StatePlace } from '../platform/state/state.ts'

const ROOT = new URL('../../', import.meta.url)

/** What ships with the program: rules, cards, the demo story. */
export const CONTENT = fileURLToPath(new URL('content/', ROOT))
/** The built console. */
export const CONSOLE = fileURLToPath(new URL('dist/web/', ROOT))
/** The verifier, built into one page. */
export const VERIFIER = fileURLToPath(new URL('dist/verifier/verifier.html', ROOT))

export function statePlace(config: Config): StatePlace {
  return config.values.state === null ? { path: dataDir(config.data).state } : { url: config.values.state }
}

/** Our own rules, then the user's folder below the data folder, then those named in the settings. */
export function ruleFolders(config: Config): readonly string[] {
  return [join(CONTENT, 'detections'), join(config.data, 'rules'), ...config.values.rules]
}

/** The user's own field-mapping pipelines; ours are read before them. */
export function pipelineFolders(config: Config): readonly string[] {
  return [dataDir(config.data).pipelines]
}

/** Where the file of a loaded rule lies, whose path is shown without the folders that everybody knows. */
export function ruleFile(config: Config, shown: string): string {
  if (isAbsolute(shown)) return shown
  const own = join(CONTENT, shown)
  return existsSync(own) ? own : join(dataDir(config.data).root, shown)
}

/** What file sources may read: never our own data, keys and settings. */
export function sourceFiles(config: Config): FileGuard {
  const { 'seal-key-file': sealKey, 'tls-key': tlsKey, 'source-folders': folders } = config.values
  return fileGuard([config.data, ...[sealKey, tlsKey].flatMap((path) => path ?? [])], folders)
}

/** Our own masking rules, then the user's. */
export function maskingFolders(config: Config): readonly string[] {
  return [join(CONTENT, 'masking'), dataDir(config.data).masking]
}

/** Our own scenarios, then the user's. */
export function scenarioFolders(config: Config): readonly string[] {
  return [join(CONTENT, 'scenarios'), join(config.data, 'scenarios')]
}

export function cardFolders(config: Config): readonly string[] {
  return [join(CONTENT, 'declarations'), join(config.data, 'declarations')]
}
