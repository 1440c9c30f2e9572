import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { sharedData } from '../../src/kernel/testing/shared-data.ts'

/** The benchmark file's lines, or undefined where the shared cases are absent. */
export function mixedLines(): readonly string[] | undefined {
  const file = sharedData('events/mixed-20k.jsonl.gz')
  return file === undefined ? undefined : gunzipSync(readFileSync(file)).toString('utf8').split('\n').filter(Boolean)
}

export function chunks<T>(items: readonly T[], size: number): T[][] {
  const result: T[][] = []
  for (let at = 0; at < items.length; at += size) result.push(items.slice(at, at + size))
  return result
}

export function bulkBody(lines: readonly string[]): string {
  return lines.map((line) => `{"create":{}}\n${line}\n`).join('')
}
