import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { load } from 'js-yaml'
import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../kernel/json.ts'
import { sharedData } from '../kernel/testing/shared-data.ts'
import { kubernetesAuditDocuments } from './engines/falco/testing/audit-documents.ts'
import { loadRuleFiles } from './engines/sigma/load/read-files.ts'
import { FalcoProgram, type FalcoRules, falcoRules } from './falco-program.ts'

const root = sharedData('falco')

interface Case {
  readonly detect: boolean
  readonly detect_level?: string
  readonly rules_file: readonly string[]
  readonly detect_counts?: readonly Readonly<Record<string, number>>[]
  readonly addl_cmdline_opts: string
}

const LEVEL: Readonly<Record<string, string>> = { WARNING: 'medium', NOTICE: 'low', INFO: 'informational' }

function fileOf(folder: string, written: string): string {
  if (written.endsWith('/falco_rules.yaml')) return join(folder, 'rules/falco_rules.yaml')
  if (written.endsWith('k8saudit-rules/k8s_audit_rules.yaml')) return join(folder, 'k8s-audit/k8s_audit_rules_0.4.0.yaml')
  return join(folder, 'k8s-audit', written)
}

describe.skipIf(root === undefined)("the Falco project's own cases for Kubernetes audit", () => {
  const folder = root ?? ''
  const cases =
    root === undefined
      ? []
      : Object.entries(
          (load(readFileSync(join(folder, 'k8s-audit/cases.yaml'), 'utf8')) as { trace_files: Record<string, Case> }).trace_files,
        )
  const loaded = new Map<string, FalcoRules>()
  const rulesOf = (files: readonly string[]): FalcoRules => {
    const key = files.join('\n')
    let rules = loaded.get(key)
    if (rules === undefined) {
      rules = falcoRules(loadRuleFiles(files.map((file) => fileOf(folder, file))).lists)
      loaded.set(key, rules)
    }
    return rules
  }

  it('are 40, and 28 of them state counts', () => {
    expect(cases).toHaveLength(40)
    expect(cases.filter(([, one]) => one.detect_counts !== undefined)).toHaveLength(28)
  })

  for (const [name, one] of cases) {
    it(name, () => {
      const rules = rulesOf(one.rules_file)
      expect(rules.refused).toEqual([])
      const program = new FalcoProgram(rules)
      const trace = /trace_files\/k8s_audit\/\S+\.json/.exec(one.addl_cmdline_opts)![0]
      const records = readFileSync(join(folder, 'k8s-audit', trace), 'utf8')
        .split('\n')
        .filter((line) => line.trim() !== '')
        .map((line) => JSON.parse(line) as JsonObject)
      for (const docs of [records, kubernetesAuditDocuments(records)]) {
        const matches = docs.flatMap((doc) => program.match(doc))
        expect(matches.length > 0).toBe(one.detect)
        if (one.detect && one.detect_level !== undefined)
          expect(matches.map(({ info }) => info.level)).toContain(LEVEL[one.detect_level])
        for (const counts of one.detect_counts ?? [])
          for (const [title, count] of Object.entries(counts))
            expect(matches.filter(({ info }) => info.title === title)).toHaveLength(count)
        for (const match of matches) {
          expect(match.output).not.toContain('%')
          expect(match.conditions.length).toBeGreaterThan(0)
        }
      }
    })
  }
})

describe.skipIf(root === undefined)("Falco's published rules", () => {
  it('load whole, and those that cannot run here name the fields that are missing', () => {
    const { rules, plans, refused } = falcoRules(loadRuleFiles([join(root ?? '', 'rules'), join(root ?? '', 'plugins')]).lists)
    expect(refused).toEqual([])
    expect(rules).toHaveLength(238)
    const named = plans.notRunnable.map(({ rule, fields }) => `${rule.info.title}: ${fields.join(' ')}`)
    expect(named.length).toBeGreaterThan(0)
    expect(named.filter((line) => /: $/.test(line))).toEqual([])
    expect(rules.filter(({ info }) => info.missing !== undefined)).toHaveLength(named.length)
  })
})
