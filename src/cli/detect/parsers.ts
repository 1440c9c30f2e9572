import type { LineParsers } from '../../detect/input/text-records.ts'

/** The collect room's parsers for log lines, in registry order, and what joins lines for them. Loaded when a file of log lines comes. */
export async function lineParsers(): Promise<LineParsers> {
  const [{ parsers }, { joinLines }] = await Promise.all([
    import('../../collect/parsers/registry.ts'),
    import('../../collect/join/lines.ts'),
  ])
  return { parsers, join: joinLines }
}
