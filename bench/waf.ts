import { spawnSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { sharedData } from '../src/kernel/testing/shared-data.ts'
import { temporaryFolder } from '../test/support/kanpeki.ts'
import { cpuTimes } from './cpu-time.ts'
import { residentMb } from './resident.ts'
import type { BenchPart, BenchResult } from './result.ts'
import { type BenchRequest, REQUESTS } from './waf/requests.ts'
import { OTHER_CORE, type Side, startApplication, startKanpeki, startModSecurity } from './waf/sides.ts'
import { soak } from './waf/soak.ts'

const CONNECTIONS = '4'
/** Seconds before it counts: V8 compiles what is hot only after some thousands of requests. */
const WARM = '12'
const DEBIAN = '/usr/share/modsecurity-crs'

interface Figures {
  readonly requestsPerSecond: number
  /** Milliseconds of CPU, user and system, a request. */
  readonly cpu: number
}

/**
 * `kanpeki waf` against nginx with ModSecurity 3 and the same Core Rule Set (the one beside the checkout, else Debian's; or
 * `--crs DIR` with `crs-setup.conf` and `rules/`), both in blocking at paranoia 1 with both bodies looked at, on the same core
 * one after the other; wrk and the application on another. `--soak SECONDS`: ours alone, for so long, with reloads. Linux; needs the packages nginx, libnginx-mod-http-modsecurity, wrk.
 */
export async function waf(flags: readonly string[]): Promise<BenchResult> {
  const { values } = parseArgs({
    args: [...flags],
    options: {
      json: { type: 'boolean' },
      crs: { type: 'string' },
      seconds: { type: 'string', default: '6' },
      soak: { type: 'string' },
    },
  })
  const folder = temporaryFolder()
  try {
    const rules = join(folder.path, 'rules.conf')
    writeFileSync(rules, ruleFile(values.crs))
    const application = await startApplication(folder.path)
    try {
      if (values.soak !== undefined) {
        const side = await startKanpeki(application.port, rules)
        return await soak(side, folder.path, Number(values.soak)).finally(side.stop)
      }
      const theirs = await measure(await startModSecurity(folder.path, application.port, rules), folder.path, values.seconds)
      const ours = await measure(await startKanpeki(application.port, rules), folder.path, values.seconds)
      return result(ours, theirs)
    } finally {
      await application.stop()
    }
  } finally {
    folder.remove()
  }
}

function result(ours: Measured, theirs: Measured): BenchResult {
  const parts = REQUESTS.flatMap(({ what }): BenchPart[] => {
    const here = ours.figures.get(what)!
    const there = theirs.figures.get(what)!
    return [
      { what: `${what}, CPU`, ratio: there.cpu / here.cpu, numerator: there.cpu, denominator: here.cpu, unit: 'ms' },
      {
        what,
        ratio: here.requestsPerSecond / there.requestsPerSecond,
        numerator: here.requestsPerSecond,
        denominator: there.requestsPerSecond,
        unit: 'requests/s',
      },
    ]
  })
  const first = parts[0]!
  return {
    name: 'waf',
    ratio: first.ratio,
    numerator: first.numerator,
    denominator: first.denominator,
    unit: first.unit,
    rssMb: ours.rssMb,
    parts,
  }
}

interface Measured {
  readonly figures: ReadonlyMap<string, Figures>
  readonly rssMb: number
}

async function measure(side: Side, folder: string, seconds: string): Promise<Measured> {
  const figures = new Map<string, Figures>()
  try {
    for (const request of REQUESTS) {
      load(side, request, folder, WARM)
      const before = cpuOf(side.pid)
      const { requests, perSecond } = load(side, request, folder, seconds)
      figures.set(request.what, { requestsPerSecond: perSecond, cpu: ((cpuOf(side.pid) - before) * 1000) / requests })
    }
    return { figures, rssMb: residentMb(side.pid) }
  } finally {
    await side.stop()
  }
}

function cpuOf(pid: number): number {
  return [...cpuTimes(pid).values()].reduce((sum, each) => sum + each, 0)
}

/** Sends one request over and over with wrk, each time with other numbers in it; throws where one was not answered with 200. */
function load(side: Side, request: BenchRequest, folder: string, seconds: string): { requests: number; perSecond: number } {
  const script = join(folder, 'request.lua')
  writeFileSync(script, luaOf(request))
  const { stdout, stderr } = spawnSync(
    'taskset',
    [
      '-c',
      OTHER_CORE,
      'wrk',
      '-t1',
      '--timeout',
      '60s',
      `-c${CONNECTIONS}`,
      `-d${seconds}s`,
      '-s',
      script,
      `http://127.0.0.1:${side.port}/`,
    ],
    { encoding: 'utf8' },
  )
  const requests = Number(/(\d+) requests in/.exec(stdout)?.[1])
  const perSecond = Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1])
  if (!(requests > 0) || /Non-2xx|Socket errors/.test(stdout)) throw new Error(`wrk failed: ${stdout}${stderr}`)
  return { requests, perSecond }
}

function luaOf({ method, path, headers, body }: BenchRequest): string {
  const entries = Object.entries(headers).map(([name, value]) => `["${name}"] = ${JSON.stringify(value)}`)
  return `local n = 0
local headers = { ${entries.join(', ')} }
function request()
  n = n + 1
  local number = tostring(100000 + n * 7919 % 900000)
  local sent = {}
  for name, value in pairs(headers) do sent[name] = value:gsub("{n}", number) end
  local path, body = ${JSON.stringify(path)}, ${body === '' ? 'nil' : `[==[${body}]==]`}
  return wrk.format("${method}", (path:gsub("{n}", number)), sent, body and (body:gsub("{n}", number)))
end`
}

/** One file for both sides. */
function ruleFile(given: string | undefined): string {
  const shared = sharedData('crs')
  const folder = given ?? shared
  const [setup, rules] =
    folder === undefined
      ? ['/etc/modsecurity/crs/crs-setup.conf', join(DEBIAN, 'rules/*.conf')]
      : [[join(folder, 'crs-setup.conf'), join(folder, 'crs-setup.conf.example')].find(existsSync), join(folder, 'rules/*.conf')]
  if (setup === undefined || (folder === undefined && !existsSync(DEBIAN))) throw new Error('no Core Rule Set: give --crs DIR')
  return `SecRuleEngine On
SecRequestBodyAccess On
SecRequestBodyLimit 13107200
SecRequestBodyNoFilesLimit 131072
SecResponseBodyAccess On
SecResponseBodyMimeType text/plain text/html text/xml application/json
SecResponseBodyLimit 524288
SecPcreMatchLimit 100000
SecPcreMatchLimitRecursion 100000
SecAuditEngine Off
SecRule REQUEST_HEADERS:Content-Type "@rx ^(?:application(?:/soap\\+|/)|text/)xml" "id:200000,phase:1,t:none,t:lowercase,pass,nolog,ctl:requestBodyProcessor=XML"
SecRule REQUEST_HEADERS:Content-Type "@rx ^application/json" "id:200001,phase:1,t:none,t:lowercase,pass,nolog,ctl:requestBodyProcessor=JSON"
Include ${setup}
Include ${rules}
`
}
