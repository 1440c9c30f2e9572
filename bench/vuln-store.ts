import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { noteJudgedBy } from '../src/app/assessing.ts'
import { migrations } from '../src/app/migrations.ts'
import { openFeedsFolder } from '../src/assess/inventory/feeds-folder.ts'
import { judgeAgain } from '../src/assess/inventory/judge-again.ts'
import { inventoryMarks } from '../src/assess/inventory/queries.ts'
import type { AssessTables } from '../src/assess/inventory/tables.ts'
import { takeIn } from '../src/assess/inventory/take-in.ts'
import { openPolicyFile } from '../src/assess/prioritise/policy-file.ts'
import type { Installed } from '../src/assess/scan/findings.ts'
import { openWeigher } from '../src/assess/weighing/weigher.ts'
import { systemClock } from '../src/kernel/clock.ts'
import { sharedData } from '../src/kernel/testing/shared-data.ts'
import { dataDir } from '../src/platform/data-dir.ts'
import { openState } from '../src/platform/state/state.ts'
import { kanpeki, ROOT, startServer, temporaryFolder } from '../test/support/kanpeki.ts'
import { residentMb } from './resident.ts'
import type { BenchResult } from './result.ts'
import { poolOf } from './vuln.ts'

const PACKAGES = 300
/** Every so many packages of an asset is one that advisories name. */
const NAMED = 10
const ASKED = 5
/** Packages made up for new advisories, by how many of a hundred assets have them. */
const SPREAD = { 'one-percent': 1, 'ten-percent': 10, everywhere: 100 } as const
/** What "Where is X?" may take, milliseconds. */
const ALLOWED_MS = 200

/**
 * The same ten thousand assets (`--assets N`) in the real store: taken in, weighed, and asked through the server's API. How long each
 * takes goes to standard error; the ratio is of “Where is X?” to the fifth of a second that it may take. Lies on the disk that
 * `--dir` names (some 2 GB), else where temporary files do; `--data` names a data folder that stays, whose assets are not taken in
 * again by the next run.
 */
export async function vulnStore(flags: readonly string[]): Promise<BenchResult> {
  const kept = flagOf(flags, '--data')
  const assets = Number(flagOf(flags, '--assets') ?? 10_000)
  if (kept !== undefined) return await measure(kept, assets)
  const folder = temporaryFolder(flagOf(flags, '--dir'))
  try {
    return await measure(join(folder.path, 'data'), assets)
  } finally {
    folder.remove()
  }
}

function flagOf(flags: readonly string[], name: string): string | undefined {
  const at = flags.indexOf(name)
  return at < 0 ? undefined : flags[at + 1]
}

async function measure(data: string, assets: number): Promise<BenchResult> {
  const source = sharedData('vuln')
  if (source === undefined) throw new Error('The advisories of ../shared/data are absent.')
  await (await startServer(data)).stop()
  for (const name of ['osv', 'kev', 'epss'])
    if (!existsSync(join(data, 'feeds', name)))
      cpSync(join(source, name), join(data, 'feeds', name), { recursive: true, dereference: true })
  const state = await openState({ path: dataDir(data).state }, migrations)
  const feeds = openFeedsFolder(join(data, 'feeds'))
  const policy = openPolicyFile({ own: 'none', shipped: join(ROOT, 'content/policies/vulnerabilities.yaml') })
  const weigher = openWeigher({ state, clock: systemClock, feeds, policy })
  await feeds.refresh()
  let known = await feeds.current()
  const rules = await policy.current()
  const pool = poolOf(known.advisories.packages())
  const by = { name: 'bench', account: null }
  const taking = clockOf()
  let open = 0
  const there = (await inventoryMarks(state.tables<AssessTables>())).length
  for (let asset = there; asset < assets; asset++) {
    const components = Array.from({ length: PACKAGES }, (_, at) => {
      // Of each pair in the pool the second is one that no advisory names.
      const pair = (asset * 7919 + at * 104_729) % (pool.length / 2)
      return pool[2 * pair + (at % NAMED === 0 ? 0 : 1)]!
    })
    for (const [at, [name, percent]] of Object.entries(SPREAD).entries())
      if (asset % (100 / percent) === 0) components[at + 1] = madeUp(name)
    open += (
      await takeIn(
        state,
        { scope: 'default', asset: `host-${asset}`, source: 'sbom', format: 'bench', components, by },
        feeds,
        systemClock,
        rules.policy,
      )
    ).open
  }
  tell(`${assets - there} assets × ${PACKAGES} packages taken in, ${open} findings`, taking)
  const weighing = clockOf()
  tell(`${await weigher.weighAll('default')} assets weighed`, weighing)
  const one = pool.find(({ name }) => name.endsWith('-none') && !(name.slice(0, -'-none'.length) in SPREAD))!
  const newly = new Map<string, number>()
  const run = Date.now()
  const feedsChange = async (what: string, change: () => void) => {
    const again = clockOf()
    change()
    await feeds.refresh()
    const before = known
    known = await feeds.current()
    const reading = secondsOf(again)
    const { found } = await judgeAgain({ state, feeds: known, clock: systemClock, rules, since: before })
    await weigher.weighAll('default')
    return tell(`${what}: read (${reading}), judged and weighed: ${found} new findings`, again)
  }
  const abouts = [one, ...Object.keys(SPREAD).map(madeUp)]
  for (const [number, about] of abouts.entries()) {
    const file = join(data, 'feeds', `${run}-${number}.json`)
    const advisory = () => writeFileSync(file, JSON.stringify(advisoryOn(about, `CVE-2026-${run}${number}`)))
    newly.set(about.name, await feedsChange(`a new advisory on ${about.name}`, advisory))
  }
  for (const [number, { name }] of abouts.entries())
    await feedsChange(`KEV lists the CVE of ${name}`, () => listExploited(join(data, 'feeds', 'kev'), `CVE-2026-${run}${number}`))
  await noteJudgedBy(state, await feeds.stamp())
  await state.close()

  const server = await startServer(data)
  const { stdout } = await kanpeki(['token', 'create', '--scope', 'admin', '--data', data])
  const ask = async (path: string) => {
    const times: number[] = []
    let reply: { readonly total: number; readonly pending?: number } | undefined
    for (let time = 0; time < ASKED; time++) {
      const began = performance.now()
      const response = await fetch(`${server.url}/api/v1/${path}`, { headers: { authorization: `Bearer ${stdout.trim()}` } })
      reply = (await response.json()) as { readonly total: number; readonly pending?: number }
      if (!response.ok) throw new Error(`${path}: ${JSON.stringify(reply)}`)
      times.push(performance.now() - began)
    }
    times.sort((a, b) => a - b)
    const figures = [times[0]!, times[ASKED >> 1]!, times[ASKED - 1]!].map((ms) => ms.toFixed(0)).join(' / ')
    console.error(`GET ${path}: ${reply!.total} (${reply!.pending ?? 0} wait), least / middle / most of ${ASKED}: ${figures} ms`)
    return times[ASKED >> 1]!
  }
  await ask('vulnerabilities')
  for (const query of [
    'step=exploited',
    'state=gone',
    'kind=secret',
    'decision=immediate',
    'asset=host-77',
    'overdue=true',
    'owner=nobody',
    'q=openssl',
    'q=host-77',
  ])
    await ask(`vulnerabilities?${query}`)
  const where = Math.max(await ask('components?name=openssl'), await ask(`components?name=${encodeURIComponent(one.name)}`))
  const rssMb = residentMb(server.pid)
  await server.stop()
  console.error(`new advisories: ${[...newly].map(([name, s]) => `${name} ${s.toFixed(2)} s`).join(', ')}`)
  return { name: 'vuln-store', ratio: ALLOWED_MS / where, numerator: ALLOWED_MS, denominator: where, unit: 'ms', rssMb }
}

function madeUp(name: string): Installed & { readonly purl: string } {
  return { name, version: '1.0.0', purl: `pkg:pypi/${name}@1.0.0`, place: '' }
}

function advisoryOn({ name, purl }: Installed, id: string) {
  return {
    id,
    modified: '2026-11-22T00:00:00Z',
    affected: [{ package: packageOf(purl!, name), ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }] }] }],
  }
}

/** Adds an entry to the newest catalogue of a folder. */
function listExploited(folder: string, cve: string): void {
  const read = readdirSync(folder)
    .filter((name) => /^kev-\d.*\.json$/.test(name))
    .map((name) => ({ name, catalogue: JSON.parse(readFileSync(join(folder, name), 'utf8')) as Catalogue }))
  const [newest] = read.toSorted((a, b) => (a.catalogue.dateReleased < b.catalogue.dateReleased ? 1 : -1))
  const { name, catalogue } = newest!
  const entry = { ...catalogue.vulnerabilities[0], cveID: cve }
  writeFileSync(join(folder, name), JSON.stringify({ ...catalogue, vulnerabilities: [...catalogue.vulnerabilities, entry] }))
}

interface Catalogue {
  readonly dateReleased: string
  readonly vulnerabilities: readonly object[]
}

function packageOf(purl: string, name: string) {
  const type = purl.slice('pkg:'.length, purl.indexOf('/'))
  const ecosystem = { golang: 'Go', pypi: 'PyPI', cargo: 'crates.io', rpm: 'AlmaLinux:8' }[type]!
  return { ecosystem: type === 'rpm' && purl.includes('almalinux-9') ? 'AlmaLinux:9' : ecosystem, name }
}

function clockOf() {
  return { began: performance.now(), cpu: process.cpuUsage() }
}

function secondsOf({ began, cpu }: ReturnType<typeof clockOf>): string {
  const { user, system } = process.cpuUsage(cpu)
  return `${((performance.now() - began) / 1000).toFixed(2)} s, ${((user + system) / 1e6).toFixed(2)} s of CPU`
}

/** @returns seconds by the clock. */
function tell(what: string, since: ReturnType<typeof clockOf>): number {
  console.error(`${what}: ${secondsOf(since)}, ${Math.round(process.memoryUsage().rss / 1e6)} MB`)
  return (performance.now() - since.began) / 1000
}
