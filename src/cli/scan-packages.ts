import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { VERSION } from '../app/version.ts'
import type { Severity } from '../assess/cvss/score.ts'
import { type Feeds, loadFeeds } from '../assess/feeds/load.ts'
import { readRoot } from '../assess/host/read-root.ts'
import { readImage } from '../assess/image/read-image.ts'
import { packageOf } from '../assess/inventory/judge.ts'
import { readLockFiles } from '../assess/lockfiles/scan-folder.ts'
import { readPolicy, ruleNames } from '../assess/prioritise/policy.ts'
import { riskOf } from '../assess/prioritise/risk.ts'
import { installedOf } from '../assess/sbom/installed.ts'
import { readSbom } from '../assess/sbom/read.ts'
import { BILL_FORMATS, writeBill } from '../assess/sbom/write.ts'
import { assess, type Finding, type Installed } from '../assess/scan/findings.ts'
import { funnelOf, type InUse, isInUse } from '../assess/scan/funnel.ts'
import { unsupported } from '../assess/scan/support.ts'
import { openVex, statementOn, undecided } from '../assess/vex/openvex.ts'
import { readVex } from '../assess/vex/read-vex.ts'
import { silences } from '../assess/vex/statement.ts'
import { KanpekiError, messageOf } from '../kernel/error.ts'
import { EXIT, guarded, readOptions, SERVER_OPTIONS } from './options.ts'
import { callApi } from './remote.ts'
import { itemsGitHub, itemsGitLab, itemsMarkdown } from './scan-formats.ts'
import { hostPrograms } from './scan-host-programs.ts'
import { jsonReport, reportItems, type ScanReport, sarifReport, summary, tableReport } from './scan-report.ts'
import { type ServerOptions, serverOf } from './server-of.ts'
import { plain } from './terminal-text.ts'

const USAGE = {
  sbom: `Usage: kanpeki scan sbom [--feeds PATH]… [--format WHAT] [--in-use FILE] [--vex FILE]… [--baseline FILE] [--fail-on WHAT] FILE…

Judges what bills of materials list (CycloneDX 1.0–1.7, SPDX 2.2–3.0; also gzipped; '-' is standard input).
`,
  dir: `Usage: kanpeki scan dir [--feeds PATH]… [--format WHAT] [--in-use FILE] [--vex FILE]… [--baseline FILE] [--fail-on WHAT] DIR…

Judges what lock files name, in folders and below them (npm, pnpm, Yarn, Bun, pip, Pipenv, Poetry, uv, PDM, Go, Cargo, Maven, Gradle,
Composer, Bundler, NuGet, pub, Mix, Swift, Conan), Java archives, and what Go programs were built of.
`,
  host: `Usage: kanpeki scan host [--feeds PATH]… [--format WHAT] [--in-use FILE] [--vex FILE]… [--baseline FILE] [--fail-on WHAT] DIR…

Judges what the package manager of a root folder says is installed (dpkg, apk, rpm), and what Go programs beside its packages were
built of: '/' for this host, or where an image was unpacked.
`,
  image: `Usage: kanpeki scan image [--feeds PATH]… [--format WHAT] [--in-use FILE] [--vex FILE]… [--baseline FILE] [--fail-on WHAT] TAR|DIR…

Judges what an image holds, as docker save or podman save write it, or an OCI layout in a tar or a folder (also gzip, zstd): dpkg, apk, rpm,
installed packages of npm, Python, Ruby, Composer and .NET, Go programs, Java archives, and lock files.
`,
} as const

const REST = `
  --feeds PATH    folder or file of advisories (OSV), KEV or EPSS, repeatable (default: the folder feeds of the data folder, --data)
  --format WHAT   table (default), json, sarif (2.1.0), github (annotations), gitlab (security report), markdown (a summary),
                  openvex (0.2: what was found); what is installed, without advisories too: cyclonedx (1.6), cyclonedx-xml, spdx (2.3),
                  spdx3 (3.0, JSON-LD)
  --json          the same as --format json
  --in-use FILE   what runs, a package URL or a name a line: counted as a step of its own
  --vex FILE      OpenVEX, CSAF or CycloneDX, repeatable: what it says is not affected or fixed is counted, not listed
  --baseline FILE a report of before (--format json): only what is new since is listed, and counts for --fail-on; also --diff
  --fail-on WHAT  exit 1 when there is one of: any, low, medium, high, critical, or exploited (in KEV); 'fixable,' before it asks for a fix, too
  --policy FILE   exit 1 when a rule of its 'break' holds (policies/vulnerabilities.yaml has the words)
  --exposure WORD, --criticality WORD  of the asset, for the policy: internet; low, medium, high, critical
  --send          what is installed to the server of --data, or of --url with --token, unless some of it could not be read; --asset NAME
                  what it calls it

Exit: 0 judged, 1 --fail-on or --policy found something, 2 an input could not be read or there is no advisory to judge by, 64 wrong usage.
`

const EXIT_INCOMPLETE = 2
const FORMATS = ['table', 'json', 'sarif', 'openvex', 'github', 'gitlab', 'markdown', ...BILL_FORMATS] as const
const LEVELS = ['any', 'low', 'medium', 'high', 'critical', 'exploited'] as const

/** `kanpeki scan sbom|dir|host|image`. */
export function scanPackagesCommand(what: 'sbom' | 'dir' | 'host' | 'image', args: readonly string[]): Promise<number> {
  const usage = `${USAGE[what]}${REST}`
  return guarded(async () => {
    const { values, positionals } = readOptions(
      {
        args: [...args],
        allowPositionals: true,
        options: {
          feeds: { type: 'string', multiple: true },
          ...SERVER_OPTIONS,
          asset: { type: 'string' },
          send: { type: 'boolean', default: false },
          diff: { type: 'string' },
          policy: { type: 'string' },
          exposure: { type: 'string' },
          criticality: { type: 'string' },
          format: { type: 'string' },
          json: { type: 'boolean', default: false },
          'in-use': { type: 'string' },
          vex: { type: 'string', multiple: true },
          baseline: { type: 'string' },
          'fail-on': { type: 'string' },
          help: { type: 'boolean', short: 'h', default: false },
        },
      },
      usage,
    )
    if (values.help) {
      process.stdout.write(usage)
      return EXIT.ok
    }
    const inputs = positionals.length === 0 && what === 'host' ? ['/'] : positionals
    if (inputs.length === 0) throw new KanpekiError('usage', 'What shall be scanned?', { remedy: `\n${usage}` })
    const asked = values.format ?? (values.json ? 'json' : 'table')
    const format = FORMATS.find((one) => one === asked)
    if (format === undefined)
      throw new KanpekiError('usage', `There is no format ${asked}.`, { remedy: `Choose ${FORMATS.join(', ')}.` })
    const fails = values['fail-on'] === undefined ? () => false : failing(values['fail-on'])
    const feeds = await feedsFrom(values.feeds, values.data)
    for (const { file, reason } of feeds.problems) process.stderr.write(`kanpeki: ${plain(file)}: ${plain(reason)}\n`)
    const inUse = values['in-use'] === undefined ? undefined : await readInUse(values['in-use'])
    const { installed, left, incomplete } = await INVENTORIES[what](inputs)
    const statements = (
      await Promise.all((values.vex ?? []).map(async (file) => readVex(await readJsonFile(file), file).statements))
    ).flat()
    const old = values.diff ?? values.baseline
    const before = old === undefined ? undefined : knownIn(await readJsonFile(old), old)
    const breaking = values.policy === undefined ? () => [] : await breakingBy(values.policy, values, inUse)
    const all = assess(installed, feeds)
    const stated = all.findings.filter((finding) => {
      const word = statementOn(finding, statements)
      return word !== undefined && silences(word)
    })
    const open = all.findings.filter((finding) => !stated.includes(finding))
    const fresh = before === undefined ? open : open.filter((finding) => !before.has(nameOf(finding)))
    const assessment = { ...all, findings: fresh }
    const report: ScanReport = {
      ...assessment,
      installed: installed.length,
      left,
      unsupported: unsupported(installed, Date.now()),
      stated: stated.length,
      known: open.length - fresh.length,
      funnel: funnelOf(assessment.findings, inUse, feeds.kev !== null),
      feeds: {
        advisories: feeds.advisories.size,
        newest: feeds.advisories.newest,
        kev: feeds.kev?.released ?? null,
        epss: feeds.epss?.date ?? null,
      },
      now: Date.now(),
    }
    process.stdout.write(written(format, report, installed, assetOf(values.asset, what, inputs)))
    if (values.send && !incomplete) await sendInventory(values, what, inputs, installed, inUse)
    else if (values.send)
      process.stderr.write('kanpeki: nothing was sent: what could not be read would count as gone from the asset.\n')
    if (isBill(format)) return incomplete ? EXIT_INCOMPLETE : EXIT.ok
    if (feeds.advisories.size === 0) {
      process.stderr.write(
        'kanpeki: there is no advisory to judge by: nothing found says nothing. Remedy: kanpeki feeds update --from DIR.\n',
      )
      return EXIT_INCOMPLETE
    }
    if (incomplete) return EXIT_INCOMPLETE
    const broken = assessment.findings.flatMap((finding) => breaking(finding).map((rule) => ({ rule, finding })))
    for (const [rule, group] of Map.groupBy(broken, (one) => one.rule))
      process.stderr.write(
        `kanpeki: the policy's rule ${plain(rule)} breaks the build: ${plain(
          group
            .slice(0, 3)
            .map(({ finding }) => `${finding.id} of ${finding.installed.name}`)
            .join(', '),
        )}${group.length > 3 ? `, and ${group.length - 3} more` : ''}\n`,
      )
    return broken.length > 0 || assessment.findings.some(fails) ? EXIT.failed : EXIT.ok
  }, EXIT_INCOMPLETE)
}

function written(format: (typeof FORMATS)[number], report: ScanReport, installed: readonly Installed[], subject: string): string {
  switch (format) {
    case 'table':
      return tableReport(report)
    case 'json':
      return jsonReport(report)
    case 'sarif':
      return sarifReport(report)
    case 'cyclonedx':
    case 'cyclonedx-xml':
    case 'spdx':
    case 'spdx3':
      return writeBill(format, installed, subject, VERSION, report.now)
    case 'github':
      return itemsGitHub(reportItems(report))
    case 'gitlab':
      return itemsGitLab(reportItems(report), VERSION, report.now, 'package')
    case 'markdown':
      return itemsMarkdown(reportItems(report), 'Vulnerabilities', summary(report))
    case 'openvex':
      return `${JSON.stringify(openVex(undecided(report.findings), 'Kanpeki', report.now))}\n`
  }
}

/** Which rules of a policy a finding breaks. @throws KanpekiError `policy_invalid`, `usage`. */
async function breakingBy(
  file: string,
  { exposure, criticality }: { readonly exposure?: string | undefined; readonly criticality?: string | undefined },
  inUse: InUse | undefined,
): Promise<(finding: Finding) => readonly string[]> {
  const policy = readPolicy(await readText(file), file)
  const weight = (['low', 'medium', 'high', 'critical'] as const).find((one) => one === criticality)
  if (criticality !== undefined && weight === undefined)
    throw new KanpekiError('usage', `--criticality knows no ${criticality}.`, { remedy: 'Choose low, medium, high or critical.' })
  return (finding) => {
    const { id, ids, aliases, rated, kev, epss, exploit, fixed, installed } = finding
    const weakness = {
      severity: rated?.severity ?? null,
      score: rated?.score ?? null,
      vector: rated?.vector ?? null,
      exploited: kev?.added ?? null,
      epss: epss?.score ?? null,
      exploit,
    }
    const around = {
      exposure: exposure ?? null,
      criticality: weight ?? null,
      inUse: inUse === undefined ? null : isInUse(finding, inUse),
    }
    return ruleNames(policy.break, {
      kind: 'package',
      names: [id, ...ids, ...aliases],
      package: packageOf(installed),
      weakness,
      fixable: fixed.length > 0,
      around,
      risk: riskOf(weakness, around),
    })
  }
}

/** What was scanned, as the server and a bill of materials call it. */
function assetOf(named: string | undefined, what: string, inputs: readonly string[]): string {
  return named ?? (what === 'host' ? hostname() : basename(resolve(inputs[0] ?? what)))
}

/** Whether it lists what is installed, which needs no advisory and breaks no build. */
const isBill = (format: string): boolean => (BILL_FORMATS as readonly string[]).includes(format)

/** What is installed becomes the asset's list of this source: the server judges it by its own feeds. */
async function sendInventory(
  values: ServerOptions & { readonly asset?: string | undefined },
  what: string,
  inputs: readonly string[],
  installed: readonly Installed[],
  inUse: InUse | undefined,
): Promise<void> {
  const server = await serverOf(values, 'admin', 'scan')
  const asset = assetOf(values.asset, what, inputs)
  const components = installed.map(({ name, version, purl, place }) => ({ name, version, purl, place: place.slice(-500) }))
  const reply = await callApi<{ open: number; found: number; regressed: number; gone: number }>(
    server,
    server.token,
    'POST',
    '/api/v1/inventories',
    { asset, source: what, components, ...(inUse === undefined ? {} : { inUse: [...inUse] }) },
  )
  const { open, found, regressed, gone } = reply
  process.stderr.write(`${plain(asset)}: ${open} open, ${found} new, ${regressed} back again, ${gone} gone\n`)
}

async function readText(file: string): Promise<string> {
  return await readFile(file, 'utf8').catch((error: unknown) => {
    throw new KanpekiError('usage', `${file} cannot be read: ${messageOf(error)}.`)
  })
}

async function readJsonFile(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'))
  } catch (error) {
    throw new KanpekiError('usage', `${file} cannot be read: ${messageOf(error)}.`)
  }
}

/** One vulnerability of one package, whatever its version. */
function nameOf({ id, installed: { purl, name } }: Pick<Finding, 'id' | 'installed'>): string {
  return `${id} ${(purl ?? name).replace(/[?#].*$/, '').replace(/@[^@/]*$/, '')}`
}

/** @throws KanpekiError `usage` for what is no report of ours. */
function knownIn(report: unknown, file: string): ReadonlySet<string> {
  const { findings } = (report ?? {}) as { findings?: readonly Pick<Finding, 'id' | 'installed'>[] }
  if (!Array.isArray(findings)) throw new KanpekiError('usage', `${file} is no report of kanpeki scan --format json.`)
  return new Set(findings.map(nameOf))
}

async function feedsFrom(given: readonly string[] | undefined, data: string): Promise<Feeds> {
  if (given !== undefined) return await loadFeeds(given)
  const own = join(data, 'feeds')
  return await loadFeeds(existsSync(own) ? [own] : [])
}

const RANK: readonly Severity[] = ['none', 'low', 'medium', 'high', 'critical']

/** @throws KanpekiError `usage` for a word that is none of LEVELS. */
function failing(text: string): (finding: Finding) => boolean {
  const fixable = text.startsWith('fixable,')
  const level = LEVELS.find((one) => one === text.replace(/^fixable,/, ''))
  if (level === undefined)
    throw new KanpekiError('usage', `--fail-on knows no ${text}.`, { remedy: `Choose ${LEVELS.join(', ')}.` })
  return ({ kev, rated, fixed }) => {
    if (fixable && fixed.length === 0) return false
    if (level === 'exploited') return kev !== null
    // What nobody rated may be anything.
    return level === 'any' || rated === null || RANK.indexOf(rated.severity) >= RANK.indexOf(level)
  }
}

interface Inventory {
  readonly installed: readonly Installed[]
  /** Entries that name no version to look up. */
  readonly left: number
  /** Something could not be read; it was named. */
  readonly incomplete: boolean
}

async function fromBoms(files: readonly string[]): Promise<Inventory> {
  const installed: Installed[] = []
  let incomplete = false
  for (const file of files) {
    try {
      const bom = await readSbom(file === '-' ? await buffer(process.stdin) : await readFile(file), file)
      // A list may be longer than a call takes arguments.
      for (const one of bom.components) installed.push({ ...installedOf(one), place: file })
    } catch (error) {
      incomplete = true
      process.stderr.write(
        `kanpeki: ${plain(error instanceof KanpekiError ? error.describe() : `${file}: ${messageOf(error)}`)}\n`,
      )
    }
  }
  return { installed, left: 0, incomplete }
}

async function fromFolders(folders: readonly string[]): Promise<Inventory> {
  const readings = await Promise.all(folders.map(readLockFiles))
  const files = readings.flatMap((reading) => reading.files)
  const problems = readings.flatMap((reading) => reading.problems)
  for (const { file, reason } of problems) process.stderr.write(`kanpeki: ${plain(file)}: ${plain(reason)}\n`)
  if (files.length === 0) process.stderr.write('kanpeki: no lock file, Java archive or Go program was found.\n')
  return {
    installed: files.flatMap(({ file, packages }) => packages.map((one) => ({ ...one, place: file }))),
    left: files.reduce((sum, { left }) => sum + left.length, 0),
    incomplete: problems.length > 0 || files.length === 0,
  }
}

async function fromRoots(roots: readonly string[]): Promise<Inventory> {
  const readings = await Promise.all(roots.map(readRoot))
  const problems = readings.flatMap((reading) => reading.problems)
  for (const { file, reason } of problems) process.stderr.write(`kanpeki: ${plain(file)}: ${plain(reason)}\n`)
  const installed = readings.flatMap((reading) => reading.installed)
  let incomplete = problems.length > 0
  let left = 0
  for (const root of roots) {
    const found = await hostPrograms(root)
    for (const one of found.installed) installed.push(one)
    for (const note of found.notes) process.stderr.write(`kanpeki: ${plain(note)}\n`)
    incomplete ||= found.cut
    left += found.left
  }
  return { installed, left, incomplete }
}

async function fromImages(files: readonly string[]): Promise<Inventory> {
  const installed: Installed[] = []
  let left = 0
  let incomplete = false
  for (const file of files) {
    try {
      const image = await readImage(file)
      for (const one of image.installed) installed.push(one)
      left += image.left.length
      for (const { file: path, reason } of image.problems)
        process.stderr.write(`kanpeki: ${plain(`${file}:${path}`)}: ${plain(reason)}\n`)
      incomplete ||= image.problems.length > 0
    } catch (error) {
      incomplete = true
      process.stderr.write(
        `kanpeki: ${plain(error instanceof KanpekiError ? error.describe() : `${file}: ${messageOf(error)}`)}\n`,
      )
    }
  }
  return { installed, left, incomplete }
}

const INVENTORIES = { sbom: fromBoms, dir: fromFolders, host: fromRoots, image: fromImages } as const

async function readInUse(file: string): Promise<InUse> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new KanpekiError('usage', `--in-use ${file} cannot be read: ${messageOf(error)}.`)
  })
  return new Set(
    text
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '' && !line.startsWith('#')),
  )
}
