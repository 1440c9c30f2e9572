import { z } from 'zod'
import type { Action } from '../../../kernel/action.ts'
import type { JsonObject } from '../../../kernel/json.ts'

const input = z.strictObject({ rule: z.string().min(1).max(200_000) })
type Input = z.infer<typeof input>

/** Looks for something in what is stored, with a rule that came in a playbook. @throws KanpekiError for a rule that is none. */
export type Look = (scope: string, rule: string, signal: AbortSignal) => Promise<JsonObject>

/** CACAO's `sigma` and `yara`: a search through stored events. It changes nothing, so it may be repeated. */
export function look(kind: 'sigma' | 'yara', search: Look): Action {
  const words = {
    sigma: { en: 'Search stored events with a Sigma rule', ja: '保存済みイベントをSigmaルールで検索' },
    yara: { en: 'Scan what stored events carry with YARA rules', ja: '保存済みイベントの内容をYARAルールでスキャン' },
  }[kind]
  const action: Action<Input> = {
    id: kind,
    title: words,
    input,
    repeats: 'repeat',
    plan: async () => ({ summary: words, targets: [], reversible: true }),
    run: async ({ rule }, { scope, signal }) => ({ outcome: 'done', detail: await search(scope, rule, signal) }),
  }
  return action as Action
}
