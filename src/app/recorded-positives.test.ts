import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { joinLines } from '../collect/join/lines.ts'
import { parseRecord } from '../collect/normalise/parse-record.ts'
import { parsers } from '../collect/parsers/registry.ts'
import { loadRuleFiles } from '../detect/engines/sigma/load/read-files.ts'
import { compileSigma, type SigmaProgram } from '../detect/engines/sigma/match/program.ts'
import { readSamples } from '../detect/engines/sigma/testing/samples.ts'
import { readRecords } from '../detect/input/read-records.ts'
import type { JsonObject } from '../kernel/json.ts'
import { sharedData } from '../kernel/testing/shared-data.ts'

const rules = sharedData('sigma/rules')
const folder = sharedData('sigma/regression')
const NOW = Date.UTC(2026, 0, 15)

/** SigmaHQ's recorded positives by every way that they can come: as JSON, as EVTX, and as the server stores either; one as syslog. */
describe.skipIf(rules === undefined || folder === undefined)('recorded positives', () => {
  let program: SigmaProgram
  let atLeast: ReadonlyMap<string, number>
  let json: ReadonlyMap<string, readonly JsonObject[]>
  beforeAll(async () => {
    program = compileSigma(loadRuleFiles([rules!]).rules)
    const samples = await readSamples(folder!)
    atLeast = new Map(samples.map((sample) => [sample.rule, sample.atLeast]))
    json = new Map(samples.map((sample) => [sample.rule, sample.records]))
  })

  const missed = (byRule: ReadonlyMap<string, readonly JsonObject[]>): string[] =>
    [...byRule]
      .filter(
        ([rule, docs]) =>
          docs.filter((doc) => program.match(doc).some(({ info }) => info.id === rule)).length < atLeast.get(rule)!,
      )
      .map(([rule]) => rule)

  const stored = (byRule: ReadonlyMap<string, readonly JsonObject[]>): Map<string, readonly JsonObject[]> =>
    new Map([...byRule].map(([rule, docs]) => [rule, docs.flatMap((doc, index) => asStored(doc, index))]))

  it('are found in EVTX, and as the server stores that', async () => {
    const evtx = await readEvtx(folder!)
    console.log(`${evtx.size} samples as EVTX and as JSON, each as it is and as it is stored`)
    expect(evtx.size).toBe(106)
    expect(missed(evtx)).toEqual([])
    expect(missed(stored(evtx))).toEqual([])
  })

  it('are found in JSON as the server stores it', () => {
    expect(json.size).toBe(106)
    expect(missed(stored(json))).toEqual([])
  })

  it('are found in a capture of Cisco’s syslog', async () => {
    const file = join(folder!, names(folder!, '.raw')[0]!)
    const docs = await readDocs(file)
    expect(docs.flatMap((doc) => program.match(doc).map(({ info }) => info.id))).toContain('ef0ff092-a24a-4fbc-beea-06c08d53e085')
  })
})

function asStored(json: JsonObject, index: number): JsonObject[] {
  const parsed = parseRecord({ id: `r${index}`, json }, { received: NOW, zoneMinutes: 0, prefer: [] })
  return 'unknown' in parsed ? [] : parsed.events.map(({ ecs }) => ecs)
}

function names(root: string, ending: string): string[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith(ending))
}

async function readEvtx(root: string): Promise<Map<string, readonly JsonObject[]>> {
  const found = new Map<string, readonly JsonObject[]>()
  for (const name of names(root, '.evtx')) {
    const info = readFileSync(join(root, dirname(name), 'info.yml'), 'utf8')
    const rule = /rule_metadata:\s+- id: ([0-9a-f-]{36})/.exec(info)?.[1]
    if (rule === undefined) throw new Error(`${name}: info.yml names no rule`)
    found.set(rule, await readDocs(join(root, name)))
  }
  return found
}

async function readDocs(file: string): Promise<JsonObject[]> {
  const docs: JsonObject[] = []
  await readRecords(
    file,
    { parsers: async () => ({ parsers, join: joinLines }), now: NOW },
    {
      record: (doc) => docs.push(doc),
      unreadable: (line, reason) => {
        throw new Error(`${file}:${line}: ${reason}`)
      },
    },
  )
  return docs
}
