import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { Agent, createServer, get } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { exclusionRule } from '../src/protect/schema.ts'
import { hasChromium, launchChromium, watchedPage } from './support/browser.ts'
import { temporaryFolder } from './support/kanpeki.ts'
import { type RunningWaf, startWaf } from './support/waf.ts'

const folder = temporaryFolder()
const rules = join(folder.path, 'rules.conf')
const log = join(folder.path, 'audit.jsonl')
const FORM =
  '<!doctype html><title>Shop</title><form method="post" action="/login"><input name="username"><input name="password"><button>Go</button></form>'
const waiting = new Map<string, () => void>()
const application = createServer((request, response) => {
  const { url = '' } = request
  if (url === '/form') response.setHeader('content-type', 'text/html').end(FORM)
  else if (url.startsWith('/slow/')) waiting.set(url, () => response.end('late'))
  else response.end('ok')
})
let upstream = ''
const agent = new Agent({ keepAlive: true, maxSockets: 8 })

const rule = (id: number, word: string) =>
  `SecRule REQUEST_URI "@contains ${word}" "id:${id},phase:1,deny,status:403,log,msg:'A word'"\n`
const writeRules = (...more: string[]) => writeFileSync(rules, ['SecRuleEngine On\n', rule(1, 'evil'), ...more].join(''))

beforeAll(async () => {
  application.listen(0, '127.0.0.1')
  await new Promise((resolve) => application.once('listening', resolve))
  upstream = `http://127.0.0.1:${(application.address() as AddressInfo).port}`
})
afterAll(() => {
  agent.destroy()
  application.closeAllConnections()
  application.close()
  folder.remove()
})

/** The status; 0 where the connection broke. */
function ask(waf: RunningWaf, path: string, headers: Record<string, string> = {}): Promise<number> {
  return new Promise((resolve) => {
    get({ port: waf.port, host: '127.0.0.1', path, agent, headers }, (response) => {
      response.resume()
      response.on('end', () => resolve(response.statusCode ?? 0))
      response.on('error', () => resolve(0))
    }).on('error', () => resolve(0))
  })
}

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 20))
}

function workersOf(waf: RunningWaf): number[] {
  const { pid } = waf.child
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number)
}

describe('kanpeki waf', () => {
  it('stops what a rule denies, writes one line a transaction before the answer ends, and ends cleanly', async () => {
    writeRules()
    const waf = await startWaf(['--upstream', upstream, '--rules', rules, '--audit-log', log])
    expect(await ask(waf, '/good', { 'x-crs-test': 'one' })).toBe(200)
    expect(await ask(waf, '/evil', { 'x-crs-test': 'two' })).toBe(403)
    const lines = readFileSync(log, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(lines).toMatchObject([
      { id: 'one', rules: [], status: 200, messages: [], blocked: false },
      {
        id: 'two',
        rules: [1],
        status: 403,
        messages: [{ id: 1, msg: 'A word', var: expect.stringContaining('REQUEST_URI') }],
        blocked: true,
      },
    ])
    expect(await waf.stop()).toBe(0)
  })

  it('reads rules again without losing a request, and keeps the former ones where the new ones cannot be', async () => {
    writeRules()
    const waf = await startWaf(['--upstream', upstream, '--rules', rules, '--workers', '2'])
    const statuses = new Map<number, number>()
    let isOver = false
    const load = Array.from({ length: 6 }, async () => {
      while (!isOver) {
        const status = await ask(waf, '/good')
        statuses.set(status, (statuses.get(status) ?? 0) + 1)
      }
    })
    const slow = ask(waf, '/slow/1')
    await until(() => waiting.has('/slow/1'))
    writeRules(rule(2, 'vile'))
    waf.child.kill('SIGHUP')
    await waf.says(/rules were read again/)
    expect(await ask(waf, '/vile')).toBe(403)
    waiting.get('/slow/1')!()
    expect(await slow).toBe(200)
    writeFileSync(rules, 'SecRule nonsense\n')
    waf.child.kill('SIGHUP')
    await waf.says(/the former rules stay: .*rules\.conf/)
    expect([await ask(waf, '/vile'), await ask(waf, '/good')]).toEqual([403, 200])
    isOver = true
    await Promise.all(load)
    expect([...statuses.keys()]).toEqual([200])
    expect(await waf.stop()).toBe(0)
  })

  it('loses the requests of a worker that crashes, no other, and starts another', async () => {
    writeRules()
    const waf = await startWaf(['--upstream', upstream, '--rules', rules, '--workers', '2'])
    waiting.clear()
    const slow = Array.from({ length: 8 }, (_, at) => ask(waf, `/slow/${at}`))
    await until(() => waiting.size === 8)
    const [victim] = workersOf(waf)
    process.kill(victim!, 'SIGKILL')
    await waf.says(/another is started/)
    for (const end of waiting.values()) end()
    const ends = await Promise.all(slow)
    // Which worker gets how many is the system's choice.
    expect([...new Set(ends)].sort()).toEqual([0, 200])
    await until(() => workersOf(waf).length === 2 && !workersOf(waf).includes(victim!))
    expect(await ask(waf, '/good')).toBe(200)
    expect(await waf.stop()).toBe(0)
  })

  it('counts attempts to sign in over its workers, and goes on counting over a reload', async () => {
    writeRules()
    const config = join(folder.path, 'waf.yml')
    const events = join(folder.path, 'events.jsonl')
    writeFileSync(
      config,
      `upstreams: [${upstream}]\nrules: [${rules}]\nworkers: 2\nevents: ${events}\nlogins:\n  endpoints: [{ name: shop, path: /login, failure: { status: [200] } }]\n`,
    )
    const waf = await startWaf(['--config', config])
    // A connection each, so that both workers get some.
    const sign = async (): Promise<number> => {
      const answer = await fetch(`http://127.0.0.1:${waf.port}/login`, {
        method: 'POST',
        headers: { connection: 'close' },
        body: new URLSearchParams({ username: 'sato', password: 'secret words' }),
      })
      await answer.arrayBuffer()
      return answer.status
    }
    const lines = () => (existsSync(events) ? readFileSync(events, 'utf8') : '')
    for (let at = 0; at < 10; at += 1) expect(await sign()).toBe(200)
    await until(() => lines().includes('login-brute-force-account'))
    expect(await sign()).toBe(403)
    waf.child.kill('SIGHUP')
    await waf.says(/rules were read again/)
    expect(await sign()).toBe(403)
    expect(lines()).not.toContain('secret')
    expect(await waf.stop()).toBe(0)
  })

  it.skipIf(!hasChromium)('lets a browser work for an attempt, and then in', { timeout: 60_000 }, async () => {
    writeRules()
    const config = join(folder.path, 'challenge.yml')
    writeFileSync(
      config,
      `upstreams: [${upstream}]\nrules: [${rules}]\nlogins:\n  endpoints: [{ name: shop, path: /login, page: /form, failure: { status: [200] } }]\n`,
    )
    const waf = await startWaf(['--config', config])
    const site = `http://127.0.0.1:${waf.port}`
    for (let at = 0; at < 10; at += 1)
      await (
        await fetch(`${site}/login`, { method: 'POST', body: new URLSearchParams({ username: 'sato', password: `${at}` }) })
      ).text()
    const browser = await launchChromium()
    try {
      const { page, faults } = await watchedPage(browser, 'ja')
      const signIn = async () => {
        await page.fill('[name=username]', 'Sato')
        await page.fill('[name=password]', 'right')
        await page.click('button')
      }
      await page.goto(`${site}/form`)
      await signIn()
      await until(async () => (await page.context().cookies()).some(({ name }) => name === 'kanpeki-challenge'))
      await page.waitForURL(`${site}/form`)
      await signIn()
      await page.waitForFunction("document.body.textContent === 'ok'")
      expect(faults.filter((fault) => !/403/.test(fault))).toEqual([])
    } finally {
      await browser.close()
    }
    expect(await waf.stop()).toBe(0)
  })

  it('follows the exclusions of a server, takes nothing else from it, and keeps them while it is away', async () => {
    writeRules()
    const [config, token, keep] = ['follow.yml', 'token', 'kept.conf'].map((name) => join(folder.path, name)) as [
      string,
      string,
      string,
    ]
    const evil = { rule: 1, path: '/evil', variable: null, until: Date.now() + 60_000 }
    let text = 'SecRuleEngine Off\n'
    const asked: (string | undefined)[] = []
    const server = createServer((request, response) => {
      asked.push(`${request.headers.authorization} ${request.url}`)
      response.end(text)
    }).listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const { port } = server.address() as AddressInfo
    writeFileSync(token, 'secret\n')
    writeFileSync(
      config,
      `upstreams: [${upstream}]\nrules: [${rules}]\nserver: { url: "http://127.0.0.1:${port}", tokenFile: ${token}, keep: ${keep}, everySeconds: 0.2 }\n`,
    )
    const waf = await startWaf(['--config', config])
    await waf.says(/it says what is no exclusion: SecRuleEngine Off/)
    expect(await ask(waf, '/evil')).toBe(403)
    text = `# 00000000-0000-4000-8000-000000000000\n${exclusionRule(evil, 0)}`
    await waf.says(/were taken/)
    // A kept connection may still be served by a worker with the former rules.
    agent.destroy()
    expect([await ask(waf, '/evil'), await ask(waf, '/evil/more')]).toEqual([200, 403])
    expect(new Set(asked)).toEqual(new Set(['Bearer secret /api/v1/waf/exclusions.conf']))
    server.closeAllConnections()
    server.close()
    await waf.says(/does not answer.*those kept from before serve/)
    expect(await ask(waf, '/evil')).toBe(200)
    expect(await waf.stop()).toBe(0)
  })

  it('has YARA rules look at uploads in a process of their own', async () => {
    writeRules()
    const [config, yara] = ['uploads.yml', 'shell.yar'].map((name) => join(folder.path, name)) as [string, string]
    writeFileSync(yara, 'rule web_shell { strings: $a = "<?php" $b = "$_POST" condition: all of them }\n')
    writeFileSync(config, `upstreams: [${upstream}]\nrules: [${rules}]\nuploads: { rules: [${yara}], answer: block }\n`)
    const waf = await startWaf(['--config', config])
    const upload = async (content: string): Promise<number> => {
      const body = new FormData()
      body.set('picture', new Blob([content]), 'a.png')
      const answer = await fetch(`http://127.0.0.1:${waf.port}/up`, { method: 'POST', body })
      await answer.arrayBuffer()
      return answer.status
    }
    expect([await upload('a picture'), await upload('<?php eval($_POST[0]);')]).toEqual([200, 403])
    expect(await waf.stop()).toBe(0)
  })

  it.each([
    ['no rules at all', ['--rules', '/nowhere'], /no rule files at '\/nowhere'/],
    ['an unknown mode', ['--rules', rules, '--mode', 'maybe'], /--mode/],
  ])('says what is wrong with %s', async (_name, args, says) => {
    await expect(startWaf(['--upstream', upstream, ...args])).rejects.toThrow(says)
  })
})
