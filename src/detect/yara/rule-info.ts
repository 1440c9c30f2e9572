import { createHash } from 'node:crypto'
import { LEVELS, type Level, type RuleInfo } from '../../kernel/detection.ts'
import type { YaraMatch, YaraRule } from './messages.ts'

/** Names that authors give to the same thing in `meta`. */
const LEVEL = ['severity', 'level', 'threat_level']
const TECHNIQUE = ['mitre_attack', 'mitre_att', 'attack', 'technique', 'mitre']

/** A rule as the console shows it: its own name, what its meta says of severity and technique. */
export function yaraRuleInfo({ name, file }: Pick<YaraRule, 'name' | 'file'>, meta: YaraMatch['meta'] = {}): RuleInfo {
  const description = String(meta['description'] ?? '')
  return {
    id: `yara-${name}`,
    version: createHash('sha256')
      .update(JSON.stringify([name, meta]))
      .digest('hex')
      .slice(0, 32),
    title: name,
    level: levelOf(meta),
    file,
    description,
    techniques: TECHNIQUE.flatMap((key) => String(meta[key] ?? '').match(/\bT\d{4}(?:\.\d{3})?\b/g) ?? []),
    tactics: [],
    engine: 'yara',
    ...(meta['stop'] === 'kill' || meta['stop'] === 'quarantine' ? { stop: meta['stop'] } : {}),
  }
}

function levelOf(meta: YaraMatch['meta']): Level {
  for (const key of LEVEL) {
    const text = String(meta[key] ?? '').toLowerCase()
    const named = LEVELS.find((level) => level === text)
    if (named !== undefined) return named
  }
  // Authors who score write 0 to 100.
  const score = Number(meta['score'] ?? Number.NaN)
  if (Number.isNaN(score)) return 'medium'
  return score >= 90 ? 'critical' : score >= 70 ? 'high' : score >= 40 ? 'medium' : 'low'
}
