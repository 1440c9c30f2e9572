import type { JsonObject } from '../../kernel/json.ts'
import { APP_SERVER, DOMAIN, FILE_SERVER, type Machine, SHOP } from './cast.ts'

/** Records as the machines of the cast write them; each takes the time at which it happened, milliseconds UTC. */

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

export interface Request {
  readonly host: Machine
  readonly client: string
  readonly method: string
  readonly target: string
  readonly status: number
  readonly bytes: number
  readonly agent: string
  readonly referrer?: string
}

/** A line of nginx's combined log as rsyslog sends it on (RFC 5424, facility local7, severity informational). */
export function accessLine(time: number, request: Request): string {
  const at = new Date(time)
  const day = `${two(at.getUTCDate())}/${MONTHS[at.getUTCMonth()]}/${at.getUTCFullYear()}`
  const clock = at.toISOString().slice(11, 19)
  const { host, client, method, target, status, bytes, agent, referrer } = request
  const line = `${client} - - [${day}:${clock} +0000] "${method} ${target} HTTP/1.1" ${status} ${bytes} "${referrer ?? '-'}" "${agent}"`
  return `<190>1 ${at.toISOString()} ${host.name} nginx - - - ${line}`
}

/** A line of the auth log (RFC 5424, facility authpriv, severity informational). */
export function authLine(time: number, host: Machine, program: string, pid: number, message: string): string {
  return `<86>1 ${new Date(time).toISOString()} ${host.name} ${program} ${pid} - - ${message}`
}

/** What the shop itself logs of a sign-in: ECS, one JSON object a line. */
export function shopLogin(time: number, host: Machine, user: string, client: string, outcome: 'success' | 'failure'): JsonObject {
  return {
    '@timestamp': new Date(time).toISOString(),
    message: outcome === 'success' ? 'signed in' : 'sign-in refused: wrong password',
    event: { kind: 'event', category: ['authentication'], type: ['start'], action: 'shop_login', outcome, dataset: 'shop.auth' },
    service: { name: 'shop' },
    host: { name: host.name },
    user: { name: user },
    source: { ip: client, address: client },
    url: { domain: SHOP, path: '/login' },
  }
}

export interface LinuxProcess {
  readonly host: Machine
  readonly user: string
  readonly pid: number
  readonly executable: string
  readonly commandLine: string
  readonly parent: { readonly executable: string; readonly pid: number }
}

/** A started process as a host agent reports it in ECS. */
export function linuxProcess(time: number, process: LinuxProcess): JsonObject {
  return {
    '@timestamp': new Date(time).toISOString(),
    message: process.commandLine,
    event: { kind: 'event', category: ['process'], type: ['start'], action: 'exec', dataset: 'agent.process' },
    host: { name: process.host.name, os: { type: 'linux' } },
    user: { name: process.user },
    process: {
      pid: process.pid,
      name: nameOf(process.executable),
      executable: process.executable,
      command_line: process.commandLine,
      parent: { pid: process.parent.pid, executable: process.parent.executable, name: nameOf(process.parent.executable) },
    },
  }
}

/** Servers that the story's attacker visits send through NXLog, flat; all others by Winlogbeat. */
const FLAT: ReadonlySet<string> = new Set([APP_SERVER.name, FILE_SERVER.name])

export interface WindowsEvent {
  readonly host: Machine
  readonly channel: string
  readonly provider: string
  readonly eventId: number
  readonly message: string
  readonly data: Readonly<Record<string, string>>
}

/** A Windows event in the shape that the machine's shipper has. */
export function windowsEvent(time: number, event: WindowsEvent): JsonObject {
  const iso = new Date(time).toISOString()
  const { host, channel, provider, eventId, message, data } = event
  if (FLAT.has(host.name)) {
    const system = {
      EventID: eventId,
      Channel: channel,
      SourceName: provider,
      Hostname: host.name,
      TimeCreated: iso,
      Message: message,
    }
    return { ...system, SourceModuleName: 'eventlog', SourceModuleType: 'im_msvistalog', ...data }
  }
  return {
    '@timestamp': iso,
    message,
    event: { kind: 'event', code: String(eventId), provider },
    host: { name: host.name },
    agent: { type: 'winlogbeat', version: '8.15.0' },
    winlog: { channel, provider_name: provider, event_id: String(eventId), computer_name: host.name, event_data: data },
  }
}

export const SECURITY = { channel: 'Security', provider: 'Microsoft-Windows-Security-Auditing' } as const
export const SYSMON = { channel: 'Microsoft-Windows-Sysmon/Operational', provider: 'Microsoft-Windows-Sysmon' } as const

/** 4624. Type 10 is remote desktop, 3 the network, 5 a service. */
export function logon(time: number, host: Machine, user: string, type: number, from: string): JsonObject {
  return windowsEvent(time, {
    ...SECURITY,
    host,
    eventId: 4624,
    message: 'An account was successfully logged on.',
    data: {
      SubjectUserSid: 'S-1-5-18',
      SubjectUserName: `${host.name.split('.', 1)[0]}$`,
      SubjectDomainName: DOMAIN,
      TargetUserSid: 'S-1-5-21-3623811015-3361044348-30300820-1131',
      TargetUserName: user,
      TargetDomainName: DOMAIN,
      LogonType: String(type),
      LogonProcessName: type === 10 ? 'User32 ' : 'Kerberos',
      AuthenticationPackageName: type === 10 ? 'Negotiate' : 'Kerberos',
      IpAddress: from,
      IpPort: '0',
      ProcessName: type === 10 ? 'C:\\Windows\\System32\\svchost.exe' : '-',
    },
  })
}

export interface WindowsProcess {
  readonly host: Machine
  readonly user: string
  readonly pid: number
  readonly image: string
  readonly commandLine: string
  readonly parent: string
  readonly originalFileName?: string
  readonly company?: string
}

/** Sysmon 1. */
export function sysmonProcess(time: number, process: WindowsProcess): JsonObject {
  const { host, user, pid, image, commandLine, parent } = process
  return windowsEvent(time, {
    ...SYSMON,
    host,
    eventId: 1,
    message: `Process Create: ${commandLine}`,
    data: {
      RuleName: '-',
      UtcTime: new Date(time).toISOString().slice(0, 23).replace('T', ' '),
      ProcessId: String(pid),
      Image: image,
      OriginalFileName: process.originalFileName ?? image.slice(image.lastIndexOf('\\') + 1),
      Company: process.company ?? 'Microsoft Corporation',
      CommandLine: commandLine,
      CurrentDirectory: 'C:\\Windows\\system32\\',
      User: `${DOMAIN}\\${user}`,
      IntegrityLevel: 'High',
      ParentProcessId: '3120',
      ParentImage: parent,
      ParentCommandLine: parent,
    },
  })
}

/** Sysmon 3, opened by this host. */
export function sysmonConnection(time: number, host: Machine, image: string, user: string, to: string, port: number): JsonObject {
  return windowsEvent(time, {
    ...SYSMON,
    host,
    eventId: 3,
    message: 'Network connection detected',
    data: {
      UtcTime: new Date(time).toISOString().slice(0, 23).replace('T', ' '),
      Image: image,
      User: `${DOMAIN}\\${user}`,
      Protocol: 'tcp',
      Initiated: 'true',
      SourceIsIpv6: 'false',
      SourceIp: host.address,
      SourcePort: '51724',
      DestinationIp: to,
      DestinationPort: String(port),
    },
  })
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

function two(number: number): string {
  return String(number).padStart(2, '0')
}
