import type { Parser } from '../../kernel/plugin.ts'
import { apacheError } from './apache-error/apache-error.ts'
import { auditd } from './auditd/auditd.ts'
import { azure } from './azure/azure.ts'
import { ciscoIos } from './cisco-ios/cisco-ios.ts'
import { cloudtrail } from './cloudtrail/cloudtrail.ts'
import { dnsLog } from './dns-log/dns-log.ts'
import { fail2ban } from './fail2ban/fail2ban.ts'
import { gcpAudit } from './gcp-audit/gcp-audit.ts'
import { haproxy } from './haproxy/haproxy.ts'
import { iis } from './iis/iis.ts'
import { journald } from './journald/journald.ts'
import { jsonEcs } from './json-ecs/json-ecs.ts'
import { kubernetesAudit } from './kubernetes-audit/kubernetes-audit.ts'
import { linuxAuth } from './linux-auth/linux-auth.ts'
import { mysql } from './mysql/mysql.ts'
import { nginxError } from './nginx-error/nginx-error.ts'
import { postgresql } from './postgresql/postgresql.ts'
import { syslog } from './syslog/syslog.ts'
import { wazuh } from './wazuh/wazuh.ts'
import { webAccess } from './web-access/web-access.ts'
import { windowsEvent } from './windows-event/windows-event.ts'
import { zeek } from './zeek/zeek.ts'

/** In the order in which they are asked: the particular ones before those that take anything of their kind. */
export const parsers: readonly Parser[] = [
  // JSON with a shape of its own; Windows' may come as XML text too.
  windowsEvent,
  wazuh,
  cloudtrail,
  azure,
  gcpAudit,
  kubernetesAudit,
  journald,
  zeek,
  // Lines: those under a header, then the most frequent.
  iis,
  webAccess,
  linuxAuth,
  auditd,
  haproxy,
  nginxError,
  apacheError,
  fail2ban,
  mysql,
  postgresql,
  dnsLog,
  ciscoIos,
  // All else of its kind.
  jsonEcs,
  syslog,
]
