import { createReadStream, readdirSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { createGunzip } from 'node:zlib'
import { parsers } from '../src/collect/parsers/registry.ts'
import { loadRuleSet, type RuleSet } from '../src/detect/rule-set.ts'
import type { JsonObject } from '../src/kernel/json.ts'
import { sharedData } from '../src/kernel/testing/shared-data.ts'
import type { BenchResult } from './result.ts'

const CONTEXT = { received: Date.UTC(2026, 0, 1), zoneMinutes: 0, prefer: [] }

/**
 * How often our own rules speak over recordings that are mostly background: Windows hosts with one attack each, an access log and
 * an authentication log. Detections by rule go to standard error, the noisiest first, with the recordings that they came from; the
 * result is detections per event. Records take the server's way through the parsers and keep their own time.
 */
export async function noise(): Promise<BenchResult> {
  const recordings = [...filesOf('events/windows', '.jsonl.gz'), ...filesOf('logs/elastic-examples', '.log')]
  if (recordings.length === 0) throw new Error('../shared/data is absent: nothing to listen to')
  const tallies = new Map<string, Map<string, number>>()
  let events = 0
  let detections = 0
  for (const recording of recordings) {
    const ruleSet = loadRuleSet([fileURLToPath(new URL('../content/detections/', import.meta.url))])
    for await (const line of linesOf(recording.path)) {
      for (const title of hear(ruleSet, line, events)) {
        detections++
        const tally = tallies.get(title) ?? new Map<string, number>()
        tallies.set(title, tally.set(recording.name, (tally.get(recording.name) ?? 0) + 1))
      }
      events++
    }
  }
  for (const [title, tally] of [...tallies].sort((a, b) => total(b[1]) - total(a[1])))
    console.error(
      `${String(total(tally)).padStart(6)}  ${title}: ${[...tally].map(([name, count]) => `${name} ${count}`).join(', ')}`,
    )
  return {
    name: 'noise',
    ratio: detections / events,
    numerator: detections,
    denominator: events,
    unit: 'detections/event',
    rssMb: Math.round(process.memoryUsage().rss / 1e6),
  }
}

function total(tally: ReadonlyMap<string, number>): number {
  return [...tally.values()].reduce((sum, count) => sum + count, 0)
}

/** Titles of the rules that fire on one record. */
function hear(ruleSet: RuleSet, line: string, number: number): string[] {
  const id = `r${number}`
  const record = line.startsWith('{') ? { id, json: JSON.parse(line) as JsonObject } : { id, text: line }
  const parser = parsers.find((each) => each.accepts(record))
  const parsed = parser?.parse(record, CONTEXT) ?? []
  if (parser === undefined || 'unknown' in parsed) return []
  return ruleSet
    .run(
      parsed.map(({ observed, ecs }, index) => {
        const time = observed ?? CONTEXT.received
        const place = { scope: 'bench', source: 'bench', parser: parser.id, writer: 'bench', sequence: number, index }
        return { ...place, id: `${id}-${index}`, observed: time, received: time, doc: ecs }
      }),
      true,
    )
    .map(({ rule }) => rule.title)
}

function filesOf(folder: string, ending: string): { readonly name: string; readonly path: string }[] {
  const path = sharedData(folder)
  if (path === undefined) return []
  return readdirSync(path)
    .filter((name) => name.endsWith(ending))
    .map((name) => ({ name: name.slice(0, 40), path: `${path}/${name}` }))
}

async function* linesOf(path: string): AsyncGenerator<string> {
  const file = createReadStream(path)
  const input = path.endsWith('.gz') ? file.pipe(createGunzip()) : file
  for await (const line of createInterface({ input })) if (line !== '') yield line
}
