import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { residentMb } from '../resident.ts'
import type { BenchResult } from '../result.ts'
import { REQUESTS } from './requests.ts'
import { OTHER_CORE, type Side } from './sides.ts'

const CONNECTIONS = '8'
const RELOAD_EVERY = 30_000
const SAMPLE_EVERY = 2_000

/**
 * Keeps a WAF at what one core can do for so many seconds while its rules are read again twice a minute. Throws where a request was
 * not answered with 200, or a connection failed. The figures are the least memory in the last fifth against the second one: what a
 * new generation of workers begins with, and the supervisor that stays; between reloads a worker's heap grows to its own size.
 */
export async function soak(side: Side, folder: string, seconds: number): Promise<BenchResult> {
  const script = join(folder, 'soak.lua')
  writeFileSync(script, mixed())
  const options = ['-t1', '--timeout', '60s', `-c${CONNECTIONS}`, `-d${seconds}s`, '--latency', '-s', script]
  const wrk = spawn('taskset', ['-c', OTHER_CORE, 'wrk', ...options, `http://127.0.0.1:${side.port}/`])
  let said = ''
  wrk.stdout.on('data', (text: Buffer) => {
    said += text.toString()
  })
  const over = new Promise<void>((resolve) => wrk.once('close', () => resolve()))
  const samples: number[] = []
  let reloads = 0
  let isOver = false
  void over.then(() => {
    isOver = true
  })
  for (let at = 0; !isOver; at += SAMPLE_EVERY) {
    if (at > 0 && at % RELOAD_EVERY === 0) {
      process.kill(side.main, 'SIGHUP')
      reloads += 1
    }
    samples.push(residentMb(side.main))
    await Promise.race([over, pause(SAMPLE_EVERY)])
  }
  const requests = Number(/(\d+) requests in/.exec(said)?.[1])
  const perSecond = Number(/Requests\/sec:\s+([\d.]+)/.exec(said)?.[1])
  process.stderr.write(`${said}${reloads} reloads; MB: ${samples.map((each) => each.toFixed(0)).join(' ')}\n`)
  if (!(requests > 0) || /Non-2xx|Socket errors/.test(said)) throw new Error(`the load met errors: ${said}`)
  const fifth = Math.floor(samples.length / 5)
  const early = Math.min(...samples.slice(fifth, 2 * fifth))
  const late = Math.min(...samples.slice(-fifth))
  return {
    name: 'waf',
    ratio: late / early,
    numerator: late,
    denominator: early,
    unit: 'MB',
    rssMb: Math.max(...samples),
    parts: [
      {
        what: `requests (${requests}, ${reloads} reloads, no error)`,
        ratio: 1,
        numerator: perSecond,
        denominator: perSecond,
        unit: 'requests/s',
      },
    ],
  }
}

/** The requests of the benchmark in turn. */
function mixed(): string {
  const each = REQUESTS.map(({ method, path, headers, body }) => {
    const lines = Object.entries(headers).map(([name, value]) => `["${name}"] = ${JSON.stringify(value)}`)
    return `{ method = "${method}", path = ${JSON.stringify(path)}, headers = { ${lines.join(', ')} }, body = ${body === '' ? 'nil' : `[==[${body}]==]`} }`
  })
  return `local n = 0
local requests = { ${each.join(',\n')} }
function request()
  n = n + 1
  local number = tostring(100000 + n * 7919 % 900000)
  local r = requests[n % #requests + 1]
  local sent = {}
  for name, value in pairs(r.headers) do sent[name] = value:gsub("{n}", number) end
  return wrk.format(r.method, (r.path:gsub("{n}", number)), sent, r.body and (r.body:gsub("{n}", number)))
end`
}
