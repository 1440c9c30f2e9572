import type { Usual } from '../../../src/declare/catalogue/schema.ts'
import { fold } from '../../format/fold.ts'

/** Whether all words stand somewhere in the texts, whatever their case and width. */
export function finds(words: string, texts: readonly string[]): boolean {
  const all = fold(texts.join('\n'))
  return fold(words)
    .split(/\s+/)
    .every((word) => all.includes(word))
}

/** The lines that promise it as it is usually promised, ready to be pasted into a card. */
export function objectiveLines(measure: string, title: { readonly en: string; readonly ja: string }, usual: Usual): string {
  const params = Object.entries(usual.params).map(
    ([name, value]) => `${name}: ${Array.isArray(value) ? `[${value.join(', ')}]` : value}`,
  )
  const id = String(usual.params['series'] ?? measure.split('.').at(-1))
  return [
    `  - id: ${id}`,
    `    title: { en: ${JSON.stringify(title.en)}, ja: ${JSON.stringify(title.ja)} }`,
    `    measure: ${measure}`,
    ...(params.length === 0 ? [] : [`    params: { ${params.join(', ')} }`]),
    `    comparator: "${usual.comparator}"`,
    `    target: ${usual.target}`,
    `    window: ${usual.window}`,
    `    maxEvidenceAge: ${usual.maxEvidenceAge}`,
  ].join('\n')
}
