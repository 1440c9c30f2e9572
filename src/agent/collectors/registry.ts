import { existsSync } from 'node:fs'
import type { Collector } from '../collector.ts'
import type { Identity } from '../identity.ts'
import type { Integrity } from '../integrity/integrity.ts'
import type { Settings } from '../settings.ts'
import { type Software, softwareCollector } from '../software/software.ts'
import { auditCollector } from './audit.ts'
import { containerBook } from './container-info.ts'
import { containerCollector } from './containers.ts'
import { ENGINES } from './engines.ts'
import { fileCollector } from './files.ts'
import { inUseCollector } from './in-use.ts'
import { moduleCollector, packageCollector } from './inventory.ts'
import { journalCollector } from './journal.ts'
import { kubernetesCollector } from './kubernetes.ts'
import { logonCollector } from './logons.ts'
import { logCollector } from './logs.ts'
import { objectCollectors } from './objects.ts'
import { privilegedCollector } from './privileged.ts'
import { processCollector } from './processes.ts'
import { ransomwareCollector } from './ransomware.ts'
import { socketCollector } from './sockets.ts'
import { webRootCollector } from './web-roots.ts'

const PASSWD = '/etc/passwd'
const JOURNALS = ['/run/log/journal', '/var/log/journal']
const PROGRAMS = ['/bin', '/sbin', '/usr/bin', '/usr/sbin', '/usr/local/bin', '/usr/local/sbin', '/tmp', '/var/tmp', '/dev/shm']

/** Everything an agent watches on a Linux host. */
export function linuxCollectors(settings: Settings, { id }: Identity, integrity: Integrity, software: Software): Collector[] {
  const { pollMs, inventoryMs } = settings
  const containers = containerBook('/')
  return [
    processCollector({ root: '/proc', passwd: PASSWD, pollMs, host: id, containers: containers.find }),
    socketCollector({ root: '/proc', pollMs, containers: containers.find }),
    packageCollector('/', inventoryMs),
    moduleCollector('/proc', inventoryMs),
    ...objectCollectors('/', inventoryMs),
    logonCollector({ folder: '/var/log', failures: !(settings.journal && JOURNALS.some((one) => existsSync(one))) }),
    containerCollector({ proc: '/proc', engines: ENGINES, containers, everyMs: inventoryMs / 10 }),
    privilegedCollector({ folders: PROGRAMS, everyMs: Math.min(inventoryMs, 300_000), passwd: PASSWD }),
    webRootCollector(settings.webRoots, PASSWD),
    logCollector(settings.logs),
    ransomwareCollector({ folders: settings.guard, canaries: settings.canaries, root: '/proc' }),
    fileCollector({
      watch: settings.watch,
      ignore: settings.ignore,
      rules: settings.integrity,
      frozen: settings.frozen,
      fullCheckMs: settings.fullCheckMs,
      passwd: PASSWD,
      root: '/',
      integrity,
    }),
    auditCollector({
      log: settings.auditLog,
      socket: settings.auditSocket,
      proc: '/proc',
      host: id,
      audited: integrity.audited,
    }),
    inUseCollector('/proc', '/', inventoryMs, containers.find),
    ...(settings.journal ? [journalCollector()] : []),
    ...(settings.software.length === 0
      ? []
      : [
          softwareCollector({
            root: '/',
            proc: '/proc',
            folders: settings.software,
            everyMs: settings.softwareMs,
            software,
          }),
        ]),
    ...(settings.kubernetes === undefined ? [] : [kubernetesCollector(settings.kubernetes)]),
  ]
}
