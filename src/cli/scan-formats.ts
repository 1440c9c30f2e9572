import { createHash } from 'node:crypto'
import { pathToFileURL } from 'node:url'
import type { Severity } from '../assess/cvss/score.ts'

/** One line of a report, whatever was looked for. */
export interface ReportItem {
  readonly kind: 'package' | 'code' | 'secret' | 'config' | 'web' | 'host'
  readonly id: string
  readonly title: string
  readonly severity: Severity | null
  readonly score: number | null
  /** Below the project where it is a file; empty where nobody says. */
  readonly file: string
  readonly line: number
  /** What has it: a package and its version, a file. */
  readonly what: string
  readonly version: string | null
  readonly fix: readonly string[]
  readonly exploited: boolean
  readonly url: string | null
  /** The same for the same weakness in the same place, run after run. */
  readonly key: string
}

export const CI_FORMATS = ['sarif', 'github', 'gitlab', 'markdown'] as const
export type CiFormat = (typeof CI_FORMATS)[number]

const RANK: readonly Severity[] = ['none', 'low', 'medium', 'high', 'critical']

export function rankOf(severity: Severity | null): number {
  // What nobody rated is shown, and not as harmless.
  return severity === null ? 2 : RANK.indexOf(severity)
}

const SARIF_LEVEL = ['none', 'note', 'warning', 'error', 'error'] as const

/** Uploaded by `github/codeql-action/upload-sarif`, and read by editors. SARIF 2.1.0 (OASIS). */
export function itemsSarif(items: readonly ReportItem[]): string {
  const rules = [...new Map(items.map((item) => [item.id, item])).values()]
  const indexes = new Map(rules.map(({ id }, at) => [id, at]))
  const run = {
    tool: {
      driver: {
        name: 'Kanpeki',
        informationUri: 'https://github.com/kanpeki/kanpeki',
        rules: rules.map(({ id, title, severity, score, kind, url }) => ({
          id,
          shortDescription: { text: title === '' ? id : title },
          ...(url === null ? {} : { helpUri: url }),
          defaultConfiguration: { level: SARIF_LEVEL[rankOf(severity)] },
          properties: { tags: ['security', kind], ...(score === null ? {} : { 'security-severity': score.toFixed(1) }) },
        })),
      },
    },
    columnKind: 'utf16CodeUnits',
    results: items.map((item) => ({
      ruleId: item.id,
      ruleIndex: indexes.get(item.id)!,
      level: SARIF_LEVEL[rankOf(item.severity)],
      message: { text: sentenceOf(item) },
      locations: [
        {
          physicalLocation: {
            artifactLocation: {
              uri: item.file.startsWith('/')
                ? pathToFileURL(item.file).href
                : encodeURI(item.file === '' ? 'unknown' : item.file),
            },
            region: { startLine: item.line },
          },
        },
      ],
      partialFingerprints: { 'kanpeki/v1': item.key },
    })),
  }
  return `${JSON.stringify({ $schema: 'https://json.schemastore.org/sarif-2.1.0.json', version: '2.1.0', runs: [run] })}\n`
}

/** GitHub shows this many annotations a step; the rest is told by one line. */
const MOST_ANNOTATIONS = 10
const COMMAND = ['notice', 'notice', 'warning', 'error', 'error'] as const

/** Workflow commands: annotations at the lines of a pull request. What is in a file must not become a command of its own. */
export function itemsGitHub(items: readonly ReportItem[]): string {
  const shown = items.slice(0, MOST_ANNOTATIONS).map((item) => {
    const place = item.file === '' ? '' : `file=${property(item.file)},line=${item.line},`
    return `::${COMMAND[rankOf(item.severity)]} ${place}title=${property(item.id)}::${data(sentenceOf(item))}`
  })
  const rest = items.length - shown.length
  const more = rest > 0 ? [`::warning title=Kanpeki::${rest} more, see the summary`] : []
  return [...shown, ...more].map((line) => `${line}\n`).join('')
}

function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}

const GITLAB_TYPE = {
  package: 'dependency_scanning',
  code: 'sast',
  config: 'sast',
  secret: 'secret_detection',
  web: 'dast',
  host: 'dast',
} as const
const GITLAB_SEVERITY = ['Info', 'Low', 'Medium', 'High', 'Critical'] as const

/** GitLab's security report (schema 15) of the kind that most of the items are of: `artifacts: reports:` takes one kind a file. */
export function itemsGitLab(items: readonly ReportItem[], version: string, now: number, fallback: ReportItem['kind']): string {
  const type = GITLAB_TYPE[items[0]?.kind ?? fallback]
  const time = new Date(now).toISOString().slice(0, 19)
  const tool = { id: 'kanpeki', name: 'Kanpeki', version, vendor: { name: 'Kanpeki' } }
  return `${JSON.stringify({
    version: '15.1.4',
    scan: { analyzer: tool, scanner: tool, type, start_time: time, end_time: time, status: 'success' },
    vulnerabilities: items
      .filter(({ kind }) => GITLAB_TYPE[kind] === type)
      .map((item) => ({
        id: uuidOf(item.key),
        name: item.title === '' ? item.id : item.title,
        description: sentenceOf(item),
        severity: item.severity === null ? 'Unknown' : GITLAB_SEVERITY[rankOf(item.severity)],
        ...(item.fix.length === 0 ? {} : { solution: `Update to ${item.fix.join(' or ')}.` }),
        location: locationOf(item, type),
        identifiers: [
          {
            type: item.id.startsWith('CVE-') ? 'cve' : item.id.startsWith('GHSA-') ? 'ghsa' : 'kanpeki',
            name: item.id,
            value: item.id,
            ...(item.url === null ? {} : { url: item.url }),
          },
        ],
      })),
    ...(type === 'dependency_scanning' ? { dependency_files: [] } : {}),
  })}\n`
}

function locationOf({ file, line, what, version }: ReportItem, type: string): object {
  if (type === 'dependency_scanning') return { file, dependency: { package: { name: what }, version: version ?? '' } }
  if (type === 'secret_detection') return { file, start_line: line, commit: { sha: '0000000000000000000000000000000000000000' } }
  return { file, start_line: line }
}

function uuidOf(key: string): string {
  const hex = createHash('sha256').update(key).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

const MOST_ROWS = 200

/** For `$GITHUB_STEP_SUMMARY`, or a note on a merge request. */
export function itemsMarkdown(items: readonly ReportItem[], heading: string, notes: readonly string[]): string {
  const rows = items
    .slice(0, MOST_ROWS)
    .map(
      (item) =>
        `| ${item.exploited ? '**exploited** ' : ''}${item.severity ?? 'unrated'}${item.score === null ? '' : ` ${item.score.toFixed(1)}`} | ${cell(item.id)} | ${cell(`${item.what} ${item.version ?? ''}`.trim())} | ${cell(item.file === '' ? '' : `${item.file}:${item.line}`)} | ${cell(item.fix.join(', '))} |`,
    )
  const table =
    rows.length === 0
      ? ['Nothing was found.']
      : ['| Severity | Id | What | Where | Fix |', '| --- | --- | --- | --- | --- |', ...rows]
  const more = items.length > MOST_ROWS ? ['', `${items.length - MOST_ROWS} more are not shown.`] : []
  return `${[`### ${heading}`, '', ...table, ...more, '', ...notes.map((note) => `- ${cell(note.trim())}`)].join('\n')}\n`
}

/** Text of others in a cell: neither a column nor a link nor a tag. */
function cell(text: string): string {
  return text
    .replaceAll(/[\r\n]+/g, ' ')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll(/[\\`*_{}[\]()#|!@]/g, (sign) => `\\${sign}`)
}

function sentenceOf({ id, title, what, version, fix, exploited, kind }: ReportItem): string {
  const text =
    kind === 'package'
      ? `${what} ${version ?? ''} has ${id}${title === '' ? '' : ` (${title})`}.`
      : `${title === '' ? id : title}.`
  const help = fix.length > 0 ? ` Fixed in ${fix.join(', ')}.` : kind === 'package' ? ' No fix is known.' : ''
  return `${text.replace(/\.\.$/, '.')}${help}${exploited ? ' It is known to be exploited.' : ''}`
}
