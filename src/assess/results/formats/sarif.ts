import { z } from 'zod'
import { severityOf } from '../../cvss/score.ts'
import type { FindingKind } from '../../prioritise/policy.ts'
import { bare, Collected, cut, cweOf, projectPath, type ReadResults, refuseResults, severityWord } from '../result.ts'

const text = z.object({ text: z.string().optional(), markdown: z.string().optional() })
const bag = z.record(z.string(), z.unknown()).default({})
const rule = z.object({
  id: z.string(),
  name: z.string().optional(),
  shortDescription: text.optional(),
  fullDescription: text.optional(),
  defaultConfiguration: z.object({ level: z.string().optional() }).optional(),
  properties: bag,
  relationships: z.array(z.object({ target: z.object({ id: z.string().optional() }) })).default([]),
})
type Rule = z.infer<typeof rule>
const driver = z.object({ name: z.string(), rules: z.array(rule).default([]) })
const result = z.object({
  ruleId: z.string().optional(),
  ruleIndex: z.int().optional(),
  rule: z
    .object({
      id: z.string().optional(),
      index: z.int().optional(),
      toolComponent: z.object({ index: z.int().optional() }).optional(),
    })
    .optional(),
  kind: z.string().default('fail'),
  level: z.string().optional(),
  message: text,
  locations: z
    .array(
      z.object({
        physicalLocation: z
          .object({
            artifactLocation: z.object({ uri: z.string().optional(), index: z.int().optional() }).optional(),
            region: z.object({ startLine: z.int().optional() }).optional(),
          })
          .optional(),
        logicalLocations: z
          .array(z.object({ fullyQualifiedName: z.string().optional(), name: z.string().optional() }))
          .optional(),
      }),
    )
    .default([]),
  baselineState: z.string().optional(),
  suppressions: z.array(z.object({ status: z.string().optional() })).optional(),
  taxa: z.array(z.object({ id: z.string().optional() })).default([]),
  properties: bag,
})
const log = z.object({
  version: z.literal('2.1.0'),
  runs: z.array(
    z.object({
      tool: z.object({ driver, extensions: z.array(driver.partial({ name: true })).default([]) }),
      artifacts: z.array(z.object({ location: z.object({ uri: z.string().optional() }).optional() })).default([]),
      results: z.array(result).nullable().optional(),
    }),
  ),
})

/** Static analysers, secret and configuration scanners that write SARIF 2.1.0 (OASIS). @throws KanpekiError `results_invalid`. */
export function readSarif(value: unknown, file: string): ReadResults {
  const parsed = log.safeParse(value)
  if (!parsed.success)
    return refuseResults(
      file,
      'SARIF 2.1.0',
      `${parsed.error.issues[0]?.path.map(String).join('.')}: ${parsed.error.issues[0]?.message}`,
    )
  const collected = new Collected(file)
  for (const { tool, artifacts, results } of parsed.data.runs) {
    // Null: the run failed and says nothing; absent: it says nothing either.
    if (results == null) {
      collected.leave('run without results')
      continue
    }
    const byId = new Map([tool.driver, ...tool.extensions].flatMap(({ rules }) => rules ?? []).map((one) => [one.id, one]))
    const base = kindOfTool(tool.driver.name)
    collected.kinds.add(base)
    for (const one of results) {
      if (one.kind !== 'fail' && one.kind !== 'open' && one.kind !== 'review') {
        collected.leave(one.kind)
        continue
      }
      if (one.baselineState === 'absent') {
        collected.leave('gone by its own baseline')
        continue
      }
      if (one.suppressions?.some(({ status }) => status === undefined || status === 'accepted')) {
        collected.leave('suppressed in the tool')
        continue
      }
      const component = one.rule?.toolComponent?.index
      const rules = (component === undefined ? tool.driver : tool.extensions[component])?.rules ?? []
      const id = one.ruleId ?? one.rule?.id ?? rules[one.ruleIndex ?? one.rule?.index ?? -1]?.id ?? 'unnamed'
      // `RULE/part` is a finer name of RULE.
      const known = rules[one.ruleIndex ?? one.rule?.index ?? -1] ?? byId.get(id) ?? byId.get(id.replace(/\/[^/]*$/, ''))
      const location = one.locations[0]?.physicalLocation
      const uri = location?.artifactLocation?.uri ?? artifacts[location?.artifactLocation?.index ?? -1]?.location?.uri
      const logical = one.locations[0]?.logicalLocations?.[0]
      const path = uri === undefined ? (logical?.fullyQualifiedName ?? logical?.name ?? '') : projectPath(uri)
      const line = location?.region?.startLine ?? 1
      const purl = typeof one.properties['purl'] === 'string' ? one.properties['purl'] : null
      const kind = purl !== null || NAMED.test(id) ? 'package' : kindOf(base, known)
      const score = scoreOf(known, one.properties)
      const level = one.level ?? known?.defaultConfiguration?.level ?? 'warning'
      const cwes = [
        ...tagsOf(known),
        ...(known?.relationships ?? []).map(({ target }) => target.id ?? ''),
        ...one.taxa.map((taxon) => taxon.id ?? ''),
        ...tagsIn(one.properties),
      ].flatMap((tag) => (/cwe/i.test(tag) ? (cweOf(tag) ?? []) : []))
      collected.add({
        kind,
        id,
        aliases: [...new Set(kind === 'secret' ? ['secret'] : kind === 'config' ? [] : cwes)],
        cause: purl === null ? (path === '' ? id : `${path}:${line}`) : bare(purl),
        name: purl === null ? (path === '' ? id : path) : bare(purl),
        purl,
        version: purl === null ? null : (/@([^@/?#]+)/.exec(purl)?.[1] ?? null),
        place: path === '' ? '' : `${path}:${line}`,
        // What a secret scanner quotes may be the secret.
        summary: cut((kind === 'secret' ? undefined : one.message.text) ?? known?.shortDescription?.text ?? id, 1000),
        // Whatever level a tool gives all of its rules: a secret in code is grave.
        severity: score !== null ? severityOf(score) : kind === 'secret' ? 'high' : severityWord(level),
        score,
      })
    }
  }
  return collected.done('sarif', cut(parsed.data.runs.map(({ tool }) => tool.driver.name).join(', ') || 'SARIF', 100))
}

const NAMED = /^(CVE-\d{4}-\d{4,}|GHSA(-[0-9a-z]{4}){3})$/i

function kindOfTool(name: string): FindingKind {
  if (/gitleaks|trufflehog|detect-secrets|ggshield|gitguardian|secret/i.test(name)) return 'secret'
  if (/checkov|tfsec|kics|terrascan|hadolint|kubelint|kube-|conftest|polaris|cfn|prowler|bicep/i.test(name)) return 'config'
  if (/\bzap\b|nuclei|burp|nikto|wapiti|dastardly/i.test(name)) return 'web'
  return 'code'
}

function kindOf(base: FindingKind, known: Rule | undefined): FindingKind {
  if (base !== 'code') return base
  const tags = tagsOf(known).join(' ')
  if (/\bsecrets?\b/i.test(tags) && !/cwe/i.test(tags)) return 'secret'
  return /misconfiguration|\biac\b/i.test(tags) ? 'config' : base
}

function tagsIn(properties: Readonly<Record<string, unknown>>): readonly string[] {
  const tags = properties['tags']
  return Array.isArray(tags) ? tags.filter((tag) => typeof tag === 'string') : []
}

function tagsOf(known: Rule | undefined): readonly string[] {
  const cwe = known?.properties['cwe']
  const more = typeof cwe === 'string' ? [cwe] : Array.isArray(cwe) ? cwe.filter((one) => typeof one === 'string') : []
  return [...tagsIn(known?.properties ?? {}), ...more]
}

/** What GitHub sorts by. */
function scoreOf(known: Rule | undefined, properties: Readonly<Record<string, unknown>>): number | null {
  const stated = properties['security-severity'] ?? known?.properties['security-severity']
  const score = stated === undefined ? Number.NaN : Number(stated)
  return score >= 0 && score <= 10 ? score : null
}
