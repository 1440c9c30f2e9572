import { KanpekiError } from '../../kernel/error.ts'
import { type LoadedRules, loadRules } from '../seclang/load.ts'
import { ruleFiles } from './rule-files.ts'

/**
 * The rules at some paths, with `tx.NAME=VALUE` settings. What cannot be loaded is told, not thrown; throws `no-rules` where
 * nothing at all was loaded, for a WAF without rules would let everything through and look as if it stood guard.
 */
export function loadRuleSet(paths: readonly string[], set: readonly string[]): LoadedRules {
  const values = Object.fromEntries(
    set.map((each) => {
      const at = each.indexOf('=')
      return [each.slice(0, at), each.slice(at + 1)] as const
    }),
  )
  const rules = loadRules({ files: ruleFiles(paths), set: values })
  if (rules.loaded > 0) return rules
  const [first] = rules.refused
  const why = first === undefined ? '' : ` ${first.file}:${first.line}: ${first.reason}.`
  throw new KanpekiError('no-rules', `no rule was loaded from ${paths.join(', ')}.${why}`, { remedy: 'Check --rules.' })
}
