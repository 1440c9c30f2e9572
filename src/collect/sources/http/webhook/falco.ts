import { isJsonObject, type JsonObject, type JsonValue } from '../../../../kernel/json.ts'
import { enveloped } from '../../../envelope.ts'
import type { BodyLimits, IngestBody, SplitBody } from '../body.ts'
import { RecordCollector } from '../collector.ts'
import { eachDocument } from '../documents.ts'

/** Falco's field names in ECS (falco.org, "Supported Fields for Conditions and Outputs"). */
const FIELDS: Readonly<Record<string, string>> = {
  'container.id': 'container.id',
  'container.image.repository': 'container.image.name',
  'container.image.tag': 'container.image.tag',
  'container.name': 'container.name',
  'evt.type': 'event.action',
  'fd.cip': 'source.ip',
  'fd.cport': 'source.port',
  'fd.sip': 'destination.ip',
  'fd.sport': 'destination.port',
  'k8s.ns.name': 'orchestrator.namespace',
  'k8s.pod.name': 'orchestrator.resource.name',
  'proc.cmdline': 'process.command_line',
  'proc.cwd': 'process.working_directory',
  'proc.exepath': 'process.executable',
  'proc.name': 'process.name',
  'proc.pcmdline': 'process.parent.command_line',
  'proc.pid': 'process.pid',
  'proc.pname': 'process.parent.name',
  'proc.ppid': 'process.parent.pid',
  'user.name': 'user.name',
  'user.uid': 'user.id',
}
/** Falco's words for "nothing here"; of containers, `host` is one as well. */
const NOTHING = new Set<JsonValue>([null, '', '<NA>'])

/** Falco's `http_output` and `json_output`: an alert a request. */
export function splitFalco(input: IngestBody, limits: BodyLimits): SplitBody {
  const collector = new RecordCollector(input, limits)
  eachDocument(input.body, collector, limits.maxLineBytes, (alert) => {
    if (typeof alert['rule'] === 'string' && typeof alert['output'] === 'string') collector.document(documentOf(alert))
    else collector.unreadable(Buffer.from(JSON.stringify(alert)), 'not a Falco alert: it has no rule and output')
  })
  return collector.split()
}

function documentOf(alert: JsonObject): JsonObject {
  const { output, rule, priority, time, hostname, tags, source, output_fields: fields, uuid, ...more } = alert
  const words: Record<string, JsonValue | undefined> = {
    '@timestamp': time,
    'event.kind': 'alert',
    'event.module': 'falco',
    'event.dataset': typeof source === 'string' ? `falco.${source}` : 'falco.alert',
    'rule.name': rule,
    'rule.ruleset': 'falco',
    'rule.uuid': uuid,
    'log.level': typeof priority === 'string' ? priority.toLowerCase() : undefined,
    'host.name': hostname,
    ...(Array.isArray(tags) ? tagWords(tags as readonly JsonValue[]) : {}),
    falco: {
      ...more,
      ...(priority === undefined ? {} : { priority }),
      ...(fields === undefined ? {} : { output_fields: fields }),
    },
  }
  if (isJsonObject(fields)) {
    for (const [name, value] of Object.entries(fields)) {
      const noContainer = value === 'host' && name.startsWith('container.')
      if (Object.hasOwn(FIELDS, name) && !NOTHING.has(value) && !noContainer) words[FIELDS[name]!] = value
    }
    const file = fields['fd.name']
    if (typeof file === 'string' && file.startsWith('/')) words['file.path'] = file
  }
  return enveloped({ message: output as string }, words)
}

/** Falco's rules name ATT&CK techniques among their tags. */
function tagWords(tags: readonly JsonValue[]): Record<string, JsonValue | undefined> {
  const techniques = tags.filter((tag) => typeof tag === 'string' && /^T\d{4}(\.\d{3})?$/.test(tag))
  return { tags, 'threat.technique.id': techniques.length === 0 ? undefined : techniques }
}
