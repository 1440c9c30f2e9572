import type { Level } from '../../kernel/detection.ts'
import { KanpekiError } from '../../kernel/error.ts'
import { loadRuleTexts } from '../engines/sigma/load/load.ts'
import { detectionOfQuery } from './sigma-of-query.ts'

export interface DraftRequest {
  readonly id: string
  readonly title: string
  readonly level: Level
  readonly query: string
  readonly author: string
  /** `YYYY-MM-DD`. */
  readonly date: string
}

/**
 * A Sigma rule that finds what a query of the timeline finds. It is loaded as the server would load it before anybody sees it.
 * @throws KanpekiError `query_…`, `draft_impossible`.
 */
export function draftRule({ id, title, level, query, author, date }: DraftRequest): string {
  const text = [
    `title: ${JSON.stringify(title)}`,
    `id: ${id}`,
    'status: experimental',
    `description: ${JSON.stringify(`Drafted from the search: ${query}`)}`,
    `author: ${JSON.stringify(author)}`,
    `date: ${date}`,
    '# Say which events it is for: rules without a log source look at every event.',
    'logsource: {}',
    `detection:\n${detectionOfQuery(query).trimEnd()}`,
    `level: ${level}`,
    '',
  ].join('\n')
  const { rules, refused } = loadRuleTexts([{ file: 'draft.yml', text }])
  const [refusal] = refused
  if (rules.length === 1 && refusal === undefined) return text
  throw new KanpekiError('draft_impossible', `The rule would be refused: ${refusal?.reason ?? 'it does not load'}.`, {
    remedy: 'Ask in another way.',
  })
}
