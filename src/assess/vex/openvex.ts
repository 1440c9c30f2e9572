import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { JsonObject } from '../../kernel/json.ts'
import type { Finding } from '../scan/findings.ts'
import { JUSTIFICATIONS } from '../work/schema.ts'
import { latestOn, type OwnStatement, refuseVex, VEX_STATUSES, type VexStatement } from './statement.ts'

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

/**
 * Reads OpenVEX 0.2. A vulnerability that does not concern a product needs a reason.
 * @throws KanpekiError `vex_invalid` with the first fault and its place.
 */
export function readOpenVex(value: unknown, file: string): readonly VexStatement[] {
  const fail = (reason: string): never => refuseVex(file, 'OpenVEX', reason)
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
        purls: [
          ...new Set(
            parts.flatMap((part) => [part['@id'], part.identifiers?.purl]).filter((one) => one?.startsWith('pkg:') === true),
          ),
        ] as string[],
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
  return purl === null ? undefined : latestOn({ names: new Set([id, ...ids, ...aliases]), purl }, statements)
}

/** What was found, as statements: what is not decided yet is under investigation. */
export function undecided(findings: readonly Finding[]): readonly OwnStatement[] {
  return findings.flatMap(({ id, ids, aliases, installed: { purl } }) => {
    const others = [...new Set([...ids, ...aliases])].filter((name) => name !== id)
    if (purl === null) return []
    return [{ id, aliases: others, purl, status: 'under_investigation' as const, justification: null, text: '' }]
  })
}

/** Own statements as an OpenVEX document. */
export function openVex(own: readonly OwnStatement[], author: string, now: number): JsonObject {
  const statements = own.map(({ id, aliases, purl, status, justification, text }) => ({
    vulnerability: { name: id, ...(aliases.length === 0 ? {} : { aliases }) },
    products: [{ '@id': purl, ...(purl.startsWith('pkg:') ? { identifiers: { purl } } : {}) }],
    status,
    ...(status === 'not_affected' && justification !== null ? { justification } : {}),
    ...(status === 'not_affected' && text !== '' ? { impact_statement: text } : {}),
    ...(status === 'affected' ? { action_statement: text === '' ? 'Nothing is decided yet.' : text } : {}),
  }))
  const digest = createHash('sha256').update(JSON.stringify(statements)).digest('hex')
  return {
    '@context': 'https://openvex.dev/ns/v0.2.0',
    '@id': `https://openvex.dev/docs/kanpeki-${digest.slice(0, 32)}`,
    author,
    timestamp: new Date(now).toISOString(),
    version: 1,
    statements,
  }
}
