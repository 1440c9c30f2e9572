import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CONTENT } from '../app/places.ts'
import { loadScenarios } from '../detect/scenarios/load.ts'
import type { ScenarioRun, SelftestReport } from '../detect/scenarios/schema.ts'
import { KanpekiError } from '../kernel/error.ts'
import { readConfig } from '../platform/config.ts'
import { dataDir } from '../platform/data-dir.ts'
import { command } from './command.ts'
import { localServer } from './local-server.ts'
import { EXIT, SERVER_OPTIONS } from './options.ts'
import { callApi } from './remote.ts'
import { terminalLog } from './terminal-log.ts'

const USAGE = `Usage: kanpeki selftest [SCENARIO…] [--data DIR | --url URL --token TOKEN [--ca FILE] | --fresh] [--json]
       kanpeki selftest --list [--data DIR] [--json]

Executes scenarios through the real ingest path of a running server and reports what was seen: an attack must raise its
alert, and the near misses beside it must not. All of them without a name. Every execution is an entry of the ledger.
The events live in a scope of their own: they alarm nobody and count in no measure but that of coverage.

  --data DIR   the server that runs on this folder (default ./data)
  --url URL    another server, with --token (or KANPEKI_TOKEN)
  --fresh      a server of its own in a temporary folder, which is gone afterwards: for trying out rules and in builds
  --list       only name the scenarios
  --json       the whole report as one JSON object

Exit 0 if all passed, 1 if one failed or could not be executed, 69 if no server answers.
`

interface Values {
  readonly data: string
  readonly url?: string | undefined
  readonly ca?: string | undefined
  readonly token?: string | undefined
}

export function selftestCommand(args: readonly string[]): Promise<number> {
  return command(
    args,
    USAGE,
    {
      ...SERVER_OPTIONS,
      fresh: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
    async ({ values, positionals }) => {
      if (values.list) return list(values.data, values.json)
      if (values.fresh && values.url !== undefined)
        throw new KanpekiError('usage', 'Give --fresh or --url, not both.', { remedy: `\n${USAGE}` })
      const report = values.fresh ? await onFreshServer(positionals) : await onServer(values, positionals)
      process.stdout.write(values.json ? `${JSON.stringify(report)}\n` : table(report))
      return report.totals.passed === report.totals.scenarios ? EXIT.ok : EXIT.failed
    },
  )
}

function list(data: string, json: boolean): number {
  const { scenarios, refused } = loadScenarios([join(CONTENT, 'scenarios'), join(dataDir(data).root, 'scenarios')])
  for (const { id, platform, techniques, title } of scenarios)
    process.stdout.write(
      json
        ? `${JSON.stringify({ id, platform, techniques, title })}\n`
        : `${id.padEnd(48)} ${platform.padEnd(11)} ${techniques.join(' ')}\n`,
    )
  for (const { file, reason } of refused) process.stderr.write(`refused ${file}: ${reason}\n`)
  return refused.length === 0 ? EXIT.ok : EXIT.failed
}

async function onServer({ data, url, ca, token }: Values, names: readonly string[]): Promise<SelftestReport> {
  const body = names.length === 0 ? {} : { scenarios: names }
  if (url !== undefined) return await callApi<SelftestReport>({ url, ca }, token, 'POST', '/api/v1/selftest', body)
  const server = await localServer(data, 'admin', 'selftest on this host')
  if (server === undefined) {
    throw new KanpekiError('unreachable', `No server runs on ${data}.`, {
      remedy: "Start one with 'kanpeki up', name another with --url, or use --fresh for one of its own.",
    })
  }
  return await callApi<SelftestReport>(server, server.token, 'POST', '/api/v1/selftest', body)
}

/** Loads the server only here: the other ways need none of it. */
async function onFreshServer(names: readonly string[]): Promise<SelftestReport> {
  const { serve } = await import('../server/serve.ts')
  const folder = await mkdtemp(join(tmpdir(), 'kanpeki-selftest-'))
  try {
    const kanpeki = await serve(readConfig(folder, { port: '0' }, {}), terminalLog('json'), { cards: [] })
    try {
      return await kanpeki.selftest.execute(names.length === 0 ? undefined : names)
    } finally {
      await kanpeki.stop()
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const SIGN = { passed: '✓', failed: '✗', unknown: '?' } as const

function table({ results, totals, seconds }: SelftestReport): string {
  const lines = results.map((run) => `${SIGN[run.result]} ${run.scenario.padEnd(48)} ${run.techniques.join(' ')}${why(run)}\n`)
  const { scenarios, passed, failed, unknown, techniques } = totals
  return `${lines.join('')}${scenarios} scenarios in ${seconds} s: ${passed} passed, ${failed} failed, ${unknown} unknown; ${techniques} techniques proven\n`
}

function why({ silent, loud, notLoaded, reason }: ScenarioRun): string {
  const said = [
    ...silent.map((rule) => `${rule} stayed silent`),
    ...loud.map(({ nearMiss, rule }) => `${rule} spoke on near miss ${nearMiss + 1}`),
    ...notLoaded.map((rule) => `${rule} is not loaded`),
    ...(reason === null ? [] : [reason]),
  ]
  return said.map((one) => `\n    → ${one}`).join('')
}
