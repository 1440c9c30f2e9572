import { readdirSync, readFileSync } from 'node:fs'

/** The kernel counts CPU time in hundredths of a second, on every Linux that Node runs on. */
const TICKS_A_SECOND = 100

/** CPU seconds (user and system) by thread name and id, `main/kanpeki-writer 123`; what threads that have ended used is `main/(ended)`. */
export type CpuTimes = ReadonlyMap<string, number>

/** Of a process and all below it; Linux only, empty elsewhere. A process below is named `child`. */
export function cpuTimes(pid: number, name = 'main'): CpuTimes {
  const times = new Map<string, number>()
  try {
    let alive = 0
    for (const task of readdirSync(`/proc/${pid}/task`)) {
      const { comm, seconds } = readStat(`/proc/${pid}/task/${task}/stat`)
      times.set(`${name}/${comm} ${task}`, seconds)
      alive += seconds
    }
    times.set(`${name}/(ended)`, Math.max(0, readStat(`/proc/${pid}/stat`).seconds - alive))
    for (const task of readdirSync(`/proc/${pid}/task`)) {
      const children = readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean)
      for (const child of children) for (const [key, seconds] of cpuTimes(Number(child), 'child')) times.set(key, seconds)
    }
  } catch {
    // Gone meanwhile, or no /proc: what was read counts.
  }
  return times
}

/** What was used since, summed by thread name (without its number), most first. */
export function cpuSince(before: CpuTimes, after: CpuTimes): readonly (readonly [name: string, seconds: number])[] {
  const sums = new Map<string, number>()
  for (const [key, seconds] of after) {
    const name = key.replace(/[\s\d]+$/, '')
    sums.set(name, (sums.get(name) ?? 0) + seconds - (before.get(key) ?? 0))
  }
  return [...sums].sort((a, b) => b[1] - a[1])
}

function readStat(path: string): { readonly comm: string; readonly seconds: number } {
  const text = readFileSync(path, 'utf8')
  const close = text.lastIndexOf(')')
  const fields = text.slice(close + 2).split(' ')
  return {
    comm: text.slice(text.indexOf('(') + 1, close),
    seconds: (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND,
  }
}
