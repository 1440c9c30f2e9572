import { createReadStream } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { VERSION } from '../app/version.ts'
import type { Policy, Subject } from '../assess/prioritise/policy.ts'
import { readPolicy, ruleNames } from '../assess/prioritise/policy.ts'
import { riskOf } from '../assess/prioritise/risk.ts'
import { readResults } from '../assess/results/read-results.ts'
import { type ReadResults, type ScanResult, sourceOf } from '../assess/results/result.ts'
import { readOwnPatterns } from '../assess/secrets/own-patterns.ts'
import { baselineText, readBaseline, type SecretScan, scanSecrets, secretResults } from '../assess/secrets/scan-secrets.ts'
import { KanpekiError, messageOf } from '../kernel/error.ts'
import { EXIT, guarded, readOptions, SERVER_OPTIONS } from './options.ts'
import { callApi } from './remote.ts'
import { itemsGitHub, itemsGitLab, itemsMarkdown, itemsSarif, type ReportItem, rankOf } from './scan-formats.ts'
import { serverOf } from './server-of.ts'
import { plain } from './terminal-text.ts'

const USAGE = {
  import: `Usage: kanpeki scan import [--asset NAME] [--source NAME] [--partial] [--send] [--format WHAT] [--policy FILE] [--diff FILE] FILE…

Reads what other scanners found: SARIF 2.1.0, ZAP (JSON, XML), Trivy, Grype, Snyk, npm audit (JSON), Nessus, Burp (XML), Nuclei (JSON
lines), Checkov (JSON); '-' is standard input. With --send it goes to the server, as the findings of the asset.

  --asset NAME   the asset that was scanned, where the report does not say
  --source NAME  who reports; a later report of the same replaces it (default: the tool)
  --partial      it did not look at everything: it closes nothing
`,
  secrets: `Usage: kanpeki scan secrets [--history] [--patterns FILE] [--baseline FILE] [--write-baseline FILE] [--asset NAME --send] [--format WHAT] [--policy FILE] DIR

Looks for secrets in a folder: keys, tokens, passwords in addresses, by how they are built; no network is asked. Where it is a work tree of
git, in what git tracks or does not ignore. A line with 'kanpeki:allow' is left out. No secret is ever printed whole.

  --history             also in everything that git remembers
  --patterns FILE       patterns of your own (YAML: id, title, regex, keywords, entropy, check, severity, finds, leaves), before ours
  --baseline FILE       what it names is known: not listed, and does not count
  --write-baseline FILE writes what was found as a baseline
  --asset NAME          what the server calls it, for --send
`,
} as const

const REST = `  --send         to the server of --data, or of --url with --token
  --format WHAT  table (default), json, sarif (2.1.0), github (annotations), gitlab (security report), markdown
  --json         the same as --format json
  --diff FILE    a report of before (--format json): only what is new since is listed, and counts
  --policy FILE  what breaks a build (policies/vulnerabilities.yaml has the words); without it any finding does

Exit: 0 nothing that counts, 1 something, 2 an input could not be read, 64 wrong usage.
`

const FORMATS = ['table', 'json', 'sarif', 'github', 'gitlab', 'markdown'] as const
const EXIT_INCOMPLETE = 2

/** `kanpeki scan import|secrets`. */
export function scanResultsCommand(what: 'import' | 'secrets', args: readonly string[]): Promise<number> {
  const usage = `${USAGE[what]}${REST}`
  return guarded(async () => {
    const { values, positionals } = readOptions(
      {
        args: [...args],
        allowPositionals: true,
        options: {
          ...SERVER_OPTIONS,
          asset: { type: 'string' },
          source: { type: 'string' },
          partial: { type: 'boolean', default: false },
          send: { type: 'boolean', default: false },
          history: { type: 'boolean', default: false },
          patterns: { type: 'string' },
          baseline: { type: 'string' },
          'write-baseline': { type: 'string' },
          format: { type: 'string' },
          json: { type: 'boolean', default: false },
          diff: { type: 'string' },
          policy: { type: 'string' },
          help: { type: 'boolean', short: 'h', default: false },
        },
      },
      usage,
    )
    if (values.help) {
      process.stdout.write(usage)
      return EXIT.ok
    }
    const asked = values.format ?? (values.json ? 'json' : 'table')
    const format = FORMATS.find((one) => one === asked)
    if (format === undefined)
      throw new KanpekiError('usage', `There is no format ${asked}.`, { remedy: `Choose ${FORMATS.join(', ')}.` })
    if (positionals.length === 0) throw new KanpekiError('usage', 'What shall be read?', { remedy: `\n${usage}` })
    const policy = values.policy === undefined ? undefined : readPolicy(await text(values.policy), values.policy)
    const before = values.diff === undefined ? undefined : keysIn(await text(values.diff), values.diff)
    const { reads, incomplete } = what === 'import' ? await importFiles(positionals) : await secretsIn(positionals, values)
    if (values.send)
      for (const read of reads) {
        const server = await serverOf(values, 'admin', 'scan')
        const sent = {
          ...(values.asset === undefined ? {} : { asset: values.asset }),
          source: values.source ?? sourceOf(read),
          // What could not be looked at is not gone.
          partial: values.partial || (what === 'secrets' && incomplete),
          read,
        }
        const reply = await callApi<Sent>(server, server.token, 'POST', '/api/v1/scan-results', sent)
        for (const { asset, open, found, regressed, gone } of reply.assets)
          process.stderr.write(`${plain(asset)}: ${open} open, ${found} new, ${regressed} back again, ${gone} gone\n`)
      }
    const all = reads.flatMap(({ results }) => results)
    const fresh = all.filter((one) => before?.has(keyOf(one)) !== true)
    const items = fresh.map(itemOf).sort((a, b) => rankOf(b.severity) - rankOf(a.severity))
    const notes = notesOf(reads, all.length - fresh.length)
    process.stdout.write(written(format, items, notes, reads, what))
    if (incomplete) return EXIT_INCOMPLETE
    return fresh.some((one) => policy === undefined || breaks(policy, one)) ? EXIT.failed : EXIT.ok
  }, EXIT_INCOMPLETE)
}

interface Sent {
  readonly assets: readonly { asset: string; open: number; found: number; regressed: number; gone: number }[]
}

interface Reads {
  readonly reads: readonly ReadResults[]
  readonly incomplete: boolean
}

async function importFiles(files: readonly string[]): Promise<Reads> {
  const reads: ReadResults[] = []
  let incomplete = false
  for (const file of files)
    try {
      reads.push(await readResults(file === '-' ? process.stdin : createReadStream(file), file))
    } catch (error) {
      incomplete = true
      process.stderr.write(
        `kanpeki: ${plain(error instanceof KanpekiError ? error.describe() : `${file}: ${messageOf(error)}`)}\n`,
      )
    }
  return { reads, incomplete }
}

async function secretsIn(
  folders: readonly string[],
  {
    history,
    patterns,
    baseline,
    'write-baseline': write,
  }: { history: boolean; patterns?: string; baseline?: string; 'write-baseline'?: string },
): Promise<Reads> {
  if (folders.length !== 1) throw new KanpekiError('usage', 'Name one folder.')
  const known = baseline === undefined ? () => false : readBaseline(await text(baseline), baseline)
  const own = patterns === undefined ? undefined : readOwnPatterns(await text(patterns), patterns)
  const scan: SecretScan = await scanSecrets(folders[0]!, history, own)
  for (const { file, reason } of scan.problems)
    process.stderr.write(`kanpeki: ${plain(join(folders[0]!, file))}: ${plain(reason)}\n`)
  if (write !== undefined) await writeFile(write, baselineText(scan.found))
  const fresh = scan.found.filter((one) => !known(one))
  const left = {
    ...scan.left,
    ...(scan.found.length === fresh.length ? {} : { 'known by the baseline': scan.found.length - fresh.length }),
  }
  process.stderr.write(`${scan.files} files${history ? ` and ${scan.blobs} contents of the history` : ''} were looked at\n`)
  const read: ReadResults = {
    format: 'kanpeki',
    tool: 'kanpeki',
    kinds: ['secret'],
    assets: [],
    results: secretResults(fresh),
    left,
  }
  return { reads: [read], incomplete: scan.problems.length > 0 }
}

function written(
  format: (typeof FORMATS)[number],
  items: readonly ReportItem[],
  notes: readonly string[],
  reads: readonly ReadResults[],
  what: 'import' | 'secrets',
): string {
  switch (format) {
    case 'table':
      return tableOf(items, notes)
    case 'json':
      return `${JSON.stringify({ kanpeki: 'results', items, left: reads.map(({ tool, left }) => ({ tool, left })) })}\n`
    case 'sarif':
      return itemsSarif(items)
    case 'github':
      return itemsGitHub(items)
    case 'gitlab':
      return itemsGitLab(items, VERSION, Date.now(), what === 'secrets' ? 'secret' : 'package')
    case 'markdown':
      return itemsMarkdown(items, what === 'secrets' ? 'Secrets' : 'Findings', notes)
  }
}

function tableOf(items: readonly ReportItem[], notes: readonly string[]): string {
  const rows = items.map((item) => [
    item.severity ?? 'unrated',
    plain(item.id),
    plain(item.file === '' ? item.what : `${item.file}:${item.line}`),
    plain(item.title),
  ])
  const widths = [0, 1, 2].map((column) => Math.max(0, ...rows.map((row) => row[column]!.length)))
  const lines = rows.map((row) =>
    row
      .map((value, at) => (at < 3 ? value.padEnd(widths[at]!) : value))
      .join('  ')
      .trimEnd(),
  )
  return `${[...lines, ...notes.map(plain)].join('\n')}\n`
}

function notesOf(reads: readonly ReadResults[], known: number): readonly string[] {
  return [
    ...reads.map(({ tool, results, left }) => {
      const rest = Object.entries(left).map(([why, count]) => `${count} ${why}`)
      return `${tool}: ${results.length} found${rest.length === 0 ? '' : `; left out: ${rest.join(', ')}`}`
    }),
    ...(known === 0 ? [] : [`${known} not listed: in the report of before`]),
  ]
}

function keyOf({ kind, id, cause }: ScanResult): string {
  return `${kind} ${id} ${kind === 'package' ? cause : cause.replace(/:\d+$/, '')}`
}

function itemOf(one: ScanResult): ReportItem {
  const place = /^(.*):(\d+)$/.exec(one.place)
  return {
    kind: one.kind,
    id: one.id,
    title: one.summary,
    severity: one.severity,
    score: one.score,
    file: place?.[1] ?? one.place,
    line: Number(place?.[2] ?? 1),
    what: one.name,
    version: one.version,
    fix: one.fixed,
    exploited: false,
    url: /^(CVE|GHSA)-/.test(one.id) ? `https://osv.dev/vulnerability/${encodeURIComponent(one.id)}` : null,
    key: keyOf(one),
  }
}

function breaks(policy: Policy, one: ScanResult): boolean {
  const weakness = { severity: one.severity, score: one.score, vector: one.vector, exploited: null, epss: null }
  const around = { exposure: null, criticality: null, inUse: null }
  const subject: Subject = {
    kind: one.kind,
    names: [one.id, ...one.aliases],
    package: one.cause,
    weakness,
    fixable: one.fixed.length > 0,
    around,
    risk: riskOf(weakness, around),
  }
  return ruleNames(policy.break, subject).length > 0
}

async function text(file: string): Promise<string> {
  return await readFile(file, 'utf8').catch((error: unknown) => {
    throw new KanpekiError('usage', `${file} cannot be read: ${messageOf(error)}.`)
  })
}

/** @throws KanpekiError `usage` for what is no report of ours. */
function keysIn(report: string, file: string): ReadonlySet<string> {
  const parsed = ((): { items?: readonly { key?: unknown }[] } | undefined => {
    try {
      return JSON.parse(report) as { items?: readonly { key?: unknown }[] }
    } catch {
      return undefined
    }
  })()
  if (!Array.isArray(parsed?.items)) throw new KanpekiError('usage', `${file} is no report of --format json.`)
  return new Set(parsed.items.map(({ key }) => String(key)))
}
