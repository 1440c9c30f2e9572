import { isJsonObject, type JsonObject, type JsonValue } from '../../../../kernel/json.ts'
import { cloudtrailFields, gcpFields, oktaFields } from './cloud.ts'
import { outputField } from './falco-json.ts'
import { at, type Field, type FieldTable } from './field.ts'
import { k8sAuditFields } from './k8s-audit.ts'
import { auditdFields, ecsFields } from './syscall.ts'

/** Events that one of Falco's sources looks at and whose fields stand in the same places. */
export interface EventKind {
  readonly id: string
  /** Falco's name of the source. */
  readonly source: string
  /** Only what the event says is known; the rest is not known to be missing. */
  readonly partial: boolean
  field(name: string): Field | undefined
}

function complete(id: string, source: string, fields: FieldTable): EventKind {
  return { id, source, partial: false, field: (name) => fields.get(name) }
}

const KUBERNETES = complete('kubernetes-audit', 'k8s_audit', k8sAuditFields([]))
const KUBERNETES_ECS = complete('kubernetes-audit-ecs', 'k8s_audit', k8sAuditFields(['kubernetes', 'audit']))
const CLOUDTRAIL = complete('cloudtrail', 'aws_cloudtrail', cloudtrailFields([]))
const CLOUDTRAIL_ECS = complete('cloudtrail-ecs', 'aws_cloudtrail', cloudtrailFields(['aws', 'cloudtrail']))
const GCP = complete('gcp-audit', 'gcp_auditlog', gcpFields([]))
const GCP_ECS = complete('gcp-audit-ecs', 'gcp_auditlog', gcpFields(['gcp', 'audit']))
const OKTA = complete('okta', 'okta', oktaFields([]))
const AUDITD = complete('auditd', 'syscall', auditdFields)
const ECS = complete('ecs', 'syscall', ecsFields)

const OUTPUT_ROOTS = [['falco', 'output_fields'], ['output_fields']]

function alertsOf(source: string): EventKind {
  return { id: `falco-json/${source}`, source, partial: true, field: (name) => outputField(name, OUTPUT_ROOTS) }
}

/** Falco names its sources itself; more than these are another's plugins and are told apart by their names alone. */
const ALERTS = new Map(
  ['syscall', 'k8s_audit', 'aws_cloudtrail', 'gcp_auditlog', 'okta', 'github'].map((source) => [source, alertsOf(source)]),
)

/** All kinds of events that rules can run on. */
export const EVENT_KINDS: readonly EventKind[] = [
  KUBERNETES,
  KUBERNETES_ECS,
  CLOUDTRAIL,
  CLOUDTRAIL_ECS,
  GCP,
  GCP_ECS,
  OKTA,
  AUDITD,
  ECS,
  ...ALERTS.values(),
]

/** The kind of an event, or undefined where no source of Falco's looks at it. Called for every event. */
export function eventKindOf(doc: JsonObject): EventKind | undefined {
  const module = isJsonObject(doc['event']) ? (doc['event'] as JsonObject)['module'] : undefined
  switch (module) {
    case 'kubernetes':
      return at(doc, ['kubernetes', 'audit', 'auditID']) === undefined && at(doc, ['kubernetes', 'audit', 'verb']) === undefined
        ? undefined
        : KUBERNETES_ECS
    case 'aws':
      return at(doc, ['aws', 'cloudtrail', 'eventName']) === undefined ? undefined : CLOUDTRAIL_ECS
    case 'gcp':
      return at(doc, ['gcp', 'audit', 'protoPayload']) === undefined ? undefined : GCP_ECS
    case 'auditd':
      return isJsonObject(doc['auditd']) ? AUDITD : undefined
    case 'falco':
      return ALERTS.get(String(at(doc, ['event', 'dataset']) ?? '').replace(/^falco\./, '')) ?? ALERTS.get('syscall')
    default:
      return module === undefined ? rawKindOf(doc) : linuxKindOf(doc)
  }
}

/** Records as their product writes them. */
function rawKindOf(doc: JsonObject): EventKind | undefined {
  const { apiVersion, eventSource, eventName, protoPayload, eventType } = doc
  if (typeof apiVersion === 'string' ? apiVersion.startsWith('audit.k8s.io/') : isAudit(doc)) return KUBERNETES
  if (typeof eventSource === 'string' && typeof eventName === 'string' && doc['awsRegion'] !== undefined) return CLOUDTRAIL
  if (isJsonObject(protoPayload) && typeof protoPayload['methodName'] === 'string') return GCP
  if (typeof eventType === 'string' && isJsonObject(doc['actor']) && doc['published'] !== undefined) return OKTA
  if (isJsonObject(doc['output_fields']) && typeof doc['rule'] === 'string') {
    const { source } = doc
    return ALERTS.get(typeof source === 'string' ? source : 'syscall')
  }
  return linuxKindOf(doc)
}

/** An audit event as a list holds it, where only the list says the version. */
function isAudit({ auditID, stage, verb }: JsonObject): boolean {
  return typeof auditID === 'string' && typeof stage === 'string' && typeof verb === 'string'
}

/** Events of processes, files and connections on Linux: the program's path says so where the event does not. */
function linuxKindOf(doc: JsonObject): EventKind | undefined {
  const { process, event, file } = doc
  if (!isJsonObject(event)) return undefined
  const system: JsonValue | undefined = at(doc, ['host', 'os', 'type'])
  // Who changed a file is not always known.
  if (!isJsonObject(process)) return system === 'linux' && isJsonObject(file) && isFile(event['category']) ? ECS : undefined
  if (system !== undefined) return system === 'linux' ? ECS : undefined
  const { executable } = process
  return typeof executable === 'string' && executable.startsWith('/') ? ECS : undefined
}

const isFile = (category: JsonValue | undefined): boolean =>
  Array.isArray(category) ? (category as readonly JsonValue[]).includes('file') : category === 'file'
