import { isJsonObject, type JsonObject, type JsonValue } from '../../../../kernel/json.ts'

/** Audit events as our parser keeps them: under `kubernetes.audit`, dotted keys nested. */
export function kubernetesAuditDocuments(records: readonly JsonObject[]): JsonObject[] {
  return records.map((record) => ({
    event: { module: 'kubernetes', dataset: 'kubernetes.audit' },
    kubernetes: { audit: nested(record) },
  }))
}

function nested(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map(nested)
  if (!isJsonObject(value)) return value
  const made: Record<string, JsonValue> = {}
  for (const [key, member] of Object.entries(value)) {
    const steps = key.split('.')
    let here = made
    for (const step of steps.slice(0, -1)) {
      if (!isJsonObject(here[step])) here[step] = {}
      here = here[step] as Record<string, JsonValue>
    }
    here[steps.at(-1)!] = nested(member!)
  }
  return made
}
