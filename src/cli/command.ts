import type { ParseArgsConfig, parseArgs } from 'node:util'
import { EXIT, guarded, readOptions } from './options.ts'

type Options = NonNullable<ParseArgsConfig['options']>

const HELP = { help: { type: 'boolean', short: 'h', default: false } } as const

interface Asked<T extends Options> {
  readonly args: string[]
  readonly allowPositionals: true
  readonly options: T & typeof HELP
}

/**
 * Runs a command with its options and what else was given. `--help` shows the usage, and what is wrong becomes one line on standard
 * error with an exit code: `failed`, or that for wrong usage.
 */
export function command<T extends Options>(
  args: readonly string[],
  usage: string,
  options: T,
  body: (given: ReturnType<typeof parseArgs<Asked<T>>>) => Promise<number>,
  failed: number = EXIT.failed,
): Promise<number> {
  return guarded(async () => {
    const asked: Asked<T> = { args: [...args], allowPositionals: true, options: { ...options, ...HELP } }
    const given = readOptions(asked, usage)
    if ('help' in given.values && given.values.help === true) {
      process.stdout.write(usage.endsWith('\n') ? usage : `${usage}\n`)
      return EXIT.ok
    }
    return await body(given)
  }, failed)
}
