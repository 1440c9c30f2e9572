import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { inUseReader } from '../src/agent/collectors/in-use.ts'
import type { BenchResult } from './result.ts'

interface Mapped {
  readonly path: string
  readonly pid: string
  readonly name: string
}

/**
 * Packages in use on this host by our agent's reader against osquery (`--osqueryi FILE`): its `process_memory_map`, each path of which
 * `dpkg --search` is asked about. Only processes count that were there before and after. The figures are CPU time of both; what only one of
 * them names is printed.
 */
export async function inUse(flags: readonly string[]): Promise<BenchResult> {
  const at = flags.indexOf('--osqueryi')
  const osqueryi = at < 0 ? undefined : flags[at + 1]
  if (osqueryi === undefined || !existsSync(osqueryi)) throw new Error('Name osquery: npm run bench -- in-use --osqueryi FILE')
  const look = inUseReader('/proc', '/')
  const cpu = process.cpuUsage()
  const before = await look()
  const used = process.cpuUsage(cpu)
  const query = `SELECT DISTINCT m.path, m.pid, p.name FROM processes p JOIN process_memory_map m ON m.pid = p.pid WHERE m.path LIKE '/%'`
  const started = children()
  const text = execFileSync(osqueryi, ['--json', '--disable_events', query], {
    encoding: 'utf8',
    maxBuffer: 2 ** 30,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const theirsMs = children() - started
  const rows = JSON.parse(text) as Mapped[]
  const after = await look()
  const lasting = new Set(rows.map(({ pid }) => Number(pid)).filter((pid) => existsSync(`/proc/${pid}`)))
  const ours = new Map(
    [...before, ...after].flatMap((one) => (one.type === 'deb' && lasting.has(one.process.pid) ? [[one.name, one]] : [])),
  )
  const paths = new Map(rows.filter(({ pid }) => lasting.has(Number(pid))).map((row) => [row.path, row]))
  const owners = ownersOf([...paths.keys()])
  const theirs = new Map([...paths].flatMap(([path, row]) => (owners.get(path) ?? []).map((name) => [name, row] as const)))
  const here = [...ours.values()].filter(({ name }) => !theirs.has(name))
  const there = [...theirs].filter(([name]) => !ours.has(name))
  console.error(`${lasting.size} processes; ${ours.size} packages against ${theirs.size} (${paths.size} files)`)
  console.error(`only here: ${here.map(({ name, file, process }) => `${name} ${file} ${process.name}`).join(', ') || 'none'}`)
  console.error(
    `only there: ${there.map(([name, { path, name: process }]) => `${name} ${path} ${process}`).join(', ') || 'none'}`,
  )
  const others = new Set(after.flatMap(({ type, name }) => (type === 'deb' ? [] : `${type}:${name}`)))
  console.error(`no packages of the distribution: ${[...others].join(' ') || 'none'}`)
  return {
    name: 'in-use',
    ratio: theirsMs / ((used.user + used.system) / 1_000),
    numerator: theirsMs,
    denominator: (used.user + used.system) / 1_000,
    unit: 'ms of CPU',
    rssMb: Math.round(process.memoryUsage().rss / 1e6),
  }
}

/** Packages that hold each path, by dpkg itself; where /lib and /bin are links into /usr, it knows one of both names. */
function ownersOf(paths: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const forms = new Map(
    paths.flatMap((path) => [path, path.replace(/^\/usr(?=\/)/, ''), `/usr${path}`].map((form) => [form, path] as const)),
  )
  const { stdout } = spawnSync('dpkg', ['--search', ...forms.keys()], { encoding: 'utf8', maxBuffer: 2 ** 28 })
  const found = new Map<string, string[]>()
  for (const line of stdout.split('\n')) {
    const colon = line.indexOf(': ')
    const path = forms.get(line.slice(colon + 2))
    if (colon < 0 || path === undefined || line.startsWith('diversion by ')) continue
    const names = line
      .slice(0, colon)
      .split(', ')
      .map((name) => name.split(':')[0]!)
    found.set(path, [...(found.get(path) ?? []), ...names])
  }
  return found
}

/** CPU of the programs that this one waited for, milliseconds: fields 16 and 17 of /proc/self/stat. */
function children(): number {
  const stat = readFileSync('/proc/self/stat', 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[13]) + Number(fields[14])) * 10
}
