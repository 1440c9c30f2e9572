import { pathToFileURL } from 'node:url'
import type { Level, RuleInfo } from '../../kernel/detection.ts'
import type { Formatter } from './formatter.ts'
import type { Hit, RecordPlace } from './hit.ts'

const LEVELS: Readonly<Record<Level, 'error' | 'warning' | 'note'>> = {
  critical: 'error',
  high: 'error',
  medium: 'warning',
  low: 'note',
  informational: 'note',
}

/** SARIF 2.1.0 (OASIS): one run, a result a detection; the record number stands as the region's line. */
export function sarifFormatter(): Formatter {
  const results: object[] = []
  const rules = new Map<string, RuleInfo>()
  return {
    hit(hit) {
      rules.set(hit.rule.id, hit.rule)
      results.push(resultOf(hit, [...rules.keys()].indexOf(hit.rule.id)))
      return ''
    },
    end: () =>
      `${JSON.stringify({
        $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
        version: '2.1.0',
        runs: [
          {
            tool: {
              driver: {
                name: 'Kanpeki',
                informationUri: 'https://github.com/kanpeki/kanpeki',
                rules: [...rules.values()].map(descriptor),
              },
            },
            columnKind: 'utf16CodeUnits',
            results,
          },
        ],
      })}\n`,
  }
}

function descriptor(rule: RuleInfo): object {
  return {
    id: rule.id,
    name: rule.title,
    shortDescription: { text: rule.title },
    ...(rule.description === '' ? {} : { fullDescription: { text: rule.description } }),
    defaultConfiguration: { level: LEVELS[rule.level] },
    properties: { tags: [...rule.techniques], level: rule.level },
  }
}

function resultOf({ rule, input, records, fields }: Hit, ruleIndex: number): object {
  return {
    ruleId: rule.id,
    ruleIndex,
    level: LEVELS[rule.level],
    message: { text: `${rule.title} (${input.file}, record ${input.record})` },
    locations: (records ?? [input]).map(locationOf),
    properties: { fields },
  }
}

function locationOf({ file, record }: RecordPlace): object {
  const uri = file === '-' ? 'stdin' : file.startsWith('/') ? pathToFileURL(file).href : encodeURI(file)
  return { physicalLocation: { artifactLocation: { uri }, region: { startLine: record } } }
}
