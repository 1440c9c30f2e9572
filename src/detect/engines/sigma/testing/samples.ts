import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { isJsonObject, type JsonObject } from '../../../../kernel/json.ts'
import { readRecords } from '../../../input/read-records.ts'
import { readDocuments } from '../load/documents.ts'

/** One of SigmaHQ's recorded positives. */
export interface Sample {
  /** Id of the rule that it was recorded for. */
  readonly rule: string
  readonly records: readonly JsonObject[]
  /** `match_count` of info.yml, a minimum; 1 where it is absent. */
  readonly atLeast: number
}

/** Reads every `.json` sample under the folder, ordered by rule id. Throws on one that cannot be read completely. */
export async function readSamples(folder: string): Promise<readonly Sample[]> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.json'))
  const samples = await Promise.all(names.map((name) => readSample(join(folder, name))))
  return samples.sort((a, b) => (a.rule < b.rule ? -1 : 1))
}

async function readSample(file: string): Promise<Sample> {
  const records: JsonObject[] = []
  await readRecords(
    file,
    { parsers: () => Promise.reject(new Error(`${file} is not JSON`)), now: 0 },
    {
      record: (doc) => records.push(doc),
      unreadable: (line, reason) => {
        throw new Error(`${file}:${line}: ${reason}`)
      },
    },
  )
  return { ...readInfo(join(dirname(file), 'info.yml')), records }
}

function readInfo(file: string): Pick<Sample, 'rule' | 'atLeast'> {
  const info = readDocuments(readFileSync(file, 'utf8')).documents[0]?.value as JsonObject
  const [rule, ...others] = objects(info['rule_metadata']).map((each) => each['id'])
  if (typeof rule !== 'string' || others.length > 0) throw new Error(`${file} does not name one rule`)
  const counts = objects(info['regression_tests_info']).map((each) => each['match_count'] ?? 1)
  return { rule, atLeast: Math.max(...counts.map(Number)) }
}

function objects(value: unknown): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : []
}
