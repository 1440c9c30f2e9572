import { z } from 'zod'
import type { Action, ActionReceipt } from '../../../kernel/action.ts'
import { KanpekiError } from '../../../kernel/error.ts'
import type { ActionDeps, EvidenceKeeper, KeptEvidence } from '../../actions-support/deps.ts'
import { markOf } from '../../actions-support/mark.ts'

const input = z.strictObject({ alert: z.string().regex(/^[A-Za-z0-9._-]{1,200}$/, { error: 'This is no id of an alert.' }) })

/** Takes an alert and its events into custody before they age away: one artefact, hashed and in the ledger. */
export function keepEvidence({ evidence }: ActionDeps): Action<z.infer<typeof input>> {
  const keeper = (): EvidenceKeeper => {
    if (evidence !== undefined) return evidence
    throw new KanpekiError('no_connection', 'Nothing is taken into custody here.')
  }
  const nameOf = (key: string): string => `alert-${markOf(key)}.jsonl`
  return {
    id: 'keep-evidence',
    title: { en: 'Take an alert’s events into custody', ja: 'アラートのイベントの証拠保全' },
    input,
    repeats: 'key',
    async plan({ alert }, { scope }) {
      const found = await keeper().look(scope, alert)
      if (found === undefined) throw new KanpekiError('not_found', 'There is no such alert.')
      return {
        summary: {
          en: `Take the alert and its ${found.events} events into custody`,
          ja: `アラートと、そのイベント ${found.events} 件を証拠として保全します`,
        },
        targets: [{ kind: 'nothing', name: '' }],
        reversible: false,
      }
    },
    async run({ alert }, { scope, key, by }) {
      return receipt(await keeper().keep(scope, alert, nameOf(key), by))
    },
    async find(_, { scope, key }) {
      const found = await keeper().find(scope, nameOf(key))
      return found === undefined ? undefined : receipt(found)
    },
  }
}

function receipt({ id, sha256, bytes }: KeptEvidence): ActionReceipt {
  return { outcome: 'done', detail: { artefact: id, sha256, bytes } }
}
