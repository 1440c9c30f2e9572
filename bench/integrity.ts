import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { appendFileSync, linkSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { change, KINDS } from './integrity/change.ts'
import { drawn, makeTree } from './integrity/tree.ts'
import { residentMb } from './resident.ts'
import type { BenchResult } from './result.ts'

/** What `aide --check` says with `report_format=json`. */
const reportSchema = z.object({
  added: z.record(z.string(), z.string()).default({}),
  removed: z.record(z.string(), z.string()).default({}),
  changed: z.record(z.string(), z.string()).default({}),
})

/** How aide writes that of a folder only the time of change and the number of links differ. */
const MOVED_WITH = /^d =[ .mn]*$/

/** The agent's own flags (src/cli/agent.ts) but for --lite-mode, with which Node reads no TypeScript. */
const AS_THE_AGENT = ['--max-semi-space-size=1', '--max-old-space-size=96', '--optimize-for-size']

const TICKS = 100
const QUIET_MS = 3_000
const FEW = 20_000

/** CPU seconds of a process and of all that it started and waited for. */
function cpuOf(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return [11, 12, 13, 14].reduce((sum, at) => sum + Number(fields[at]), 0) / TICKS
}

/**
 * The same tree watched by the agent and checked by `aide`: changes of every kind, and whether each that aide finds was
 * told; how soon; and what CPU both take. `--files N`, `--changes N`. Needs Debian's aide, attr and acl, and root.
 */
export async function integrity(flags: readonly string[]): Promise<BenchResult> {
  const numberOf = (flag: string, usual: number): number =>
    flags.includes(flag) ? Number(flags[flags.indexOf(flag) + 1]) : usual
  const count = numberOf('--files', 100_000)
  const fullCheckMs = count < FEW ? 60_000 : 300_000
  const base = mkdtempSync(join(tmpdir(), 'kanpeki-integrity-'))
  const root = join(base, 'tree')
  const say = (text: string): void => void process.stderr.write(`${text}\n`)
  let watcher: ChildProcess | undefined
  try {
    mkdirSync(join(base, 'kept'))
    mkdirSync(root)
    const draw = drawn(8)
    const tree = makeTree(root, count, draw)
    const outside = join(base, 'outside')
    linkSync(tree.files[1]!, outside)
    const aide = aideFor(base, root)
    const begun = aide('--init')
    execFileSync('mv', [join(base, 'aide.new'), join(base, 'aide.db')])

    const told = new Map<string, { readonly at: number; readonly found: string }[]>()
    let last = 0
    let ready: ((paths: number) => void) | undefined
    const counts = new Map<string, number>()
    const first = new Promise<number>((resolve) => {
      ready = resolve
    })
    const script = fileURLToPath(new URL('./integrity/watcher.ts', import.meta.url))
    watcher = spawn(process.execPath, [...AS_THE_AGENT, script, root, join(base, 'kept'), String(fullCheckMs)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const pid = watcher.pid!
    const ended = new Promise((resolve) => watcher!.once('exit', resolve))
    createInterface({ input: watcher.stdout! }).on('line', (text) => {
      const line = JSON.parse(text) as { path?: string; at: number; found: string; count?: string; by: number; ready?: number }
      if (line.ready !== undefined) ready?.(line.ready)
      if (line.count !== undefined) counts.set(line.count, (counts.get(line.count) ?? 0) + line.by)
      if (line.path === undefined) return
      last = Date.now()
      told.set(line.path, [...(told.get(line.path) ?? []), { at: line.at, found: line.found }])
    })
    const paths = await Promise.race([first, ended.then(() => -1)])
    if (paths < 0) throw new Error('the watcher ended')
    const firstRead = cpuOf(pid)
    await pause(10_000)
    const afterIdle = cpuOf(pid)
    const idle = (afterIdle - firstRead) / 10

    const changed = new Map<string, number>()
    const number = numberOf('--changes', 5_000)
    for (let i = 0; i < number; i++) {
      const kind = KINDS[i % KINDS.length]!
      // A renamed folder is two hundred changes: some are enough.
      if (kind === 'folder renamed' && i % (KINDS.length * 10) >= KINDS.length) continue
      for (const path of change(kind, tree, draw, i)) changed.set(path, Date.now())
      if (i % 20 === 0) await pause(5)
    }
    last = Math.max(last, Date.now())
    while (Date.now() - last < QUIET_MS) await pause(50)
    const live = cpuOf(pid) - afterIdle
    const rssMb = residentMb(pid)

    const checked = aide('--check')
    const report = reportSchema.parse(JSON.parse(readFileSync(join(base, 'aide.json'), 'utf8')))
    const theirs = [...Object.keys(report.added), ...Object.keys(report.removed), ...Object.keys(report.changed)].map((path) =>
      path.length > 1 ? path.replace(/\/$/, '') : path,
    )
    // A folder's own time and link count move with what comes and goes in it: that was told, by its own name.
    const within = new Set([...told.keys()].map(dirname))
    const moved = (path: string): boolean =>
      MOVED_WITH.test(report.changed[`${path}/`] ?? report.changed[path] ?? '') && within.has(path)
    const silent = theirs.filter((path) => !told.has(path))
    const missed = silent.filter((path) => !moved(path))
    const more = [...told.keys()].filter((path) => !new Set(theirs).has(path))
    const delays = [...changed]
      .flatMap(([path, at]) => {
        const all = told.get(path)
        const one = all?.find((event) => event.at >= at) ?? all?.at(-1)
        return one === undefined ? [] : [Math.max(0, one.at - at)]
      })
      .toSorted((a, b) => a - b)
    const untold = [...changed.keys()].filter((path) => !told.has(path))
    const at = (share: number): number => (delays[Math.min(delays.length - 1, Math.floor(delays.length * share))] ?? 0) / 1_000
    say(`${paths} paths; ${number} changes of ${KINDS.length} kinds touched ${changed.size} paths`)
    say(
      `aide found ${theirs.length} paths; we told ${told.size}; of aide's not told: ${missed.length}, besides ${silent.length - missed.length} folders whose time moved with what was told in them; told beyond aide's: ${more.length}`,
    )
    for (const path of missed.slice(0, 20)) say(`  not told: ${path} ${report.changed[path] ?? report.changed[`${path}/`] ?? ''}`)
    for (const path of more.slice(0, 5)) say(`  told beyond: ${path}`)
    if (untold.length > 0) say(`  changed and never told (gone again within a moment): ${untold.length}, as ${untold[0]}`)
    say(`told after: half within ${at(0.5)} s, 99 % within ${at(0.99)} s, all within ${at(1)} s`)
    say(
      `CPU: aide --init ${begun.toFixed(1)} s, --check ${checked.toFixed(1)} s; ours first read ${firstRead.toFixed(1)} s, the changes ${live.toFixed(1)} s, idle ${(idle * 100).toFixed(2)} % of a core`,
    )

    // What no watch can tell: a write through a name outside the tree. Reading everything again finds it.
    const before = counts.get('files.checks') ?? 0
    const beforeCpu = cpuOf(pid)
    appendFileSync(outside, 'written from outside')
    const seen = (): boolean => told.get(tree.files[1] ?? '')?.some(({ found }) => found === 'check') === true
    const until = Date.now() + fullCheckMs * 2
    while ((counts.get('files.checks') ?? 0) <= before && Date.now() < until) await pause(200)
    await pause(QUIET_MS)
    const full = cpuOf(pid) - beforeCpu
    const byCheck = [...told].filter(([, all]) => all.some(({ found }) => found === 'check')).map(([path]) => path)
    say(
      `full check: ${full.toFixed(1)} s of CPU; found by it alone: ${byCheck.length} (${byCheck.slice(0, 3).join(', ')}), counted ${counts.get('files.missed') ?? 0}${seen() ? '' : '; the write from outside was not under its first name'}`,
    )
    say(`counters: ${JSON.stringify(Object.fromEntries(counts))}`)
    watcher.kill('SIGTERM')
    await ended
    if (missed.length > 0) throw new Error(`${missed.length} of what aide finds was not told`)
    return {
      name: 'integrity',
      ratio: checked / live,
      numerator: checked,
      denominator: live,
      unit: 's of CPU',
      rssMb,
      beside: { what: 'our full check', ratio: checked / full, denominator: full },
    }
  } finally {
    watcher?.kill('SIGKILL')
    rmSync(base, { recursive: true, force: true })
  }
}

/** Runs aide on the tree. @returns its CPU seconds. */
function aideFor(base: string, root: string): (command: '--init' | '--check') => number {
  const config = join(base, 'aide.conf')
  writeFileSync(
    config,
    [
      `database_in=file:${join(base, 'aide.db')}`,
      `database_out=file:${join(base, 'aide.new')}`,
      'gzip_dbout=no',
      'report_format=json',
      `report_url=file:${join(base, 'aide.json')}`,
      `${root} ftype+p+i+n+u+g+s+l+m+acl+xattrs+sha256`,
      '',
    ].join('\n'),
  )
  return (command) => {
    const before = process.resourceUsage()
    const own = cpuOf(process.pid)
    const { status, stderr, error } = spawnSync('aide', [command, '-c', config], { maxBuffer: 100_000_000 })
    if (error !== undefined) throw new Error(`aide (Debian's package of that name) could not be run: ${error.message}`)
    // 1, 2 and 4 say that files were added, removed, changed.
    if (status === null || status > 7)
      throw new Error(`aide ${command} ended with ${status}: ${stderr.toString('utf8').slice(0, 500)}`)
    const after = process.resourceUsage()
    const mine = (after.userCPUTime + after.systemCPUTime - before.userCPUTime - before.systemCPUTime) / 1_000_000
    return cpuOf(process.pid) - own - mine
  }
}
