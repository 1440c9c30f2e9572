/** The native part of @litko/yara-x that an agent may load: one file a platform. */
export interface EngineFile {
  /** npm package that holds nothing but this file. */
  readonly name: string
  readonly sha256: string
  readonly bytes: number
}

/**
 * What agents take for the engine, by platform and C library. It stands in the agent's own bundle, which the release key signs: a
 * server hands the file on, and cannot make a host load another one. Changed with the package; a test compares them.
 */
export const ENGINE_FILES: Readonly<Record<string, EngineFile>> = {
  'linux-x64-gnu': {
    name: '@litko/yara-x-linux-x64-gnu',
    sha256: 'e6878621e5993097f137b7a5975e8ebf8941810455781cb5c5eaceec22b5289c',
    bytes: 21_250_608,
  },
}

/** `linux-x64-gnu`, `linux-x64-musl`, `darwin-arm64`. */
export function enginePlatform(): string {
  const { platform, arch } = process
  if (platform !== 'linux') return `${platform}-${arch}`
  const { glibcVersionRuntime } = (process.report.getReport() as { header: { glibcVersionRuntime?: string } }).header
  return `${platform}-${arch}-${glibcVersionRuntime === undefined ? 'musl' : 'gnu'}`
}
