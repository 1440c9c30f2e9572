import { z } from 'zod'
import { KanpekiError } from '../../../kernel/error.ts'
import { scoreCvss } from '../../cvss/score.ts'
import { isBundleName } from '../../osv/bundle-names.ts'
import { bare, Collected, cut, projectPath, type ReadResults, refuseResults, severityWord } from '../result.ts'

/** Scanners of packages: each names a vulnerability of a package, as we do. */

interface Scored {
  readonly score: number | null
  readonly vector: string | null
}

/** The newest vector that can be read, reckoned here. */
function scored(vectors: readonly (string | null | undefined)[]): Scored {
  const read = vectors.flatMap((vector) => {
    if (vector == null || vector === '') return []
    try {
      const { overall, version } = scoreCvss(vector)
      return [{ score: overall, vector, version: Number(version) }]
    } catch (error) {
      if (error instanceof KanpekiError) return []
      throw error
    }
  })
  const [best] = read.toSorted((a, b) => b.version - a.version || b.score - a.score)
  return best === undefined ? { score: null, vector: null } : { score: best.score, vector: best.vector }
}

const list = <T extends z.ZodType>(item: T) => z.array(item).nullish()

const trivy = z.object({
  SchemaVersion: z.number(),
  ArtifactName: z.string().default(''),
  Results: list(
    z.object({
      Target: z.string(),
      Class: z.string().default(''),
      Type: z.string().default(''),
      Vulnerabilities: list(
        z.object({
          VulnerabilityID: z.string(),
          VendorIDs: list(z.string()),
          PkgName: z.string(),
          PkgPath: z.string().optional(),
          PkgIdentifier: z.object({ PURL: z.string().optional() }).optional(),
          InstalledVersion: z.string().default(''),
          FixedVersion: z.string().default(''),
          Severity: z.string().default('UNKNOWN'),
          Title: z.string().default(''),
          CVSS: z
            .record(
              z.string(),
              z.object({ V2Vector: z.string().optional(), V3Vector: z.string().optional(), V40Vector: z.string().optional() }),
            )
            .nullish(),
        }),
      ),
      Misconfigurations: list(
        z.object({
          ID: z.string(),
          AVDID: z.string().optional(),
          Title: z.string().default(''),
          Severity: z.string().default('UNKNOWN'),
          Status: z.string().default('FAIL'),
          CauseMetadata: z.object({ StartLine: z.int().optional() }).optional(),
        }),
      ),
      Secrets: list(
        z.object({
          RuleID: z.string(),
          Title: z.string().default(''),
          Severity: z.string().default('HIGH'),
          StartLine: z.int().default(1),
        }),
      ),
    }),
  ),
})

const CLASS_KINDS = { 'os-pkgs': 'package', 'lang-pkgs': 'package', config: 'config', secret: 'secret' } as const

/** `trivy … --format json`. */
export function readTrivy(value: unknown, file: string): ReadResults {
  const parsed = trivy.safeParse(value)
  if (!parsed.success) return refuse(file, 'report of Trivy', parsed.error)
  const collected = new Collected(file)
  for (const { Target, Class, Type, Vulnerabilities, Misconfigurations, Secrets } of parsed.data.Results ?? []) {
    const looked = CLASS_KINDS[Class as keyof typeof CLASS_KINDS]
    if (looked !== undefined) collected.kinds.add(looked)
    for (const one of Vulnerabilities ?? []) {
      const purl = one.PkgIdentifier?.PURL ?? purlOf(Type, one.PkgName, one.InstalledVersion)
      collected.add({
        kind: 'package',
        id: one.VulnerabilityID,
        aliases: (one.VendorIDs ?? []).filter((name) => !isBundleName(name)),
        cause: purl === null ? one.PkgName : bare(purl),
        name: one.PkgName,
        version: one.InstalledVersion,
        purl,
        place: one.PkgPath ?? Target,
        summary: cut(one.Title, 1000),
        severity: severityWord(one.Severity),
        ...scored(Object.values(one.CVSS ?? {}).flatMap((by) => [by.V40Vector, by.V3Vector, by.V2Vector])),
        fixed: one.FixedVersion === '' ? [] : one.FixedVersion.split(', '),
      })
    }
    for (const one of Misconfigurations ?? []) {
      if (one.Status !== 'FAIL') {
        collected.leave('passed')
        continue
      }
      const place = `${projectPath(Target)}:${one.CauseMetadata?.StartLine ?? 1}`
      const aliases = one.AVDID === undefined || one.AVDID === one.ID ? [] : [one.AVDID]
      collected.add({
        ...{ kind: 'config', id: one.ID, aliases, cause: place, place, name: projectPath(Target) },
        summary: cut(one.Title, 1000),
        severity: severityWord(one.Severity),
      })
    }
    for (const one of Secrets ?? []) {
      const place = `${projectPath(Target)}:${one.StartLine}`
      collected.add({
        ...{ kind: 'secret', id: one.RuleID, aliases: ['secret'], cause: place, place, name: projectPath(Target) },
        summary: cut(one.Title, 1000),
        severity: severityWord(one.Severity),
      })
    }
  }
  return collected.done('trivy', 'Trivy')
}

const cvss = z.object({ vector: z.string().optional() })
const grype = z.object({
  matches: z.array(
    z.object({
      vulnerability: z.object({
        id: z.string(),
        severity: z.string().default('Unknown'),
        description: z.string().default(''),
        cvss: list(cvss),
        fix: z.object({ versions: list(z.string()) }).optional(),
      }),
      relatedVulnerabilities: list(z.object({ id: z.string(), description: z.string().default(''), cvss: list(cvss) })),
      artifact: z.object({
        name: z.string(),
        version: z.string().default(''),
        purl: z.string().default(''),
        locations: list(z.object({ path: z.string() })),
      }),
    }),
  ),
  ignoredMatches: list(z.unknown()),
})

/** `grype … -o json`. */
export function readGrype(value: unknown, file: string): ReadResults {
  const parsed = grype.safeParse(value)
  if (!parsed.success) return refuse(file, 'report of Grype', parsed.error)
  const collected = new Collected(file)
  collected.kinds.add('package')
  collected.leave('suppressed in the tool', parsed.data.ignoredMatches?.length ?? 0)
  for (const { vulnerability, relatedVulnerabilities, artifact } of parsed.data.matches) {
    const purl = artifact.purl === '' ? null : artifact.purl
    const related = relatedVulnerabilities ?? []
    collected.add({
      kind: 'package',
      id: vulnerability.id,
      // An advisory of one CVE is that CVE; one that mends several is not each of them.
      aliases: related.length === 1 ? [related[0]!.id] : [],
      cause: purl === null ? artifact.name : bare(purl),
      name: artifact.name,
      version: artifact.version,
      purl,
      place: artifact.locations?.[0]?.path ?? '',
      summary: cut(vulnerability.description === '' ? (related[0]?.description ?? '') : vulnerability.description, 1000),
      severity: severityWord(vulnerability.severity),
      ...scored([...(vulnerability.cvss ?? []), ...related.flatMap((one) => one.cvss ?? [])].map(({ vector }) => vector)),
      fixed: vulnerability.fix?.versions ?? [],
    })
  }
  return collected.done('grype', 'Grype')
}

const snykProject = z.object({
  packageManager: z.string().optional(),
  displayTargetFile: z.string().optional(),
  targetFile: z.string().optional(),
  vulnerabilities: list(
    z.object({
      id: z.string(),
      title: z.string().default(''),
      severity: z.string().optional(),
      CVSSv3: z.string().nullish(),
      cvssScore: z.number().nullish(),
      identifiers: z.object({ CVE: list(z.string()), GHSA: list(z.string()) }).optional(),
      packageName: z.string().optional(),
      moduleName: z.string().optional(),
      name: z.string().optional(),
      version: z.string().default(''),
      packageManager: z.string().optional(),
      fixedIn: list(z.string()),
    }),
  ),
  infrastructureAsCodeIssues: list(
    z.object({ id: z.string(), title: z.string().default(''), severity: z.string().optional(), lineNumber: z.int().optional() }),
  ),
})

/** `snyk test --json`, `snyk iac test --json`; `snyk code` writes SARIF. */
export function readSnyk(value: unknown, file: string): ReadResults {
  const parsed = z.union([snykProject, z.array(snykProject)]).safeParse(value)
  if (!parsed.success) return refuse(file, 'report of Snyk', parsed.error)
  const collected = new Collected(file)
  for (const project of Array.isArray(parsed.data) ? parsed.data : [parsed.data]) {
    const target = projectPath(project.displayTargetFile ?? project.targetFile ?? '')
    if (project.vulnerabilities != null) collected.kinds.add('package')
    for (const one of project.vulnerabilities ?? []) {
      const name = one.packageName ?? one.moduleName ?? one.name ?? ''
      const purl = purlOf(one.packageManager ?? project.packageManager ?? '', name, one.version)
      const names = [...(one.identifiers?.CVE ?? []), ...(one.identifiers?.GHSA ?? [])]
      const read = scored([one.CVSSv3])
      collected.add({
        kind: 'package',
        id: names.length === 0 ? one.id : names[0]!,
        aliases: [one.id, ...names].slice(0, 50),
        cause: purl === null ? name : bare(purl),
        ...{ name, version: one.version, purl, place: target, summary: cut(one.title, 1000) },
        severity: severityWord(one.severity),
        score: read.score ?? one.cvssScore ?? null,
        vector: read.vector,
        fixed: one.fixedIn ?? [],
      })
    }
    if (project.infrastructureAsCodeIssues != null) collected.kinds.add('config')
    for (const one of project.infrastructureAsCodeIssues ?? []) {
      const place = `${target}:${one.lineNumber ?? 1}`
      const what = { kind: 'config', id: one.id, cause: place, place, name: target } as const
      collected.add({ ...what, summary: cut(one.title, 1000), severity: severityWord(one.severity) })
    }
  }
  return collected.done('snyk', 'Snyk')
}

const via = z.object({
  source: z.union([z.number(), z.string()]),
  name: z.string(),
  title: z.string().default(''),
  url: z.string().default(''),
  severity: z.string().optional(),
  cvss: z.object({ vectorString: z.string().nullish(), score: z.number().nullish() }).nullish(),
  range: z.string().default(''),
})
const audit2 = z.object({
  auditReportVersion: z.literal(2),
  vulnerabilities: z.record(
    z.string(),
    z.object({
      name: z.string(),
      via: z.array(z.union([z.string(), via])),
      nodes: list(z.string()),
      fixAvailable: z.union([z.boolean(), z.object({ name: z.string(), version: z.string() })]).default(false),
    }),
  ),
})
const audit1 = z.object({
  advisories: z.record(
    z.string(),
    z.object({
      module_name: z.string(),
      title: z.string().default(''),
      severity: z.string().optional(),
      cves: list(z.string()),
      github_advisory_id: z.string().nullish(),
      patched_versions: z.string().default(''),
      cvss: z.object({ vectorString: z.string().nullish() }).nullish(),
      findings: list(z.object({ version: z.string().default('') })),
    }),
  ),
})

/** `npm audit --json`, of npm 6 and of 7 and later; pnpm writes the first. */
export function readNpmAudit(value: unknown, file: string): ReadResults {
  const collected = new Collected(file)
  collected.kinds.add('package')
  const second = audit2.safeParse(value)
  if (second.success) {
    for (const { name, via: causes, nodes } of Object.values(second.data.vulnerabilities))
      for (const one of causes) {
        // A word is a package that is told of by itself.
        if (typeof one === 'string') continue
        const purl = npmPurl(one.name)
        const read = scored([one.cvss?.vectorString])
        collected.add({
          kind: 'package',
          id: /GHSA(?:-[0-9a-z]{4}){3}/i.exec(one.url)?.[0] ?? `npm-${one.source}`,
          ...{ cause: purl, name: one.name, purl, place: nodes?.[0] ?? name, summary: cut(one.title, 1000) },
          severity: severityWord(one.severity),
          ...read,
          fixed: fixedBelow(one.range),
        })
      }
    return collected.done('npm-audit', 'npm audit')
  }
  const first = audit1.safeParse(value)
  if (!first.success) return refuse(file, 'report of npm audit', second.error)
  for (const [number, one] of Object.entries(first.data.advisories)) {
    const names = [...(one.cves ?? []), ...(one.github_advisory_id == null ? [] : [one.github_advisory_id])]
    const version = one.findings?.[0]?.version ?? null
    collected.add({
      kind: 'package',
      id: names[0] ?? `npm-${number}`,
      aliases: names,
      cause: npmPurl(one.module_name),
      name: one.module_name,
      version,
      purl: `${npmPurl(one.module_name)}${version === null ? '' : `@${version}`}`,
      summary: cut(one.title, 1000),
      severity: severityWord(one.severity),
      ...scored([one.cvss?.vectorString]),
      fixed: one.patched_versions === '' || one.patched_versions === '<0.0.0' ? [] : [one.patched_versions],
    })
  }
  return collected.done('npm-audit', 'npm audit')
}

/** A range ends before the version that mends it, where it ends with `<`. */
function fixedBelow(range: string): readonly string[] {
  return range.split('||').flatMap((part) => /<\s*(\d[^\s|]*)\s*$/.exec(part.trim())?.[1] ?? [])
}

function npmPurl(name: string): string {
  return `pkg:npm/${name.replace(/^@/, '%40')}`
}

/** What scanners call an ecosystem → purl's type. */
const TYPES: Readonly<Record<string, string>> = {
  npm: 'npm',
  yarn: 'npm',
  pnpm: 'npm',
  'node-pkg': 'npm',
  pip: 'pypi',
  poetry: 'pypi',
  pipenv: 'pypi',
  uv: 'pypi',
  'python-pkg': 'pypi',
  gomod: 'golang',
  gomodules: 'golang',
  golangdep: 'golang',
  gobinary: 'golang',
  cargo: 'cargo',
  rubygems: 'gem',
  bundler: 'gem',
  composer: 'composer',
  nuget: 'nuget',
}

function purlOf(type: string, name: string, version: string): string | null {
  const at = version === '' ? '' : `@${version}`
  if (['maven', 'gradle', 'pom', 'jar', 'sbt'].includes(type) && name.includes(':'))
    return `pkg:maven/${name.replace(':', '/')}${at}`
  const known = TYPES[type]
  if (known === undefined || name === '') return null
  if (known === 'npm') return `${npmPurl(name)}${at}`
  return `pkg:${known}/${known === 'pypi' ? name.toLowerCase().replaceAll('_', '-') : name}${at}`
}

function refuse(file: string, what: string, error: z.ZodError): never {
  return refuseResults(file, what, `${error.issues[0]?.path.map(String).join('.')}: ${error.issues[0]?.message}`)
}
