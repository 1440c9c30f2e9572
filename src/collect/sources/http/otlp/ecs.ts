import type { JsonObject, JsonValue } from '../../../../kernel/json.ts'
import { enveloped } from '../../../envelope.ts'
import { instantOf } from '../../../instant.ts'
import { safeKey } from '../../../normalise/draft.ts'
import { FIELD_SETS } from '../../../normalise/field-sets.ts'
import type { OtlpLog } from './log.ts'

/** OpenTelemetry's names where ECS has another one for the same; all others are equal or have no counterpart. */
const ECS_NAMES: Readonly<Record<string, string>> = {
  'code.file.path': 'log.origin.file.name',
  'code.filepath': 'log.origin.file.name',
  'code.function': 'log.origin.function',
  'code.function.name': 'log.origin.function',
  'code.line.number': 'log.origin.file.line',
  'code.lineno': 'log.origin.file.line',
  'container.image.tags': 'container.image.tag',
  'cloud.platform': 'cloud.service.name',
  'deployment.environment': 'service.environment',
  'deployment.environment.name': 'service.environment',
  'enduser.id': 'user.id',
  'event.name': 'event.action',
  'exception.message': 'error.message',
  'exception.stacktrace': 'error.stack_trace',
  'exception.type': 'error.type',
  'host.arch': 'host.architecture',
  'http.method': 'http.request.method',
  'http.status_code': 'http.response.status_code',
  'http.url': 'url.full',
  'http.user_agent': 'user_agent.original',
  'k8s.namespace.name': 'orchestrator.namespace',
  'k8s.cluster.name': 'orchestrator.cluster.name',
  'net.peer.ip': 'source.ip',
  'net.peer.port': 'source.port',
  'os.description': 'host.os.full',
  'os.name': 'host.os.name',
  'os.type': 'host.os.platform',
  'os.version': 'host.os.version',
  'process.command_args': 'process.args',
  'process.executable.name': 'process.name',
  'process.executable.path': 'process.executable',
  'process.owner': 'process.user.name',
  'process.parent_pid': 'process.parent.pid',
  'service.instance.id': 'service.node.name',
}

/** Names of the six ranges of four that SeverityNumber has (logs data model, "Field: SeverityNumber"). */
const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal']

/**
 * A log record in ECS. Attributes of the record go before those of its scope and these before the resource's; where two
 * say different things of one name, the weaker one stays under `envelope` or `otel`.
 */
export function otlpDocument(log: OtlpLog): JsonObject {
  const words: Record<string, JsonValue | undefined> = {
    '@timestamp': instantOf(log.time) ?? instantOf(log.observedTime),
    'log.level': log.severityText.toLowerCase() || LEVELS[Math.floor((log.severityNumber - 1) / 4)],
    'event.severity': log.severityNumber > 0 ? log.severityNumber : undefined,
    'event.action': log.eventName,
    'trace.id': log.traceId,
    'span.id': log.spanId,
    'log.logger': log.scope.name,
    'otel.scope.version': log.scope.version,
    'otel.dropped_attributes_count': log.droppedAttributes > 0 ? log.droppedAttributes : undefined,
  }
  add(words, log.attributes, 'attributes')
  add(words, log.scope.attributes, 'scope')
  add(words, log.resource, 'resource')
  return enveloped(log.body ?? '', words)
}

function add(words: Record<string, JsonValue | undefined>, attributes: JsonObject, level: string): void {
  for (const [given, value] of Object.entries(attributes)) {
    if (value === null) continue
    const name = Object.hasOwn(ECS_NAMES, given) ? ECS_NAMES[given]! : given
    const there = words[name]
    // A bare name of a field set would stand in the place of the whole set.
    if (FIELD_SETS.has(name) || (there !== undefined && there !== '')) {
      if (there !== value) words[`otel.${level}.${safeKey(given)}`] = value
    } else words[safeKey(name)] = value
  }
}
