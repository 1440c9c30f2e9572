import type { BodyFormat } from '../body.ts'

/** The kinds in `/api/v1/ingest/webhook/KIND`. */
export const WEBHOOK_KINDS = [
  'falco',
  'alertmanager',
  'k8s-audit',
  'sns',
  'firehose',
  'generic',
] as const satisfies readonly BodyFormat[]

export function webhookFormat(kind: string): BodyFormat | undefined {
  return WEBHOOK_KINDS.find((known) => known === kind)
}
