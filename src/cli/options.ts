import { type ParseArgsConfig, parseArgs } from 'node:util'
import { KanpekiError, messageOf } from '../kernel/error.ts'
import { redact } from '../platform/log.ts'
import { plainLines } from './terminal-text.ts'

/** Exit codes of sysexits.h that scripts can tell apart, and that of a program that Ctrl-C ended, as shells report it. */
export const EXIT = { ok: 0, failed: 1, usage: 64, unavailable: 69, io: 74, interrupted: 130 } as const

/** The server a command asks: the one that runs on a data folder of this host, or one by its address. */
export const SERVER_OPTIONS = {
  data: { type: 'string', default: './data' },
  url: { type: 'string' },
  ca: { type: 'string' },
  token: { type: 'string' },
} as const

/**
 * What stands behind a command's own words. Two names where one is taken would end one account and leave the other, in silence.
 * @throws KanpekiError `usage` for more than `most` of them.
 */
export function takesAtMost(most: number, words: readonly string[], usage: string): void {
  const tooMany = words[most]
  if (tooMany !== undefined) throw new KanpekiError('usage', `'${tooMany}' is one word too many.`, { remedy: `\n${usage}` })
}

/** For what works on a data folder alone: asked of a server, it must not do it to a folder of this host instead. */
export function onHostOnly(what: string, usage: string): KanpekiError {
  return new KanpekiError('usage', `'${what}' works on the data folder of this host (--data), not with --url.`, {
    remedy: `\n${usage}`,
  })
}

/** Reads options; an unknown one is an error with the usage as its remedy. */
export function readOptions<T extends ParseArgsConfig>(config: T, usage: string): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config)
  } catch (error) {
    throw new KanpekiError('usage', sentences(messageOf(error)), { remedy: `\n${usage}` })
  }
}

/** Node's words about an option, of which some end in a full stop and one in half a pair of quotes. */
function sentences(text: string): string {
  return `${text
    .replace(/'(-- "[^"]*")$/, '$1')
    .replaceAll('\n', ' ')
    .replace(/\.$/, '')}.`
}

/** A file or a connection that is not as it should be: no fault of ours. */
function isSystemError(error: unknown): error is Error {
  return error instanceof Error && 'syscall' in error && 'code' in error
}

/** Runs a command's body; its own errors become one line on standard error and an exit code: `failed`, or that for wrong usage. */
export async function guarded(body: () => Promise<number>, failed: number = EXIT.failed): Promise<number> {
  try {
    return await body()
  } catch (error) {
    if (isSystemError(error)) {
      process.stderr.write(`kanpeki: ${plainLines(redact(error.message))}.\n`)
      return failed
    }
    if (!(error instanceof KanpekiError)) throw error
    process.stderr.write(`kanpeki: ${plainLines(redact(error.describe()))}\n`)
    if (error.code === 'interrupted') return EXIT.interrupted
    return error.code === 'usage' ? EXIT.usage : failed
  }
}
