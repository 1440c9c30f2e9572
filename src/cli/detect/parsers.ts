import type { Parser } from '../../kernel/plugin.ts'

/** The collect room's parsers for log lines, in registry order. Loaded when a file of log lines comes. */
export async function lineParsers(): Promise<readonly Parser[]> {
  return (await import('../../collect/parsers/registry.ts')).parsers
}
