import { z } from 'zod'

const rowSchema = z.object({ pid: z.number(), parent: z.number(), name: z.string(), command_line: z.string() })
type Row = z.infer<typeof rowSchema>

function rowIn(line: string): Row[] {
  try {
    const { data } = rowSchema.safeParse(JSON.parse(line))
    return data === undefined ? [] : [data]
  } catch {
    return []
  }
}

/** Processes of a capture (one JSON object a line), each below the one that started it; a line that was cut off is left out. */
export function processTree(text: string): string {
  const rows = text.split('\n').flatMap(rowIn)
  const children = Map.groupBy(rows, ({ parent }) => parent)
  const known = new Set(rows.map(({ pid }) => pid))
  const lines: string[] = []
  const seen = new Set<number>()
  const waiting = rows
    .filter(({ pid, parent }) => !known.has(parent) || parent === pid)
    .map((row) => ({ row, depth: 0 }))
    .reverse()
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { row, depth } = next
    if (seen.has(row.pid)) continue
    seen.add(row.pid)
    lines.push(`${'  '.repeat(depth)}${row.pid}  ${row.command_line === '' ? `[${row.name}]` : row.command_line}`)
    for (const child of (children.get(row.pid) ?? []).toReversed()) waiting.push({ row: child, depth: depth + 1 })
  }
  return lines.join('\n')
}
