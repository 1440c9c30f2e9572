/**
 * The part of ECS that foreign JSON gets wrong often enough to break a search: field sets sent as one text, numbers sent
 * as text, text sent as numbers, single values where ECS has lists. Types are those of ECS 9.
 */

/** Field set → the member that takes a bare value (`"host": "web-03"` means `host.name`). */
export const MEMBER_OF_BARE: Readonly<Record<string, string>> = {
  agent: 'name',
  client: 'address',
  cloud: 'provider',
  container: 'name',
  destination: 'address',
  dns: 'question.name',
  error: 'message',
  event: 'action',
  file: 'path',
  group: 'name',
  host: 'name',
  log: 'level',
  network: 'protocol',
  observer: 'name',
  organization: 'name',
  process: 'name',
  rule: 'name',
  server: 'address',
  service: 'name',
  source: 'address',
  url: 'original',
  user: 'name',
  user_agent: 'original',
}

export const LONG_FIELDS: readonly string[] = [
  'client.bytes',
  'client.port',
  'destination.bytes',
  'destination.packets',
  'destination.port',
  'event.duration',
  'event.sequence',
  'event.severity',
  'file.size',
  'http.request.body.bytes',
  'http.request.bytes',
  'http.response.body.bytes',
  'http.response.bytes',
  'http.response.status_code',
  'log.syslog.priority',
  'network.bytes',
  'network.packets',
  'process.exit_code',
  'process.parent.pid',
  'process.pid',
  'server.port',
  'source.bytes',
  'source.packets',
  'source.port',
  'url.port',
]

/** `event.action` and its like may come as numbers from loggers that count their codes. */
export const TEXT_FIELDS: readonly string[] = [
  'container.id',
  'error.code',
  'event.action',
  'event.code',
  'event.dataset',
  'event.module',
  'event.outcome',
  'event.reason',
  'group.id',
  'group.name',
  'host.id',
  'host.name',
  'http.request.id',
  'http.request.method',
  'http.version',
  'log.level',
  'process.command_line',
  'process.entity_id',
  'process.name',
  'rule.id',
  'service.name',
  'url.path',
  'user.domain',
  'user.id',
  'user.name',
]

export const LIST_FIELDS: readonly string[] = [
  'dns.resolved_ip',
  'event.category',
  'event.type',
  'host.ip',
  'host.mac',
  'process.args',
  'related.hash',
  'related.hosts',
  'related.ip',
  'related.user',
  'tags',
  'threat.tactic.id',
  'threat.tactic.name',
  'threat.technique.id',
]

/** Field sets whose `ip` may hold a name, which then is the address. */
export const IP_FIELD_SETS: readonly string[] = ['client', 'destination', 'server', 'source']
