import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const NOBODY = 65_534
const PROBE = fileURLToPath(new URL('testing/rights-probe.ts', import.meta.url))
const UNIT = fileURLToPath(new URL('../../../deploy/kanpeki-agent.service', import.meta.url))
const GUIDE = fileURLToPath(new URL('../../../docs/agent.md', import.meta.url))
const tools = ['setpriv', 'unshare', 'nft', 'tcpdump'].filter((one) => spawnSync('which', [one]).status !== 0)
const lacking = process.platform !== 'linux' ? 'Linux' : process.getuid?.() !== 0 ? 'root' : tools[0]

/** The table of docs/agent.md: which capabilities let which work be done, by a user that is not root. */
const TABLE: readonly (readonly [rights: readonly string[], works: readonly string[]])[] = [
  [[], []],
  [['SYS_PTRACE'], ['programs']],
  [['DAC_READ_SEARCH'], ['files']],
  [['KILL'], ['kill']],
  [['NET_ADMIN'], ['isolate']],
  [['NET_RAW', 'SETGID'], ['packets']],
  [
    ['DAC_OVERRIDE', 'FOWNER', 'CHOWN'],
    ['files', 'quarantine'],
  ],
]
const every = TABLE.flatMap(([rights]) => rights)

describe.skipIf(lacking !== undefined)(`rights of an agent that is not root (needs ${lacking ?? 'nothing more'})`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'kanpeki-rights-'))
  const secret = join(folder, 'secret')
  const evil = join(folder, 'evil')
  beforeAll(() => {
    chmodSync(folder, 0o755)
    for (const path of [secret, evil]) writeFileSync(path, path, { mode: 0o600 })
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const probe = async (rights: readonly string[]): Promise<string[]> => {
    const store = join(folder, `store-${rights.join('-')}`)
    mkdirSync(store)
    chownSync(store, NOBODY, NOBODY)
    const victim = spawn('sleep', ['300'], { stdio: 'ignore' })
    const set = `-all${rights.map((one) => `,+${one.toLowerCase()}`).join('')}`
    const user = ['--reuid', `${NOBODY}`, '--regid', `${NOBODY}`, '--clear-groups', '--no-new-privs']
    const held = ['--bounding-set', set, '--inh-caps', set, '--ambient-caps', set]
    // A network of its own: what is isolated there is nobody's.
    const args = ['--net', 'sh', '-c', 'ip link set lo up; exec "$@"', 'sh', 'setpriv', ...user, ...held, process.execPath, PROBE]
    const child = spawn('unshare', args, { stdio: ['pipe', 'pipe', 'pipe'] })
    let said = ''
    let wrong = ''
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      said += part
    })
    child.stderr.setEncoding('utf8').on('data', (part: string) => {
      wrong += part
    })
    child.stdin.end(JSON.stringify({ victim: victim.pid, name: 'sleep', secret, evil, store }))
    const code = await new Promise((resolve) => child.once('close', resolve))
    victim.kill('SIGKILL')
    expect(code, wrong).toBe(0)
    const works = JSON.parse(said) as Record<string, string | null>
    for (const [name, why] of Object.entries(works)) if (why !== null) expect(why, name).toMatch(/\w/)
    console.log(`${rights.join(' ') || 'none'}: ${JSON.stringify(works)}`)
    return Object.keys(works).filter((name) => works[name] === null)
  }

  it('is what the guide says of each capability, and with all of them everything', async () => {
    const found = await Promise.all(
      [...TABLE.map(([rights]) => rights), every].map(async (rights) => (await probe(rights)).toSorted()),
    )
    const expected = [...TABLE.map(([, works]) => works), [...new Set(TABLE.flatMap(([, works]) => works))]]
    expect(found).toEqual(expected.map((works) => works.toSorted()))
    expect(statSync(evil).uid).toBe(0)
    expect(readFileSync(evil, 'utf8')).toBe(evil)
  }, 60_000)

  it('are those of the unit and of the guide', () => {
    const [, bound = ''] = /^CapabilityBoundingSet=(.*)$/m.exec(readFileSync(UNIT, 'utf8')) ?? []
    expect(bound.split(/\s+/).toSorted()).toEqual(every.map((one) => `CAP_${one}`).toSorted())
    const [, table = ''] = /^## Rights\n(.*)$/ms.exec(readFileSync(GUIDE, 'utf8')) ?? []
    expect([...new Set([...table.matchAll(/`(CAP_\w+)`/g)].map(([, name]) => name))].toSorted()).toEqual(
      bound.split(/\s+/).toSorted(),
    )
    expect(execFileSync('setpriv', ['--list-caps'], { encoding: 'utf8' }).split('\n')).toEqual(
      expect.arrayContaining(every.map((one) => one.toLowerCase())),
    )
  })
})
