import { createHash } from 'node:crypto'
import type { Level, RuleInfo, Tactic } from '../../kernel/detection.ts'
import type { IndicatorKind } from './indicator.ts'

interface Words {
  readonly en: string
  readonly ja: string
  readonly techniques: readonly string[]
  readonly tactics: readonly Tactic[]
}

/** Networks are addresses to whoever is alerted. */
const WORDS: Readonly<Record<Exclude<IndicatorKind, 'network'>, Words>> = {
  ip: { en: 'Known bad address', ja: '既知の不正な IP アドレス', techniques: [], tactics: ['command-and-control'] },
  domain: { en: 'Known bad domain', ja: '既知の不正なドメイン', techniques: [], tactics: ['command-and-control'] },
  url: { en: 'Known bad URL', ja: '既知の不正な URL', techniques: [], tactics: ['command-and-control'] },
  hash: { en: 'Known bad file', ja: '既知の不正なファイル', techniques: [], tactics: ['execution'] },
}

function ruleOf(kind: Exclude<IndicatorKind, 'network'>, level: Level, past: boolean): RuleInfo {
  const { en, ja, techniques, tactics } = WORDS[kind]
  const id = `ioc-${kind}${past ? '-past' : ''}`
  return {
    id,
    version: createHash('sha256').update(`1 ${id}`).digest('hex').slice(0, 32),
    title: past ? `${en}, found in stored events` : en,
    level,
    file: 'indicator lists',
    description: past
      ? 'Events stored earlier hold a value that was put on an indicator list since.'
      : 'An event holds a value that is on an indicator list.',
    techniques,
    tactics,
    engine: 'ioc',
    ja: {
      title: past ? `${ja}（保存済みイベントから検出）` : ja,
      description: past
        ? '以前に保存したイベントに、その後インジケーターのリストに加わった値が含まれています。'
        : 'イベントに、インジケーターのリストにある値が含まれています。',
    },
  }
}

/** From these confidences on. */
const HIGH = 75
const MEDIUM = 40

const KINDS = ['ip', 'domain', 'url', 'hash'] as const
const rules = new Map(
  KINDS.flatMap((kind) =>
    (['high', 'medium', 'low'] as const).flatMap((level) =>
      [true, false].map((past) => [`${kind} ${level} ${past}`, ruleOf(kind, level, past)] as const),
    ),
  ),
)

/** The rule that a hit belongs to: as severe as its list is sure. */
export function indicatorRule(kind: IndicatorKind, confidence: number, past: boolean): RuleInfo {
  const level: Level = confidence >= HIGH ? 'high' : confidence >= MEDIUM ? 'medium' : 'low'
  return rules.get(`${kind === 'network' ? 'ip' : kind} ${level} ${past}`)!
}

/** What the rule list shows, at its most severe. */
export const INDICATOR_RULES: readonly RuleInfo[] = KINDS.flatMap((kind) =>
  [false, true].map((past) => rules.get(`${kind} high ${past}`)!),
)
