import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { quickTest } from '../src/app/pipeline/quick-test.ts'
import { createEnricher } from '../src/collect/enrich/enrich.ts'
import { openGeo } from '../src/collect/enrich/geo.ts'
import { writeMmdb } from '../src/collect/enrich/testing/write-mmdb.ts'
import { loadMaskingRules } from '../src/collect/masking/load.ts'
import { createMasker } from '../src/collect/masking/mask.ts'
import { parseRecord } from '../src/collect/normalise/parse-record.ts'
import { getPath, type JsonObject } from '../src/kernel/json.ts'
import { sharedData } from '../src/kernel/testing/shared-data.ts'
import type { BenchResult } from './result.ts'

const CONTEXT = { received: Date.UTC(2026, 0, 1), zoneMinutes: 0, prefer: [] }
const ROUNDS = 4
const PEOPLE = 1_000

/**
 * What enrichment (a database of 65,536 networks, every host an asset, 1,000 people) and all three of our masking rules, in force over every
 * text, add to reading the recorded events: events a second with them against without, on one core. The rules' cost goes to standard error.
 */
export async function added(): Promise<BenchResult> {
  const file = sharedData('events/mixed-20k.jsonl.gz')
  if (file === undefined) throw new Error('../shared/data is absent: nothing to read')
  const lines = gunzipSync(readFileSync(file))
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '')
  const folder = mkdtempSync(join(tmpdir(), 'kanpeki-bench-'))
  try {
    const mmdb = join(folder, 'city.mmdb')
    writeFileSync(mmdb, writeMmdb('GeoLite2-City', networks()))
    const enrich = createEnricher({ geo: openGeo([mmdb]), assets: assetsOf(lines), people: people() })!
    const rules = loadMaskingRules([fileURLToPath(new URL('../content/masking', import.meta.url))])
    const key = Buffer.alloc(32, 7)
    const mask = createMasker(
      rules.map((rule) => ({ ...rule, enabled: true })),
      key,
      quickTest,
    )!
    const tally = new Map<string, number>()
    const steps = {
      read: () => {},
      enriched: (doc: JsonObject) => enrich(doc, 'default'),
      masked: (doc: JsonObject) => mask(doc, tally),
      both: (doc: JsonObject) => {
        enrich(doc, 'default')
        mask(doc, tally)
      },
    }
    const best: Record<keyof typeof steps, number> = { read: 1 / 0, enriched: 1 / 0, masked: 1 / 0, both: 1 / 0 }
    for (let round = 0; round < ROUNDS; round++) {
      for (const name of Object.keys(steps) as (keyof typeof steps)[]) {
        best[name] = Math.min(best[name], secondsOf(lines, steps[name]))
      }
    }
    const micros = (name: keyof typeof steps): string => (((best[name] - best.read) / lines.length) * 1e6).toFixed(1)
    console.error(
      `enrichment ${micros('enriched')} µs an event, masking ${micros('masked')} µs (${rules.length} rules, ${[...tally.values()].reduce((sum, count) => sum + count, 0)} values masked), both ${micros('both')} µs; reading ${((best.read / lines.length) * 1e6).toFixed(1)} µs`,
    )
    return {
      name: 'added',
      ratio: best.read / best.both,
      numerator: lines.length / best.both,
      denominator: lines.length / best.read,
      unit: 'events/s',
      rssMb: Math.round(process.memoryUsage().rss / 1e6),
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** CPU seconds of parsing every line, with a step after it. */
function secondsOf(lines: readonly string[], step: (doc: JsonObject) => void): number {
  const before = process.cpuUsage()
  for (const line of lines) {
    const parsed = parseRecord({ id: 'x', json: JSON.parse(line) as JsonObject }, CONTEXT)
    if ('unknown' in parsed) throw new Error(parsed.unknown)
    for (const { ecs } of parsed.events) step(ecs)
  }
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1e6
}

function networks() {
  return Array.from(
    { length: 65_536 },
    (_, at) =>
      [
        `${at >> 8}.${at & 255}.0.0/16`,
        {
          city: { names: { en: `City ${at}` } },
          country: { iso_code: 'JP', names: { en: 'Japan' } },
          location: { latitude: 35 + (at % 90) / 100, longitude: 139 + (at % 70) / 100 },
        },
      ] as const,
  )
}

function assetsOf(lines: readonly string[]) {
  const names = new Set<string>()
  for (const line of lines) {
    const parsed = parseRecord({ id: 'x', json: JSON.parse(line) as JsonObject }, CONTEXT)
    const name = 'unknown' in parsed ? undefined : getPath(parsed.events[0]!.ecs, 'host.name')
    if (typeof name === 'string') names.add(name)
  }
  return [...names].map((name) => ({
    id: `asset-${name}`,
    scope: 'default',
    names: [name],
    labels: { team: 'a' },
    criticality: 'high',
    owner: 'ann@example.test',
  }))
}

function people() {
  return Array.from({ length: PEOPLE }, (_, at) => ({ email: `person${at}@example.test`, name: `Person ${at}` }))
}
