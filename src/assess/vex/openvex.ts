import { createHash } from 'node:crypto'
import { z } from 'zod'
import { KanpekiError } from '../../kernel/error.ts'
import type { JsonObject } from '../../kernel/json.ts'
import type { Finding } from '../scan/findings.ts'

export const VEX_STATUSES = ['not_affected', 'affected', 'fixed', 'under_investigation'] as const
export type VexStatus = (typeof VEX_STATUSES)[number]

const JUSTIFICATIONS = [
  'component_not_present',
  'vulnerable_code_not_present',
  'vulnerable_code_not_in_execute_path',
  'vulnerable_code_cannot_be_controlled_by_adversary',
  'inline_mitigations_already_exist',
] as const

const component = z.object({ '@id': z.string().optional(), identifiers: z.object({ purl: z.string().optional() }).optional() })
const statement = z.object({
  vulnerability: z.object({ name: z.string().min(1), aliases: z.array(z.string()).default([]) }),
  products: z.array(component.extend({ subcomponents: z.array(component).default([]) })).default([]),
  status: z.enum(VEX_STATUSES),
  justification: z.enum(JUSTIFICATIONS).optional(),
  impact_statement: z.string().optional(),
  timestamp: z.iso.datetime({ offset: true }).optional(),
})
const document = z.object({
  '@context': z.string().startsWith('https://openvex.dev/ns/v0.2'),
  author: z.string().min(1),
  timestamp: z.iso.datetime({ offset: true }),
  statements: z.array(statement).min(1),
})

/** Somebody's word on whether a vulnerability concerns a product. */
export interface VexStatement {
  readonly names: readonly string[]
  /** Package URLs of products and their parts; without a version every one is meant. */
  readonly purls: readonly string[]
  readonly status: VexStatus
  readonly why: string
  readonly by: string
  /** Milliseconds UTC. */
  readonly at: number
}

/**
 * Reads OpenVEX 0.2. A vulnerability that does not concern a product needs a reason.
 * @throws KanpekiError `vex_invalid` with the first fault and its place.
 */
export function readOpenVex(value: unknown, file: string): readonly VexStatement[] {
  const fail = (reason: string): never => {
    throw new KanpekiError('vex_invalid', `${file} is no valid OpenVEX: ${reason}.`, {
      place: { file },
      remedy: 'Correct it; none of its statements was taken.',
    })
  }
  const parsed = document.safeParse(value)
  if (!parsed.success) return fail(`${parsed.error.issues[0]?.path.map(String).join('.')}: ${parsed.error.issues[0]?.message}`)
  return parsed.data.statements.map(
    ({ vulnerability, products, status, justification, impact_statement: impact, timestamp }, number) => {
      if (status === 'not_affected' && justification === undefined && impact === undefined)
        fail(`statement ${number + 1} says not_affected without justification or impact_statement`)
      if (products.length === 0) fail(`statement ${number + 1} names no product`)
      const parts = products.flatMap((product) => [product, ...product.subcomponents])
      return {
        names: [vulnerability.name, ...vulnerability.aliases],
        purls: parts
          .flatMap((part) => [part['@id'], part.identifiers?.purl])
          .filter((one) => one?.startsWith('pkg:') === true) as string[],
        status,
        why: justification ?? impact ?? '',
        by: parsed.data.author,
        at: Date.parse(timestamp ?? parsed.data.timestamp),
      }
    },
  )
}

/** The latest statement that speaks of a finding; undefined where none does. */
export function statementOn(
  { id, ids, aliases, installed }: Finding,
  statements: readonly VexStatement[],
): VexStatement | undefined {
  const { purl } = installed
  if (purl === null) return undefined
  const names = new Set([id, ...ids, ...aliases])
  return statements
    .filter((one) => one.names.some((name) => names.has(name)) && one.purls.some((stated) => covers(stated, purl)))
    .toSorted((a, b) => b.at - a.at)[0]
}

/** `pkg:npm/a` is about every version, `pkg:npm/a@1` about that one; qualifiers that are not stated do not matter. */
function covers(stated: string, purl: string): boolean {
  const [path, qualifiers = ''] = purl.split('#')[0]!.split('?')
  const [wanted, wantedQualifiers = ''] = stated.split('#')[0]!.split('?')
  const same = path === wanted || path!.replace(/@[^@/]*$/, '') === wanted
  const own = new Set(qualifiers.split('&'))
  return same && wantedQualifiers.split('&').every((one) => one === '' || own.has(one))
}

/** Whether a statement takes a finding off the list: it is counted still. */
export function silences({ status }: VexStatement): boolean {
  return status === 'not_affected' || status === 'fixed'
}

/** Findings as an OpenVEX document: what is not decided yet is under investigation. */
export function openVex(findings: readonly Finding[], author: string, now: number): JsonObject {
  const timestamp = new Date(now).toISOString()
  const statements = findings.flatMap(({ id, ids, aliases, installed: { purl } }) => {
    const others = [...new Set([...ids, ...aliases])].filter((name) => name !== id)
    if (purl === null) return []
    return [
      {
        vulnerability: { name: id, ...(others.length === 0 ? {} : { aliases: others }) },
        products: [{ '@id': purl, identifiers: { purl } }],
        status: 'under_investigation',
      },
    ]
  })
  const digest = createHash('sha256').update(JSON.stringify(statements)).digest('hex')
  return {
    '@context': 'https://openvex.dev/ns/v0.2.0',
    '@id': `https://openvex.dev/docs/kanpeki-${digest.slice(0, 32)}`,
    author,
    timestamp,
    version: 1,
    statements,
  }
}
