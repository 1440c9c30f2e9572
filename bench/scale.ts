import { join } from 'node:path'
import { api, createToken, startServer, temporaryFolder } from '../test/support/kanpeki.ts'
import { bulkBody } from '../test/support/mixed.ts'
import { type CpuTimes, cpuSince, cpuTimes } from './cpu-time.ts'
import { folderBytes } from './folder-size.ts'
import { residentMb } from './resident.ts'
import type { BenchResult } from './result.ts'
import { sendAll } from './sending.ts'
import { smallLines } from './small-events.ts'

const MILLION = 1_000_000
const MARKS = [1, 5, 10, 25, 50].map((millions) => millions * MILLION)
const BATCH = 1_000
const DAY_MS = 86_400_000
const SEED = 7
/** So many batches behind the newest one, all are answered: twice as many as can be under way. */
const ANSWERED = 32
/** Searches of each kind at a mark; half of them are for what is there. */
const NEEDLES = 20
const HISTOGRAMS = 10
const KEPT = 2_000

interface Sample {
  readonly ip: string
  readonly user: string
  readonly hash: string
}

interface Mark {
  readonly events: number
  readonly microsAnEvent: number
}

/**
 * What searching costs while millions of events of 500 bytes come in, and whether their cost stays: at 1, 5, 10, 25 and 50
 * million it prints CPU time an event since the mark before, searches for one address, user and hash (there and not there),
 * histograms of 24 hours, memory, and the disk's share of what was sent. Sending goes on meanwhile.
 * @param flags `--events N`: how many (default 50 million).
 */
export async function scale(flags: readonly string[]): Promise<BenchResult> {
  const at = flags.indexOf('--events')
  const events = at < 0 ? 50 * MILLION : Number(flags[at + 1])
  const marks = [...MARKS.filter((mark) => mark < events), events]
  const folder = temporaryFolder()
  const data = join(folder.path, 'data')
  const server = await startServer(data)
  const begin = Date.now() - DAY_MS
  const samples: Sample[] = []
  const unanswered: Sample[] = []
  const done: Mark[] = []
  let rssMb = 0
  let sent = 0
  let rawBytes = 0
  let failure: unknown
  const watch = setInterval(() => {
    rssMb = Math.max(rssMb, residentMb(server.pid))
  }, 1_000)
  try {
    const token = await createToken(data, 'admin')
    let cpu: CpuTimes = cpuTimes(server.pid)
    let from = 0
    let searches: Promise<void> = Promise.resolve()
    const reached = (mark: number): void => {
      const now = cpuTimes(server.pid)
      const seconds = cpuSince(cpu, now).reduce((sum, [, used]) => sum + used, 0)
      done.push({ events: mark, microsAnEvent: (seconds / (mark - from)) * 1e6 })
      const share = folderBytes(join(data, 'lake')) / rawBytes
      const text = `${mark / MILLION} M: ${done.at(-1)!.microsAnEvent.toFixed(1)} µs CPU an event, at most ${Math.round(rssMb)} MB resident, disk ${(share * 100).toFixed(1)} % of what was sent`
      cpu = now
      from = mark
      process.stderr.write(`${text}\n`)
      searches = searches
        .then(() => timeSearches(server.url, token, samples, begin))
        .then((timed) => void process.stderr.write(`  from ${mark / MILLION} M to ${sent / MILLION} M:\n${timed}`))
        .catch((error: unknown) => {
          failure ??= error
        })
    }
    function* bodies(): Generator<Buffer> {
      while (sent < events) {
        const first = sent
        const lines = smallLines(BATCH, SEED + first, (n) => begin + ((first + n) / events) * DAY_MS)
        unanswered.push(sampleOf(lines[0]!))
        if (unanswered.length > ANSWERED) keepSample(samples, unanswered.shift()!, first / BATCH - ANSWERED)
        const body = Buffer.from(bulkBody(lines))
        sent += BATCH
        rawBytes += body.length
        yield body
        if (sent < events && marks.includes(sent)) reached(sent)
      }
    }
    await sendAll(server.url, token, bodies())
    reached(events)
    await searches
    if (failure !== undefined) throw failure
    const { count } = await api<{ count: number }>(server.url, token, '/api/v1/events/count', { query: '*' })
    if (count !== sent) throw new Error(`${count} of ${sent} events are searchable`)
    const [first, last] = [done[0]!.microsAnEvent, done.at(-1)!.microsAnEvent]
    return { name: 'scale', ratio: first / last, numerator: first, denominator: last, unit: 'µs an event', rssMb }
  } finally {
    clearInterval(watch)
    await server.stop()
    folder.remove()
  }
}

function sampleOf(line: string): Sample {
  const doc = JSON.parse(line) as { source: { ip: string }; user: { name: string }; file: { hash: { sha256: string } } }
  return { ip: doc.source.ip, user: doc.user.name, hash: doc.file.hash.sha256 }
}

/** A fair sample of those that came so far. */
function keepSample(samples: Sample[], sample: Sample, seen: number): void {
  const place = seen < KEPT ? seen : Math.floor(Math.random() * (seen + 1))
  if (place < KEPT) samples[place] = sample
}

async function timeSearches(url: string, token: string, samples: readonly Sample[], begin: number): Promise<string> {
  const some = (): Sample => samples[Math.floor(Math.random() * samples.length)]!
  const number = (below: number): number => Math.floor(Math.random() * below)
  const hex = (): string => Array.from({ length: 64 }, () => number(16).toString(16)).join('')
  const kinds: readonly (readonly [string, () => string, () => string])[] = [
    ['address', () => `source.ip:${some().ip}`, () => `source.ip:172.${number(256)}.${number(256)}.${number(256)}`],
    ['user', () => `user.name:${some().user}`, () => `user.name:nobody-${number(1e9)}`],
    ['hash', () => `file.hash.sha256:${some().hash}`, () => `file.hash.sha256:${hex()}`],
  ]
  let text = ''
  for (const [name, there, absent] of kinds) {
    for (const [what, query] of [['there', there] as const, ['not there', absent] as const]) {
      const times = await timed(NEEDLES / 2, async () => {
        const { events } = await api<{ events: unknown[] }>(url, token, '/api/v1/events/search', { query: query(), limit: 20 })
        if (events.length > 0 !== (what === 'there')) throw new Error(`${name} ${what}: ${events.length} events`)
      })
      text += line(`${name}, ${what}`, times)
    }
  }
  const window = { from: new Date(begin).toISOString(), to: new Date(begin + DAY_MS).toISOString() }
  const times = await timed(HISTOGRAMS, () => api(url, token, '/api/v1/events/histogram', { query: '*', ...window }))
  return text + line('histogram of 24 h', times)
}

async function timed(count: number, work: () => Promise<unknown>): Promise<number[]> {
  const times: number[] = []
  for (let n = 0; n < count; n++) {
    const started = performance.now()
    await work()
    times.push(performance.now() - started)
  }
  return times.sort((a, b) => a - b)
}

function line(name: string, times: readonly number[]): string {
  const at = (share: number): string => times[Math.min(times.length - 1, Math.floor(times.length * share))]!.toFixed(0)
  return `    ${name.padEnd(20)} p50 ${at(0.5).padStart(6)} ms  p95 ${at(0.95).padStart(6)} ms\n`
}
