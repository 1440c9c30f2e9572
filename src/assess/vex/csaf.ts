import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { JsonObject } from '../../kernel/json.ts'
import { JUSTIFICATIONS } from '../work/schema.ts'
import { type OwnStatement, refuseVex, type VexStatement, type VexStatus } from './statement.ts'

const product = z.object({
  product_id: z.string().min(1),
  product_identification_helper: z.object({ purl: z.string().optional(), purls: z.array(z.string()).optional() }).optional(),
})
interface Branch {
  readonly product?: z.infer<typeof product> | undefined
  readonly branches?: readonly unknown[] | undefined
}
const branch: z.ZodType<Branch> = z.object({ product: product.optional(), branches: z.array(z.unknown()).optional() })
const ids = z.array(z.string())
const vulnerability = z.object({
  cve: z.string().optional(),
  ids: z.array(z.object({ text: z.string() })).default([]),
  product_status: z
    .object({
      known_not_affected: ids.default([]),
      fixed: ids.default([]),
      first_fixed: ids.default([]),
      known_affected: ids.default([]),
      first_affected: ids.default([]),
      last_affected: ids.default([]),
      under_investigation: ids.default([]),
    })
    .optional(),
  flags: z.array(z.object({ label: z.string(), product_ids: ids.optional() })).default([]),
  threats: z.array(z.object({ category: z.string(), details: z.string(), product_ids: ids.optional() })).default([]),
})
const document = z.object({
  document: z.object({
    category: z.string(),
    csaf_version: z.enum(['2.0', '2.1']),
    publisher: z.object({ name: z.string() }),
    tracking: z.object({ id: z.string(), current_release_date: z.iso.datetime({ offset: true }) }),
  }),
  product_tree: z
    .object({
      branches: z.array(z.unknown()).default([]),
      full_product_names: z.array(product).default([]),
      relationships: z
        .array(z.object({ product_reference: z.string(), relates_to_product_reference: z.string(), full_product_name: product }))
        .default([]),
    })
    .optional(),
  vulnerabilities: z.array(vulnerability).default([]),
})

/** Branches of vendors go some ten deep; what is deeper is made to exhaust a reader. */
const DEEPEST = 50

/** Reads CSAF 2.0 and 2.1 (VEX, and advisories that say what is affected). @throws KanpekiError `vex_invalid`. */
export function readCsaf(value: unknown, file: string): readonly VexStatement[] {
  const fail = (reason: string): never => refuseVex(file, 'CSAF', reason)
  const parsed = document.safeParse(value)
  if (!parsed.success) return fail(`${parsed.error.issues[0]?.path.map(String).join('.')}: ${parsed.error.issues[0]?.message}`)
  const { document: head, product_tree: tree, vulnerabilities } = parsed.data
  const purls = new Map<string, readonly string[]>()
  const learn = ({ product_id: id, product_identification_helper: helper }: z.infer<typeof product>): void => {
    const named = [helper?.purl, ...(helper?.purls ?? [])].filter((one) => one?.startsWith('pkg:') === true) as string[]
    purls.set(id, [...(purls.get(id) ?? []), ...named])
  }
  const walk = (branches: readonly unknown[], depth: number): void => {
    if (depth > DEEPEST) fail(`its branches go deeper than ${DEEPEST}`)
    for (const raw of branches) {
      const read = branch.safeParse(raw)
      if (!read.success) fail(`a branch: ${read.error?.issues[0]?.path.map(String).join('.')}: ${read.error?.issues[0]?.message}`)
      if (read.data?.product !== undefined) learn(read.data.product)
      walk(read.data?.branches ?? [], depth + 1)
    }
  }
  walk(tree?.branches ?? [], 0)
  for (const one of tree?.full_product_names ?? []) learn(one)
  // A part of a product is called by an id of its own: it is the part that has the package URL.
  for (const { product_reference: part, full_product_name: whole } of tree?.relationships ?? []) {
    learn(whole)
    purls.set(whole.product_id, [...(purls.get(whole.product_id) ?? []), ...(purls.get(part) ?? [])])
  }
  const at = Date.parse(head.tracking.current_release_date)
  return vulnerabilities.flatMap((one, number) => {
    const names = [...(one.cve === undefined ? [] : [one.cve]), ...one.ids.map(({ text }) => text)]
    if (names.length === 0) fail(`vulnerability ${number + 1} has no name`)
    const statuses = one.product_status
    const groups: readonly (readonly [VexStatus, readonly string[]])[] = [
      ['not_affected', statuses?.known_not_affected ?? []],
      ['fixed', [...(statuses?.fixed ?? []), ...(statuses?.first_fixed ?? [])]],
      [
        'affected',
        [...(statuses?.known_affected ?? []), ...(statuses?.first_affected ?? []), ...(statuses?.last_affected ?? [])],
      ],
      ['under_investigation', statuses?.under_investigation ?? []],
    ]
    return groups.flatMap(([status, products]) =>
      [...Map.groupBy(products, (id) => whyOf(one, id))].map(([why, same]) => ({
        names,
        purls: [...new Set(same.flatMap((id) => purls.get(id) ?? []))],
        status,
        why,
        by: head.publisher.name,
        at,
      })),
    )
  })
}

function whyOf({ flags, threats }: z.infer<typeof vulnerability>, id: string): string {
  const about = ({ product_ids: list }: { readonly product_ids?: readonly string[] | undefined }): boolean =>
    list === undefined || list.includes(id)
  return flags.find(about)?.label ?? threats.find((threat) => threat.category === 'impact' && about(threat))?.details ?? ''
}

const STATUS = {
  not_affected: 'known_not_affected',
  fixed: 'fixed',
  affected: 'known_affected',
  under_investigation: 'under_investigation',
} as const

/** Own statements as CSAF 2.0, profile VEX: what does not concern says why, what does says what is done. */
export function csafVex(statements: readonly OwnStatement[], author: string, now: number): JsonObject {
  const time = new Date(now).toISOString()
  const purls = [...new Set(statements.map(({ purl }) => purl))]
  const number = new Map(purls.map((purl, at) => [purl, `KPKG-${at + 1}`]))
  const vulnerabilities = [...Map.groupBy(statements, ({ id }) => id)].map(([id, group]) => {
    const cve = /^CVE-\d{4}-\d{4,}$/.test(id)
    const others = [...new Set(group.flatMap(({ aliases }) => aliases))].filter((name) => name !== id)
    const named = (wanted: OwnStatement['status']): string[] => [
      ...new Set(group.filter(({ status }) => status === wanted).map(({ purl }) => number.get(purl)!)),
    ]
    const flags = JUSTIFICATIONS.flatMap((label) => {
      const list = group.filter(({ status, justification }) => status === 'not_affected' && justification === label)
      return list.length === 0 ? [] : [{ label, product_ids: list.map(({ purl }) => number.get(purl)!) }]
    })
    const threats = group
      .filter(({ status, justification }) => status === 'not_affected' && justification === null)
      .map(({ text, purl }) => ({ category: 'impact', details: text, product_ids: [number.get(purl)!] }))
    const remediations = group
      .filter(({ status }) => status === 'affected')
      .map(({ text, purl }) => ({ category: 'none_available', details: text, product_ids: [number.get(purl)!] }))
    return {
      ...(cve ? { cve: id } : {}),
      ...(others.length === 0 && cve
        ? {}
        : { ids: (cve ? others : [id, ...others]).map((text) => ({ system_name: systemOf(text), text })) }),
      notes: [{ category: 'description', text: id }],
      product_status: Object.fromEntries(
        (Object.keys(STATUS) as (keyof typeof STATUS)[]).flatMap((status) => {
          const list = named(status)
          return list.length === 0 ? [] : [[STATUS[status], list]]
        }),
      ),
      ...(flags.length === 0 ? {} : { flags }),
      ...(threats.length === 0 ? {} : { threats }),
      ...(remediations.length === 0 ? {} : { remediations }),
    }
  })
  const digest = createHash('sha256').update(JSON.stringify(statements)).digest('hex')
  return {
    document: {
      category: 'csaf_vex',
      csaf_version: '2.0',
      title: `VEX of ${author}`,
      publisher: { category: 'user', name: author, namespace: 'https://kanpeki.invalid/' },
      tracking: {
        id: `kanpeki-vex-${digest.slice(0, 16)}`,
        status: 'final',
        version: '1',
        initial_release_date: time,
        current_release_date: time,
        revision_history: [{ number: '1', date: time, summary: 'As of this moment.' }],
      },
    },
    product_tree: {
      full_product_names: purls.map((purl) => ({
        name: purl,
        product_id: number.get(purl)!,
        ...(purl.startsWith('pkg:') ? { product_identification_helper: { purl } } : {}),
      })),
    },
    vulnerabilities,
  } as JsonObject
}

function systemOf(id: string): string {
  return id.startsWith('GHSA-') ? 'GitHub Security Advisories' : id.startsWith('CVE-') ? 'CVE' : 'OSV'
}
