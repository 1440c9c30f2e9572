import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { JsonObject } from '../../kernel/json.ts'
import type { Justification } from '../work/schema.ts'
import { type OwnStatement, refuseVex, type VexStatement, type VexStatus } from './statement.ts'

const component = z.object({ 'bom-ref': z.string().optional(), purl: z.string().optional() })
const document = z.object({
  bomFormat: z.literal('CycloneDX'),
  specVersion: z.string(),
  metadata: z
    .object({
      timestamp: z.iso.datetime({ offset: true }).optional(),
      supplier: z.object({ name: z.string().optional() }).optional(),
      component: component.optional(),
    })
    .optional(),
  components: z.array(component).default([]),
  vulnerabilities: z
    .array(
      z.object({
        id: z.string().min(1),
        references: z.array(z.object({ id: z.string() })).default([]),
        analysis: z
          .object({
            state: z
              .enum(['resolved', 'resolved_with_pedigree', 'exploitable', 'in_triage', 'false_positive', 'not_affected'])
              .optional(),
            justification: z.string().optional(),
            detail: z.string().optional(),
          })
          .optional(),
        affects: z.array(z.object({ ref: z.string().min(1) })).default([]),
        updated: z.iso.datetime({ offset: true }).optional(),
      }),
    )
    .min(1),
})

const STATUS: Readonly<Record<string, VexStatus>> = {
  resolved: 'fixed',
  resolved_with_pedigree: 'fixed',
  exploitable: 'affected',
  in_triage: 'under_investigation',
  false_positive: 'not_affected',
  not_affected: 'not_affected',
}

/** Reads the analyses of a CycloneDX document (1.4 and later, JSON). @throws KanpekiError `vex_invalid`. */
export function readCycloneDxVex(value: unknown, file: string): readonly VexStatement[] {
  const parsed = document.safeParse(value)
  if (!parsed.success)
    return refuseVex(
      file,
      'CycloneDX VEX',
      `${parsed.error.issues[0]?.path.map(String).join('.')}: ${parsed.error.issues[0]?.message}`,
    )
  const { metadata, components, vulnerabilities } = parsed.data
  const purls = new Map(
    [...components, ...(metadata?.component === undefined ? [] : [metadata.component])].flatMap(({ 'bom-ref': ref, purl }) =>
      ref === undefined || purl === undefined ? [] : [[ref, purl] as const],
    ),
  )
  return vulnerabilities.map(({ id, references, analysis, affects, updated }) => {
    const status = STATUS[analysis?.state ?? 'in_triage']!
    const why = [analysis?.justification, analysis?.detail].filter((one) => one !== undefined && one !== '').join(': ')
    const statement = {
      names: [id, ...references.map((one) => one.id)],
      // A link to another bill (urn:cdx:…#REF) ends in the reference, which is often the package URL itself.
      purls: affects
        .map(({ ref }) => (ref.startsWith('urn:cdx:') ? decodeURIComponent(ref.slice(ref.indexOf('#') + 1)) : ref))
        .map((ref) => purls.get(ref) ?? ref)
        .filter((ref) => ref.startsWith('pkg:')),
      status,
      why,
      by: metadata?.supplier?.name ?? 'CycloneDX',
      at: Date.parse(updated ?? metadata?.timestamp ?? '1970-01-01T00:00:00Z'),
    }
    if (status === 'not_affected' && why === '') refuseVex(file, 'CycloneDX VEX', `${id} is not affected without a reason`)
    return statement
  })
}

const STATE: Readonly<Record<VexStatus, string>> = {
  not_affected: 'not_affected',
  affected: 'exploitable',
  fixed: 'resolved',
  under_investigation: 'in_triage',
}
const JUSTIFICATION: Readonly<Record<Justification, string>> = {
  component_not_present: 'code_not_present',
  vulnerable_code_not_present: 'code_not_present',
  vulnerable_code_not_in_execute_path: 'code_not_reachable',
  vulnerable_code_cannot_be_controlled_by_adversary: 'code_not_reachable',
  inline_mitigations_already_exist: 'protected_by_mitigating_control',
}

/** Own statements as CycloneDX 1.6. */
export function cycloneDxVex(statements: readonly OwnStatement[], version: string, now: number): JsonObject {
  const purls = [...new Set(statements.map(({ purl }) => purl))]
  const digest = createHash('sha256').update(JSON.stringify(statements)).digest('hex')
  const serial = `${digest.slice(0, 8)}-${digest.slice(8, 12)}-5${digest.slice(13, 16)}-8${digest.slice(17, 20)}-${digest.slice(20, 32)}`
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: `urn:uuid:${serial}`,
    version: 1,
    metadata: {
      timestamp: new Date(now).toISOString(),
      tools: { components: [{ type: 'application', name: 'Kanpeki', version }] },
    },
    components: purls.map((purl) => ({
      type: 'library',
      name: nameOf(purl),
      'bom-ref': purl,
      ...(purl.startsWith('pkg:') ? { purl } : {}),
    })),
    vulnerabilities: statements.map(({ id, aliases, purl, status, justification, text }) => ({
      id,
      ...(aliases.length === 0
        ? {}
        : { references: aliases.map((name) => ({ id: name, source: { name: name.split('-')[0]! } })) }),
      analysis: {
        state: STATE[status],
        ...(status === 'not_affected' && justification !== null ? { justification: JUSTIFICATION[justification] } : {}),
        ...(text === '' ? {} : { detail: text }),
      },
      affects: [{ ref: purl }],
    })),
  }
}

function nameOf(purl: string): string {
  return purl.startsWith('pkg:')
    ? decodeURIComponent(
        purl
          .replace(/[?#].*$/, '')
          .replace(/@[^@/]*$/, '')
          .split('/')
          .pop()!,
      )
    : purl
}
