import type { Comparison, RuleDifference } from '../detect/replay/compare.ts'
import type { TalliedAlert } from '../detect/replay/tally.ts'
import { plain } from './terminal-text.ts'

const SHOWN = 5

/** What changes, for people at a terminal. */
export function diffText(found: Comparison): string {
  const { before, after, rules } = found
  const lines = [
    `${found.events.toLocaleString('en')} events · rules ${before.rules} → ${after.rules} · alerts ${before.alerts} → ${after.alerts} (detections ${before.detections} → ${after.detections})`,
    ...rules.flatMap((rule) => [
      '',
      `${SIGN[rule.change]} ${plain(rule.title)}  ${figures(rule)}`,
      `    ${rule.id}`,
      ...some('-', rule.lost),
      ...some('+', rule.gained),
    ]),
    ...(found.techniquesLost.length === 0 ? [] : ['', `No longer found here: ${found.techniquesLost.join(' ')}`]),
    ...(found.techniquesGained.length === 0 ? [] : ['', `Newly found here: ${found.techniquesGained.join(' ')}`]),
    ...(rules.length === 0 ? ['', 'No difference over these events.'] : []),
  ]
  return `${lines.join('\n')}\n`
}

const SIGN: Readonly<Record<RuleDifference['change'], string>> = { added: '+', removed: '-', changed: '~', same: '·' }

function figures({ before, after, lost, gained, levels }: RuleDifference): string {
  return [
    `${before} → ${after} alerts`,
    ...(lost.length === 0 ? [] : [`${lost.length} lost`]),
    ...(gained.length === 0 ? [] : [`${gained.length} new`]),
    ...(levels === null ? [] : [`level ${levels.join(' → ')}`]),
  ].join(', ')
}

function some(sign: '+' | '-', alerts: readonly TalliedAlert[]): string[] {
  const shown = alerts.slice(0, SHOWN).map((alert) => `    ${sign} ${lineOf(alert)}`)
  return alerts.length > SHOWN ? [...shown, `    ${sign} … ${alerts.length - SHOWN} more`] : shown
}

function lineOf({ entity, first, detections, firstEvent }: TalliedAlert): string {
  return `${plain(entity.name)}  ${first === 0 ? 'no time' : new Date(first).toISOString()}  ×${detections}  ${plain(firstEvent)}`
}

/** The same as a comment of a pull request. */
export function diffMarkdown(found: Comparison): string {
  const { before, after, rules } = found
  const lost = rules.reduce((sum, rule) => sum + rule.lost.length, 0)
  const head = [
    `### Rules over ${found.events.toLocaleString('en')} events`,
    '',
    `Alerts ${before.alerts} → ${after.alerts}; **${lost === 0 ? 'none would be missed' : `${lost} would be missed`}**. Rules ${before.rules} → ${after.rules}.`,
  ]
  if (rules.length === 0) return [...head, ''].join('\n')
  const rows = rules.map(
    (rule) =>
      `| ${rule.change} | ${cell(rule.title)} | ${rule.levels === null ? rule.level : rule.levels.join(' → ')} | ${rule.before} → ${rule.after} | ${rule.lost.length} | ${rule.gained.length} |`,
  )
  const examples = rules
    .filter((rule) => rule.lost.length > 0)
    .map((rule) => `- ${cell(rule.title)}: ${rule.lost.slice(0, SHOWN).map(exampleOf).join('; ')}`)
  return [
    ...head,
    '',
    '| | rule | level | alerts | missed | new |',
    '|---|---|---|--:|--:|--:|',
    ...rows,
    ...(examples.length === 0 ? [] : ['', '**Missed, for example**', '', ...examples]),
    ...(found.techniquesLost.length === 0 ? [] : ['', `No longer found here: ${found.techniquesLost.join(', ')}`]),
    '',
  ].join('\n')
}

function exampleOf({ entity, first, detections }: TalliedAlert): string {
  return `${cell(entity.name)} (${first === 0 ? 'no time' : new Date(first).toISOString().slice(0, 19)}, ×${detections})`
}

/** Names come from events: they must not become markup, or mentions, in somebody's pull request. */
function cell(text: string): string {
  return plain(text).replaceAll(/[\\`*_{}[\]()#+.!|<>@~-]/g, '\\$&')
}
