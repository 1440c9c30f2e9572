import type { Parser } from '../../kernel/plugin.ts'
import { auditd } from './auditd/auditd.ts'
import { dnsLog } from './dns-log/dns-log.ts'
import { jsonEcs } from './json-ecs/json-ecs.ts'
import { linuxAuth } from './linux-auth/linux-auth.ts'
import { syslog } from './syslog/syslog.ts'
import { webAccess } from './web-access/web-access.ts'
import { windowsEvent } from './windows-event/windows-event.ts'

/** In the order in which they are asked: the particular ones before those that take anything of their kind. */
export const parsers: readonly Parser[] = [windowsEvent, auditd, webAccess, linuxAuth, dnsLog, jsonEcs, syslog]
