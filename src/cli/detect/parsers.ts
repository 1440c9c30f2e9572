import type { Parser } from '../../kernel/plugin.ts'

/** The collect room's parsers for log lines, in registry order. Loaded only when a file needs them. */
export async function lineParsers(): Promise<readonly Parser[]> {
  return []
}
