import { type ParseArgsConfig, parseArgs } from 'node:util'
import { KanpekiError, messageOf } from '../kernel/error.ts'
import { redact } from '../platform/log.ts'

/** Exit codes of sysexits.h that scripts can tell apart. */
export const EXIT = { ok: 0, failed: 1, usage: 64, unavailable: 69, io: 74 } as const

/** The server a command asks: the one that runs on a data folder of this host, or one by its address. */
export const SERVER_OPTIONS = {
  data: { type: 'string', default: './data' },
  url: { type: 'string' },
  ca: { type: 'string' },
  token: { type: 'string' },
} as const

/** Reads options; an unknown one is an error with the usage as its remedy. */
export function readOptions<T extends ParseArgsConfig>(config: T, usage: string): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config)
  } catch (error) {
    throw new KanpekiError('usage', `${messageOf(error)}.`, { remedy: `\n${usage}` })
  }
}

/** Runs a command's body; its own errors become one line on standard error and an exit code: `failed`, or that for wrong usage. */
export async function guarded(body: () => Promise<number>, failed: number = EXIT.failed): Promise<number> {
  try {
    return await body()
  } catch (error) {
    if (!(error instanceof KanpekiError)) throw error
    process.stderr.write(`kanpeki: ${redact(error.describe())}\n`)
    return error.code === 'usage' ? EXIT.usage : failed
  }
}
