import { z } from 'zod'
import { type OsvEvent, type OsvRecord, osvRecord } from '../osv/record.ts'

/** An advisory as GitHub's REST API gives it (`GET /advisories`, `gh api`): what OSV needs of it. */
const advisory = z.object({
  ghsa_id: z.string().regex(/^GHSA(-[0-9a-z]{4}){3}$/),
  cve_id: z.string().nullish(),
  summary: z.string().nullish(),
  severity: z.string().nullish(),
  updated_at: z.string(),
  published_at: z.string().nullish(),
  withdrawn_at: z.string().nullish(),
  cvss_severities: z
    .record(z.string(), z.object({ vector_string: z.string().nullish() }).nullish())
    .nullish()
    .catch(undefined),
  cvss: z.object({ vector_string: z.string().nullish() }).nullish().catch(undefined),
  cwes: z
    .array(z.object({ cwe_id: z.string() }))
    .nullish()
    .catch(undefined),
  vulnerabilities: z
    .array(
      z.object({
        package: z.object({ ecosystem: z.string(), name: z.string().nullish() }).nullish(),
        vulnerable_version_range: z.string().nullish(),
        first_patched_version: z
          .union([z.string(), z.object({ identifier: z.string() }).transform(({ identifier }) => identifier)])
          .nullish(),
      }),
    )
    .default([]),
})

/** GitHub's words for what OSV calls otherwise. */
const ECOSYSTEMS: Readonly<Record<string, string>> = {
  actions: 'GitHub Actions',
  composer: 'Packagist',
  erlang: 'Hex',
  go: 'Go',
  maven: 'Maven',
  npm: 'npm',
  nuget: 'NuGet',
  pip: 'PyPI',
  pub: 'Pub',
  rubygems: 'RubyGems',
  rust: 'crates.io',
  swift: 'SwiftURL',
}

/** Whether a document is of GitHub's own form; its repository of advisories is in OSV's. */
export function isGithubAdvisories(value: unknown): boolean {
  const [first] = Array.isArray(value) ? value : [value]
  return typeof first === 'object' && first !== null && 'ghsa_id' in first && 'vulnerabilities' in first
}

/**
 * Reads advisories as GitHub's REST API gives them, as OSV. What stands in a range that cannot be read is told, and nothing of that
 * package is judged by it.
 */
export function readGithubAdvisories(
  value: unknown,
  file: string,
): { readonly records: readonly OsvRecord[]; readonly problems: readonly { readonly file: string; readonly reason: string }[] } {
  const records: OsvRecord[] = []
  const problems: { file: string; reason: string }[] = []
  for (const [at, item] of (Array.isArray(value) ? value : [value]).entries()) {
    const parsed = advisory.safeParse(item)
    if (!parsed.success) {
      const [issue] = parsed.error.issues
      problems.push({ file: `${file}:[${at}]`, reason: `${issue?.path.join('.')}: ${issue?.message}` })
      continue
    }
    records.push(recordOf(parsed.data, (reason) => problems.push({ file: `${file}:${parsed.data.ghsa_id}`, reason })))
  }
  return { records, problems }
}

function recordOf(one: z.infer<typeof advisory>, tell: (reason: string) => void): OsvRecord {
  const vectors = [...Object.values(one.cvss_severities ?? {}), one.cvss].flatMap((rated) => rated?.vector_string ?? [])
  return osvRecord.parse({
    id: one.ghsa_id,
    modified: one.updated_at,
    ...(one.published_at == null ? {} : { published: one.published_at }),
    ...(one.withdrawn_at == null ? {} : { withdrawn: one.withdrawn_at }),
    aliases: one.cve_id == null ? [] : [one.cve_id],
    summary: one.summary ?? '',
    severity: [...new Set(vectors)].map((score) => ({ type: 'CVSS', score })),
    database_specific: {
      ...(one.severity == null ? {} : { severity: one.severity }),
      cwe_ids: (one.cwes ?? []).map(({ cwe_id: id }) => id),
    },
    affected: one.vulnerabilities.flatMap(({ package: named, vulnerable_version_range: range, first_patched_version: fixed }) => {
      const ecosystem = ECOSYSTEMS[named?.ecosystem.toLowerCase() ?? '']
      if (named?.name == null || ecosystem === undefined) {
        tell(`there is no ecosystem ${named?.ecosystem ?? ''}`)
        return []
      }
      const read = rangeOf(range ?? '', fixed ?? undefined)
      if (read === undefined) {
        tell(`${named.name}: the range ${JSON.stringify(range)} cannot be read`)
        return []
      }
      return [{ package: { ecosystem, name: named.name }, ...read }]
    }),
  })
}

/** `>= 1, < 2`, `<= 2`, `= 1.2` or `> 1` (taken to begin with 1: OSV knows no other beginning). */
function rangeOf(text: string, fixed: string | undefined) {
  let introduced = '0'
  let end: OsvEvent | undefined
  for (const part of text.split(',').map((one) => one.trim())) {
    const [, sign, version] = /^(<=|>=|<|>|=)\s*([^\s<>=]+)$/.exec(part) ?? []
    if (sign === undefined || version === undefined) return undefined
    if (sign === '=') return { versions: [version] }
    if (sign === '>=' || sign === '>') introduced = version
    else end = sign === '<' ? { fixed: version } : { last_affected: version }
  }
  // Up to and with a version, and the first that helps is known: that one ends the range.
  if (end?.last_affected !== undefined && fixed !== undefined) end = { fixed }
  return { ranges: [{ type: 'ECOSYSTEM' as const, events: [{ introduced }, ...(end === undefined ? [] : [end])] }] }
}
