import {
  ADMINISTRATORS,
  APP_SERVER,
  BASTION,
  BROWSERS,
  CUSTOMER_ADDRESSES,
  CUSTOMERS,
  DOMAIN_CONTROLLER,
  EMPLOYEES,
  FILE_SERVER,
  PAGES,
  SHOP,
  WEB,
  WORKSTATIONS,
} from './cast.ts'
import type { Random } from './random.ts'
import { type Step, seconds } from './step.ts'
import { accessLine, authLine, logon, shopLogin, sysmonProcess } from './wire.ts'

/** Ordinary work, from the curtain to `until`: nothing in it may alert anybody. */
export function background(random: Random, until: number): readonly Step[] {
  const steps: Step[] = []
  for (let at = 0; at < until; at += random.between(400, 1_400)) steps.push(...shopping(random, at))
  for (let at = seconds(4); at < until; at += random.between(9_000, 24_000)) steps.push(...administration(random, at))
  for (let at = seconds(2); at < until; at += random.between(3_000, 9_000)) steps.push(office(random, at))
  return steps
}

function shopping(random: Random, at: number): readonly Step[] {
  const client = random.pick(CUSTOMER_ADDRESSES)
  const host = random.pick(WEB)
  const agent = random.pick(BROWSERS)
  const about = { host, client, agent, referrer: `https://${SHOP}/` }
  const access = (later: number, method: string, target: string, status: number, bytes: number): Step => ({
    at: at + later,
    act: 0,
    source: 'access',
    record: (time) => accessLine(time, { ...about, method, target, status, bytes }),
  })
  const chance = random.next()
  if (chance < 0.86) return [access(0, 'GET', random.pick(PAGES), random.next() < 0.2 ? 304 : 200, random.between(400, 60_000))]
  if (chance < 0.88) return [access(0, 'GET', '/favicon.ico', 404, 153)]
  if (chance < 0.94) return [access(0, 'POST', '/cart', 302, 0)]
  const user = random.pick(CUSTOMERS)
  const login = (later: number, outcome: 'success' | 'failure'): readonly Step[] => [
    access(later, 'POST', '/login', outcome === 'success' ? 302 : 401, outcome === 'success' ? 0 : 512),
    { at: at + later, act: 0, source: 'app', record: (time) => shopLogin(time, host, user, client, outcome) },
  ]
  const mistyped = random.next() < 0.2
  return mistyped ? [...login(0, 'failure'), ...login(4_000, 'success')] : login(0, 'success')
}

const ROUTINE: readonly string[] = [
  '/usr/bin/systemctl status nginx',
  '/usr/bin/journalctl -u shop --since today',
  '/usr/bin/apt-get update',
]

function administration(random: Random, at: number): readonly Step[] {
  const host = random.pick(WEB)
  const user = random.pick(ADMINISTRATORS)
  const pid = random.between(2_000, 30_000)
  const say = (later: number, program: string, message: string): Step => ({
    at: at + later,
    act: 0,
    source: 'auth',
    record: (time) => authLine(time, host, program, pid, message),
  })
  if (random.next() < 0.5) {
    return [
      say(0, 'CRON', 'pam_unix(cron:session): session opened for user root(uid=0) by (uid=0)'),
      say(1_000, 'CRON', 'pam_unix(cron:session): session closed for user root'),
    ]
  }
  const command = random.pick(ROUTINE)
  return [
    say(
      0,
      'sshd',
      `Accepted publickey for ${user} from ${BASTION.address} port ${random.between(40_000, 60_000)} ssh2: ED25519 SHA256:${random.hex(20)}`,
    ),
    say(50, 'sshd', `pam_unix(sshd:session): session opened for user ${user}(uid=1000) by (uid=0)`),
    say(3_000, 'sudo', `${user} : TTY=pts/0 ; PWD=/home/${user} ; USER=root ; COMMAND=${command}`),
    say(8_000, 'sshd', `pam_unix(sshd:session): session closed for user ${user}`),
  ]
}

const PROGRAMS: readonly (readonly [image: string, options: string, company: string])[] = [
  ['C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe', '--type=renderer', 'Google LLC'],
  ['C:\\Program Files\\Microsoft Office\\root\\Office16\\EXCEL.EXE', '', 'Microsoft Corporation'],
  ['C:\\Windows\\System32\\notepad.exe', '', 'Microsoft Corporation'],
  ['C:\\Program Files\\7-Zip\\7zFM.exe', '', 'Igor Pavlov'],
]

function office(random: Random, at: number): Step {
  const user = random.pick(EMPLOYEES)
  const desk = random.pick(WORKSTATIONS)
  const chance = random.next()
  if (chance < 0.45) {
    const server = random.pick([FILE_SERVER, DOMAIN_CONTROLLER, APP_SERVER])
    return { at, act: 0, source: 'windows', record: (time) => logon(time, server, user, 3, desk.address) }
  }
  const [image, options, company] = random.pick(PROGRAMS)
  const pid = random.between(2_000, 20_000)
  const commandLine = `"${image}"${options === '' ? '' : ` ${options}`}`
  const parent = 'C:\\Windows\\explorer.exe'
  return {
    at,
    act: 0,
    source: 'windows',
    record: (time) => sysmonProcess(time, { host: desk, user, pid, image, commandLine, parent, company }),
  }
}
