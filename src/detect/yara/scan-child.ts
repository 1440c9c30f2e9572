import { KanpekiError } from '../../kernel/error.ts'
import { serveScans, type YaraEngine } from './serve-scans.ts'

/** The server's process for YARA: the engine is the one that is installed with it. */
serveScans(async () => {
  try {
    return (await import('@litko/yara-x')).default as unknown as YaraEngine
  } catch (error) {
    throw new KanpekiError('yara_unavailable', `The YARA engine is not there for ${process.platform}-${process.arch}.`, {
      remedy: 'It ships for Linux x64 (glibc) and macOS.',
      cause: error,
    })
  }
})
