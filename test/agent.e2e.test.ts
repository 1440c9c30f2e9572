import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { chmodSync, copyFileSync, existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { VulnerabilitiesReply, VulnerabilityView } from '../src/assess/inventory/schema.ts'
import type { HostList } from '../src/collect/completeness/schema.ts'
import type { AlertDetail, AlertSummary, QueueResponse } from '../src/detect/schema.ts'
import type { CommandView } from '../src/hosts/schema.ts'
import { getPath, type JsonObject } from '../src/kernel/json.ts'
import { diskFolder } from '../src/platform/testing/disk.ts'
import { barriers } from './support/barriers.ts'
import { change, firstAdministrator, hasChromium, launchChromium, watchedPage, words } from './support/browser.ts'
import { type AttackGround, attackGround, FALCO_RULES, YARA_RULE } from './support/host-attacks.ts'
import { askOverTls, createToken, eventually, kanpeki, type Running, startServer, temporaryFolder } from './support/kanpeki.ts'

/** Debian's libfaketime: the wall clock of a process is what a file says, its monotonic one stays true. */
const [faketime] = globSync('/usr/lib/*/faketime/libfaketimeMT.so.1')
if (faketime === undefined && process.env['CI'] === 'true')
  throw new Error('libfaketime is missing: install the package faketime')
const DAY_MS = 86_400_000

/** The release of Debian that this is; undefined on another system. */
const debian = existsSync('/etc/debian_version')
  ? /^VERSION_ID="?(\d+)/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1]
  : undefined
/** An advisory about every version of a source package. */
const weakOf = (name: string): JsonObject => ({
  id: `TEST-${name}`,
  modified: '2026-01-01T00:00:00Z',
  affected: [
    { package: { ecosystem: `Debian:${debian}`, name }, ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }] }] },
  ],
})

const LAUNCHER = join(import.meta.dirname, '../dist/cli/main.js')

describe.skipIf(process.platform !== 'linux')('an agent and its server (needs Linux)', () => {
  const folder = temporaryFolder(diskFolder())
  const data = join(folder.path, 'data')
  const home = join(folder.path, 'agent')
  const watched = join(folder.path, 'watched')
  const ca = join(data, 'keys', 'tls-served.pem')
  const file = (name: string): string => join(watched, name)
  let server: Running
  let port: string
  let token: string
  let agent: ChildProcess | undefined
  let said = ''

  const ask = askOverTls(() => ({ port, token }), ca)
  const count = async (query: string): Promise<number> =>
    (await ask<{ count: number }>('POST', '/api/v1/events/count', { query })).count
  const until = (what: string, query: string, expected: number): Promise<true> =>
    eventually(`${what}: ${expected} of ${query}`, async () => ((await count(query)) === expected ? true : undefined), 60)
  function startAgent(more: Readonly<Record<string, string>> = {}): void {
    const env = { ...process.env, ...more }
    agent = spawn(process.execPath, [LAUNCHER, 'agent', 'run', '--data', home], { stdio: ['ignore', 'ignore', 'pipe'], env })
    agent.stderr?.on('data', (part: Buffer) => {
      said += part.toString()
    })
  }
  const stopAgent = async (signal: NodeJS.Signals): Promise<void> => {
    const child = agent
    agent = undefined
    if (child === undefined || child.exitCode !== null) return
    const ended = new Promise((resolve) => child.once('close', resolve))
    child.kill(signal)
    await ended
  }

  beforeAll(async () => {
    mkdirSync(watched)
    mkdirSync(join(data, 'yara'), { recursive: true })
    writeFileSync(join(data, 'yara', 'scenario.yar'), YARA_RULE)
    mkdirSync(join(data, 'rules'))
    mkdirSync(join(data, 'feeds'))
    writeFileSync(join(data, 'feeds', 'osv.json'), JSON.stringify([weakOf('glibc'), weakOf('ncurses')]))
    writeFileSync(join(data, 'rules', 'falco.yaml'), FALCO_RULES)
    server = await startServer(data, ['--host', '0.0.0.0'])
    port = new URL(server.url).port
    token = await createToken(data, 'admin')
  }, 60_000)
  afterAll(async () => {
    await stopAgent('SIGKILL')
    server.child.kill('SIGKILL')
    folder.remove()
  })

  it('enrols with a token, once', async () => {
    const made = await kanpeki(['enrol-token', 'create', '--data', data])
    const enrol = [
      'agent',
      'enrol',
      '--to',
      `https://127.0.0.1:${port}`,
      '--token',
      made.stdout.trim(),
      '--ca',
      ca,
      '--data',
      home,
      '--name',
      'web-1',
    ]
    expect((await kanpeki(enrol)).stdout).toMatch(/^web-1 is agent [0-9a-f-]{36}\.\n$/)
    const again = await kanpeki(enrol)
    expect(again.code).toBe(1)
    expect(again.stderr).toContain('refuses')
    writeFileSync(
      join(home, 'agent.json'),
      JSON.stringify({ watch: [watched], ignore: [], pollMs: 200, journal: false, software: [watched], softwareMs: 2000 }),
    )
  })

  it('tells files that change and a program that is started, with its hash', async () => {
    startAgent()
    await until('the agent to be there', 'event.action:agent-started', 1)
    // What lies in a folder before it is watched is no event.
    let probes = 0
    await eventually('the folder to be watched', async () => {
      writeFileSync(file(`probe-${probes++}`), '')
      return (await count('event.action:file-creation AND file.name:probe-*')) > 0 ? true : undefined
    })
    writeFileSync(file('a'), 'one')
    await until('the new file', `event.action:file-creation AND file.name:a`, 1)
    writeFileSync(file('a'), 'two')
    chmodSync(file('a'), 0o600)
    await until('the change', 'event.action:file-change AND file.name:a AND file.mode:0600', 1)
    rmSync(file('a'))
    await until('the end of it', 'event.action:file-deletion AND file.name:a', 1)
    const program = file('sleep-for-a-test')
    copyFileSync('/bin/sleep', program)
    const child = spawn(program, ['30'])
    await until('the process', 'event.action:process-started AND process.name:sleep-for-a-test AND process.hash.sha256:*', 1)
    child.kill()
    await until('its end', 'event.action:process-ended AND process.name:sleep-for-a-test', 1)
  }, 120_000)

  it.skipIf(!hasChromium)(
    'shows a person how its files stand, takes them as accepted, and is given a policy that was looked at before',
    async () => {
      const browser = await launchChromium()
      try {
        const { page, faults } = await watchedPage(browser, 'en')
        const t = words('en')
        await firstAdministrator(page, server, 'mori')
        await page.goto(`${server.url}/hosts`)
        await page.locator('button.name').click()
        const accept = async (reason: string): Promise<void> => {
          await page.getByRole('button', { name: t('hosts.drift.accept') }).click()
          await page.getByLabel(t('hosts.hand.reason')).fill(reason)
          await page.getByRole('button', { name: t('hosts.drift.do') }).click()
          await page.getByText(reason).first().waitFor()
        }
        expect(await barriers(page)).toEqual([])
        await accept('as it was set up')
        writeFileSync(file('not-of-the-baseline'), 'x')
        await page
          .getByRole('cell', { name: file('not-of-the-baseline') })
          .first()
          .waitFor()
        await accept('the file belongs there')
        await page
          .getByRole('dialog')
          .getByRole('button', { name: t('common.close') })
          .click()
        await page.getByText(t('hosts.drift.fine')).waitFor()

        await page.getByRole('button', { name: t('hosts.policies.add') }).click()
        await page.getByLabel(t('hosts.policies.webRoots')).fill(join(folder.path, 'no-site'))
        await page
          .getByRole('checkbox', { name: /^Web shell.*takes the file away/ })
          .first()
          .check()
        await page.getByRole('button', { name: t('hosts.policies.plan') }).click()
        const preview = page.getByRole('region', { name: t('hosts.policies.preview') })
        await preview.getByRole('cell', { name: 'webRoots' }).waitFor()
        expect(await preview.textContent()).toContain('1 rule could stop something')
        expect(await barriers(page)).toEqual([])
        expect((await ask<{ items: object[] }>('GET', '/api/v1/agent-policies')).items).toEqual([])
        await preview.getByLabel(t('hosts.hand.reason')).fill('the shop moved')
        await preview.getByRole('button', { name: t('hosts.policies.keep') }).click()
        await page.getByText('no-site').waitFor()
        await eventually('the policy in force', async () =>
          readFileSync(join(home, 'policy.json'), 'utf8').includes('no-site') ? true : undefined,
        )
        await eventually('the ledger to say why', async () =>
          JSON.stringify(await ask('GET', '/api/v1/audit?limit=100')).includes('the shop moved') ? true : undefined,
        )
        await change(page, server, 'DELETE', '/api/v1/agent-policies/*')
        expect(faults).toEqual([])
      } finally {
        await browser.close()
      }
    },
    120_000,
  )

  it('keeps everything while the server is away and while it is killed itself: nothing is missing, nothing there twice', async () => {
    expect(await server.stop()).toBe(0)
    for (let i = 0; i < 40; i++) writeFileSync(file(`away-${i}`), String(i))
    await eventually('the agent to notice', async () => (said.includes('does not answer') ? true : undefined))
    await stopAgent('SIGKILL')
    for (let i = 40; i < 60; i++) writeFileSync(file(`away-${i}`), String(i))
    startAgent()
    server = await startServer(data, ['--host', '0.0.0.0', '--port', port])
    await until('all of it', 'event.action:file-creation AND file.name:away-*', 60)
    await stopAgent('SIGTERM')
    expect(await count('event.action:file-creation AND file.name:away-*')).toBe(60)
  }, 90_000)

  it.skipIf(faketime === undefined)(
    'goes on when the clock of its host jumps by a day, forth and back: all in order, each once, and the server says how wrong it is',
    async () => {
      const clock = join(folder.path, 'clock')
      const setClock = (days: number): void => writeFileSync(clock, `${days < 0 ? '-' : '+'}${Math.abs(days)}d`)
      setClock(0)
      said = ''
      startAgent({
        ...{ LD_PRELOAD: faketime!, FAKETIME_TIMESTAMP_FILE: clock },
        ...{ FAKETIME_NO_CACHE: '1', FAKETIME_DONT_FAKE_MONOTONIC: '1', NO_FAKE_STAT: '1' },
      })
      let probes = 0
      await eventually('the folder to be watched again', async () => {
        writeFileSync(file(`seen-${probes++}`), '')
        return (await count('event.action:file-creation AND file.name:seen-*')) > 0 ? true : undefined
      })
      const days = [0, 1, -1, 0]
      for (const [i, ahead] of days.entries()) {
        setClock(ahead)
        for (let n = 0; n < 20; n++) writeFileSync(file(`day${i}-${n}`), String(n))
        await until(`the files of a clock ${ahead} days ahead`, `event.action:file-creation AND file.name:day${i}-*`, 20)
      }
      await stopAgent('SIGTERM')
      expect(said).not.toContain('does not answer')
      const query = 'event.action:file-creation AND file.name:day*'
      const { events } = await ask<{ events: { doc: JsonObject }[] }>('POST', '/api/v1/events/search', { query, limit: 200 })
      const told = events
        .map(({ doc }) => ({
          number: Number(getPath(doc, 'event.sequence')),
          day: Number(/^day(.)/.exec(String(getPath(doc, 'file.name')))?.[1]),
          ahead: Math.round((Date.parse(String(getPath(doc, '@timestamp'))) - Date.now()) / DAY_MS) + 0,
        }))
        .toSorted((a, b) => a.number - b.number)
      expect(told.map(({ day }) => day)).toEqual(days.flatMap((_, day) => Array.from({ length: 20 }, () => day)))
      expect(told.map(({ ahead }) => ahead)).toEqual(days.flatMap((ahead) => Array.from({ length: 20 }, () => ahead)))
      const heard = await eventually('the accounting', async () => {
        const { hosts } = await ask<HostList>('GET', '/api/v1/completeness/hosts')
        return hosts.find(({ ahead, behind }) => ahead >= 20 && behind >= 20)
      })
      expect(Math.round(heard.clockErrorMs! / DAY_MS)).toBe(1)
      expect(heard.streams).toMatchObject([{ name: 'agent', density: 'dense', missing: 0, duplicates: 0 }])
      console.log(
        `${heard.events} events, ${heard.ahead} from a day ahead, ${heard.behind} from a day behind, none missing or twice`,
      )
    },
    120_000,
  )

  describe.skipIf(process.getuid?.() !== 0)('that looks for attacks itself (needs root)', () => {
    let ground: AttackGround
    let host: string
    const found = (title: string, since: number): Promise<AlertSummary> =>
      eventually(
        title,
        async () => {
          const { groups } = await ask<QueueResponse>('GET', `/api/v1/alerts?state=all&limit=200&q=${encodeURIComponent(title)}`)
          return groups
            .flatMap(({ alerts }) => alerts)
            .find(({ rule, raisedAt }) => rule.title === title && Date.parse(raisedAt) >= since)
        },
        90,
      )
    const stopsOf = async (): Promise<CommandView[]> =>
      (await ask<{ items: CommandView[] }>('GET', `/api/v1/agents/${host}/commands`)).items
    /** What was stopped and not told yet. */
    const waiting = (): number =>
      (JSON.parse(readFileSync(join(home, 'respond/deeds.json'), 'utf8')) as { waiting: object[] }).waiting.length
    afterAll(() => ground?.close())

    // The table is read by people, on a machine that has nothing else to do: the bar is two seconds.
    it('finds each and stops it where its rule says so: one alert each, and how long each took', async () => {
      ground = attackGround(join(folder.path, 'ground'))
      await ask('PUT', '/api/v1/agent-policies/*', { ...ground.settings, stop: ground.stop })
      writeFileSync(join(home, 'agent.json'), '{}')
      host = (JSON.parse(readFileSync(join(home, 'identity.json'), 'utf8')) as { id: string }).id
      startAgent()
      const ready = ['ground/share/!_accounts-overview.xlsx', 'agent/kept/privileged.json']
      await eventually(
        'the policy to be in force',
        async () => (ready.every((one) => existsSync(join(folder.path, one))) ? true : undefined),
        120,
      )
      let probes = 0
      await eventually('the web root to be watched', async () => {
        writeFileSync(join(folder.path, `ground/www/probe-${probes++}.php`), '')
        return (await count('event.action:web-script-written')) > 0 ? true : undefined
      })
      const probe = spawn('sleep', ['300'])
      await until('processes to be looked for', `event.action:process-started AND process.pid:${probe.pid}`, 1)
      probe.kill()
      const table: string[][] = []
      for (const { name, rule, act } of ground.attacks) {
        const began = Date.now()
        const { stopped } = act()
        const stop = stopped?.then(() => Date.now() - began)
        const alert = await found(rule, began)
        const { eventIds } = await ask<AlertDetail>('GET', `/api/v1/alerts/${alert.id}`)
        const event = await ask<{ doc: JsonObject }>('GET', `/api/v1/events/${encodeURIComponent(eventIds[0]!)}`)
        const own = getPath(event.doc, 'kanpeki_agent.detections') as unknown as
          | undefined
          | readonly {
              at: string
              rule: { title: string }
            }[]
        // What YARA found is an event of its own.
        const at = own?.find((one) => one.rule.title === rule)?.at ?? String(event.doc['@timestamp'])
        const detected = Date.parse(at) - began
        const raised = Date.parse(alert.raisedAt) - began
        const ended = await stop?.catch(async (error: unknown) => {
          throw new Error(`${name} was not stopped: ${JSON.stringify(await stopsOf())}\n${said}`, { cause: error })
        })
        table.push([name, `${detected}`, `${raised}`, ended === undefined ? '' : `${ended}`])
        expect(alert.count, name).toBe(eventIds.length)
      }
      const [done, all] = ground.encrypted()
      console.log(['act | detected ms | alert ms | stopped ms', ...table.map((row) => row.join(' | '))].join('\n'))
      console.log(`${done} of ${all} files were encrypted before the process was ended`)
      expect(done).toBeLessThan(all)
      // The baseline was taken by a person, in a case before.
      const stops = (await stopsOf()).filter(({ kind, state }) => state === 'done' && kind !== 'baseline')
      expect(new Set(stops.map(({ kind }) => kind))).toEqual(new Set(['kill', 'quarantine']))
    }, 400_000)

    it('does so while the server is away, and tells it once', async () => {
      expect(await server.stop()).toBe(0)
      const before = Date.now()
      expect(await ground.reverseShell()).toBe('SIGKILL')
      const took = Date.now() - before
      await ground.knownTool('while-away.bin')
      await eventually('it to be written down', async () => (waiting() > 0 ? true : undefined))
      await stopAgent('SIGKILL')
      startAgent()
      server = await startServer(data, ['--host', '0.0.0.0', '--port', port])
      await eventually('the stop to be told', async () => (waiting() === 0 ? true : undefined), 90)
      const told = (await stopsOf()).filter(({ by }) => by.startsWith('Shell whose input'))
      expect(told).toHaveLength(2)
      const tools = await eventually('the file that YARA knew', async () => {
        const one = await found('Kanpeki_Scenario_Tool', 0)
        return one.count >= 2 ? one : undefined
      })
      expect(tools.count).toBe(2)
      expect(told[0]).toMatchObject({ state: 'done', kind: 'kill', receipt: { outcome: 'done' } })
      const alert = await eventually('the second detection', async () => {
        const one = await found('Shell whose input is a network connection', 0)
        // More than one where it was seen between taking one stream and the next.
        return one.count >= 2 ? one : undefined
      })
      console.log(`the remote shell was ended ${took} ms after its start, without a server; ${alert.count} detections of two`)
    }, 240_000)

    it('only looks where no policy says to stop', async () => {
      await ask('PUT', '/api/v1/agent-policies/*', ground.settings)
      await eventually('the policy', async () => {
        const kept = JSON.parse(readFileSync(join(home, 'policy.json'), 'utf8')) as { settings: { stop?: unknown } }
        return kept.settings.stop === undefined ? true : undefined
      })
      const stops = (await stopsOf()).map(({ id, kind, by }) => `${kind} ${id}: ${by}`)
      const before = (await found('Shell whose input is a network connection', 0)).count
      const shell = ground.reverseShell()
      await eventually(
        'the detection',
        async () => ((await found('Shell whose input is a network connection', 0)).count > before ? true : undefined),
        90,
      )
      expect(await Promise.race([shell, Promise.resolve('alive')])).toBe('alive')
      expect((await stopsOf()).map(({ id, kind, by }) => `${kind} ${id}: ${by}`)).toEqual(stops)
      await stopAgent('SIGTERM')
    }, 200_000)
  })

  it.skipIf(debian === undefined)(
    'says which weak packages of its host run, by which process and file, and which do not',
    async () => {
      const at = async (name: string): Promise<VulnerabilityView | undefined> => {
        const { items } = await ask<VulnerabilitiesReply>('GET', '/api/v1/vulnerabilities?asset=web-1&limit=500')
        return items.find((one) => one.name === name)
      }
      const runs = await eventually(
        'what runs to be known',
        async () => {
          const one = await at('libc6')
          return one?.inUse === true ? one : undefined
        },
        150,
      )
      const version = (name: string): string =>
        // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own format.
        execFileSync('dpkg-query', ['-W', '-f', '${Version}', name], { encoding: 'utf8' }).trim()
      expect(runs).toMatchObject({ id: 'TEST-glibc', version: version('libc6'), sources: ['agent'], state: 'new' })
      expect(runs.seen?.process).toMatch(/\S/)
      const owner = execFileSync('dpkg-query', ['-S', runs.seen!.file.replace(/^\/usr(?=\/lib)/, '')], { encoding: 'utf8' })
      expect(owner).toMatch(/^libc6\b/)
      // Whoever watched for less than a day cannot tell what does not run; after it, what no process had is not in use.
      expect(await at('ncurses-bin')).toMatchObject({ version: version('ncurses-bin'), inUse: null, seen: null })
      const store = new DatabaseSync(join(data, 'state.db'), { timeout: 10_000 })
      store.prepare('update assess_use set since = since - ?').run(DAY_MS)
      store.close()
      expect(await at('ncurses-bin')).toMatchObject({ inUse: false, seen: null })
      expect(await at('libc6')).toMatchObject({ inUse: true })
      console.log(`libc6 runs: ${runs.seen!.process}, ${runs.seen!.file}, seen ${runs.seen!.at}; ncurses-bin does not`)
    },
    180_000,
  )

  it('is no agent any more once it is revoked, and says so', async () => {
    const list = await kanpeki(['agents', 'list', '--data', data])
    const [id] = list.stdout.split(' ')
    expect((await kanpeki(['agents', 'revoke', id!, '--data', data])).code).toBe(0)
    said = ''
    startAgent()
    await eventually('the refusal', async () => (/answers 40[13]/.test(said) ? true : undefined))
    await stopAgent('SIGTERM')
    expect((await kanpeki(['agent', 'run', '--data', join(folder.path, 'nobody')])).stderr).toContain('has not enrolled')
  }, 60_000)
})
