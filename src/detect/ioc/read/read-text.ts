import type { JsonValue } from '../../../kernel/json.ts'
import { readCsv } from './csv.ts'
import { isMisp, readMisp } from './misp.ts'
import { readPlain } from './plain.ts'
import type { Reading } from './reading.ts'
import { readStix } from './stix.ts'

export const TEXT_FORMATS = ['auto', 'plain', 'csv', 'stix', 'misp'] as const
export type TextFormat = (typeof TEXT_FORMATS)[number]

/** Reads indicators from a text; `auto` tells the format by looking. */
export function readText(text: string, format: TextFormat): Reading {
  switch (format === 'auto' ? formatOf(text) : format) {
    case 'plain':
      return readPlain(text)
    case 'csv':
      return readCsv(text)
    case 'stix':
      return fromJson(text, readStix)
    default:
      return fromJson(text, readMisp)
  }
}

function formatOf(text: string): Exclude<TextFormat, 'auto'> {
  const begin = text.trimStart().slice(0, 1)
  if (begin === '{' || begin === '[') {
    const json = parsed(text)
    return json !== undefined && isMisp(json) ? 'misp' : 'stix'
  }
  const lines = text
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'))
    .slice(0, 20)
  const tabular = lines.filter((line) => /[,;\t]/.test(line.replace(/\s+(?:#|;|\/\/).*$/, '')))
  return lines.length > 0 && tabular.length > lines.length / 2 ? 'csv' : 'plain'
}

function fromJson(text: string, read: (json: JsonValue) => Reading): Reading {
  const json = parsed(text)
  return json === undefined ? { indicators: [], skipped: [{ place: '1', reason: 'not valid JSON' }] } : read(json)
}

function parsed(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue
  } catch {
    return undefined
  }
}
