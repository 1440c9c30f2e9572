import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { RE2JS } from 're2js'
import { isMap, LineCounter, parseDocument } from 'yaml'
import { KanpekiError, messageOf } from '../../kernel/error.ts'
import { type MaskingRule, maskingRule, maskingSwitch } from './schema.ts'

/**
 * Reads every `.yml` and `.yaml` of these folders; a later folder's rule stands in for an earlier one of the same id, and
 * may just switch it on or off. A folder that does not exist holds none.
 * @throws KanpekiError `masking_rule` with file and line: with a rule that nobody understands nothing may be stored, since
 *   it might be stored in clear.
 */
export function loadMaskingRules(folders: readonly string[]): readonly MaskingRule[] {
  const rules = new Map<string, MaskingRule>()
  for (const folder of folders) {
    if (!existsSync(folder)) continue
    for (const name of readdirSync(folder).sort()) {
      if (!/\.ya?ml$/.test(name)) continue
      const rule = readRule(join(folder, name), rules)
      rules.set(rule.id, rule)
    }
  }
  return [...rules.values()]
}

function readRule(file: string, before: ReadonlyMap<string, MaskingRule>): MaskingRule {
  const lines = new LineCounter()
  const document = parseDocument(readFileSync(file, 'utf8'), { lineCounter: lines, maxAliasCount: 0 } as object)
  const fail = (reason: string, at?: number): never => {
    throw new KanpekiError('masking_rule', `A masking rule cannot be read: ${reason}.`, {
      place: { file, ...(at === undefined ? {} : { line: lines.linePos(at).line }) },
      remedy: 'Mend the rule, or move the file away; until then nothing is taken in, because it might be stored in clear.',
    })
  }
  const broken = document.errors[0]
  if (broken !== undefined) return fail(broken.message.split('\n')[0]!, broken.pos[0])
  const value: unknown = toValue(() => document.toJS({ maxAliasCount: 0 }), fail)
  const switched = maskingSwitch.safeParse(value)
  if (switched.success) {
    const rule = before.get(switched.data.id)
    return rule === undefined
      ? fail(`there is no rule ${switched.data.id} to switch`)
      : { ...rule, enabled: switched.data.enabled }
  }
  const parsed = maskingRule.safeParse(value)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!
    const key = issue.path[0]
    const pair = isMap(document.contents) ? document.contents.items.find((item) => String(item.key) === String(key)) : undefined
    const at = (pair?.key as { range?: readonly number[] } | undefined)?.range?.[0]
    return fail(`${key === undefined ? '' : `${issue.path.join('.')}: `}${issue.message}`, at)
  }
  if (parsed.data.pattern !== undefined) {
    try {
      RE2JS.compile(parsed.data.pattern)
    } catch (error) {
      return fail(`pattern: ${messageOf(error)}`)
    }
  }
  return parsed.data
}

function toValue(read: () => unknown, fail: (reason: string) => never): unknown {
  try {
    return read()
  } catch (error) {
    return fail(messageOf(error))
  }
}
