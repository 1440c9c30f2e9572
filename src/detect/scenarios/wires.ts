import type { WireId } from './schema.ts'

/** How a source writes its records, as a scenario names it. */
export interface Wire {
  readonly name: { readonly en: string; readonly ja: string }
  /** Where the form is described. */
  readonly reference: string
  /** `document`: one JSON text may be laid out over several lines, and goes out as one. */
  readonly unit: 'lines' | 'document'
}

const both = (name: string): Wire['name'] => ({ en: name, ja: name })

/** Every wire format that a scenario may begin in. */
export const WIRES: Readonly<Record<WireId, Wire>> = {
  'winlogbeat-json': {
    name: { en: 'Winlogbeat, JSON lines', ja: 'Winlogbeat（JSON行）' },
    reference: 'https://www.elastic.co/docs/reference/beats/winlogbeat/exported-fields-winlog',
    unit: 'document',
  },
  'windows-xml': {
    name: { en: 'Windows event as XML', ja: 'WindowsイベントのXML' },
    reference: 'https://learn.microsoft.com/en-us/windows/win32/wes/eventschema-schema',
    unit: 'lines',
  },
  'sysmon-linux': {
    name: { en: 'Sysmon for Linux over syslog', ja: 'Sysmon for Linux（syslog経由）' },
    reference: 'https://github.com/microsoft/SysmonForLinux',
    unit: 'lines',
  },
  auditd: {
    name: { en: 'Linux audit records', ja: 'Linuxの監査レコード' },
    reference: 'https://github.com/linux-audit/audit-documentation/wiki/SPEC-Audit-Event-Enrichment',
    unit: 'lines',
  },
  syslog: { name: both('syslog (RFC 5424)'), reference: 'https://www.rfc-editor.org/rfc/rfc5424', unit: 'lines' },
  'nginx-access': {
    name: { en: 'nginx access log, combined', ja: 'nginxアクセスログ（combined）' },
    reference: 'https://nginx.org/en/docs/http/ngx_http_log_module.html',
    unit: 'lines',
  },
  'bind-query': {
    name: { en: 'BIND query log', ja: 'BINDのクエリログ' },
    reference: 'https://bind9.readthedocs.io/en/latest/reference.html#namedconf-statement-querylog',
    unit: 'lines',
  },
  dnsmasq: {
    name: { en: 'dnsmasq query log', ja: 'dnsmasqのクエリログ' },
    reference: 'https://thekelleys.org.uk/dnsmasq/docs/dnsmasq-man.html',
    unit: 'lines',
  },
  'zeek-json': {
    name: { en: 'Zeek log as JSON', ja: 'ZeekログのJSON' },
    reference: 'https://docs.zeek.org/en/master/log-formats.html',
    unit: 'document',
  },
  cloudtrail: {
    name: both('AWS CloudTrail'),
    reference: 'https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html',
    unit: 'document',
  },
  azure: {
    name: { en: 'Azure and Entra ID logs', ja: 'AzureとEntra IDのログ' },
    reference: 'https://learn.microsoft.com/en-us/azure/azure-monitor/platform/resource-logs-schema',
    unit: 'document',
  },
  'gcp-audit': {
    name: { en: 'Google Cloud audit logs', ja: 'Google Cloud監査ログ' },
    reference: 'https://cloud.google.com/logging/docs/audit/understanding-audit-logs',
    unit: 'document',
  },
  'kubernetes-audit': {
    name: { en: 'Kubernetes audit log', ja: 'Kubernetes監査ログ' },
    reference: 'https://kubernetes.io/docs/reference/config-api/apiserver-audit.v1/',
    unit: 'document',
  },
  'ecs-json': {
    name: { en: 'ECS, JSON lines', ja: 'ECS（JSON行）' },
    reference: 'https://www.elastic.co/docs/reference/ecs',
    unit: 'document',
  },
}
